/* SPDX-License-Identifier: MIT
 *
 * robust-udp-client HOST PORT TEXT... -- sends each text as a numbered UDP datagram, all at once, and prints the
 * answers in the order of the questions.
 *
 * Copes: asks again for what was not answered, a limited number of times; tells by the number which question an
 * answer is for, and by the sum whether it is whole; goes on after "connection refused", which is about an earlier
 * datagram.
 */
#include "message.h"

#include <poll.h>

#define TEXTS_MAX 16
#define ROUNDS 6

static char answers[TEXTS_MAX][MESSAGE_MAX];

static bool is_answered(int id)
{
	return answers[id][0] != '\0';
}

/* Takes one answer that is there. */
static void take(int fd, int count)
{
	char data[MESSAGE_MAX];
	int id;
	ssize_t n = recv(fd, data, sizeof(data) - 1, MSG_DONTWAIT);

	if (n < 0) {
		if (errno != ECONNREFUSED && errno != EAGAIN && errno != EINTR && errno != EHOSTUNREACH)
			die("recv");
		return;
	}
	data[n] = '\0';
	const char *text = message_read(data, &id);

	if (text && id >= 0 && id < count)
		snprintf(answers[id], MESSAGE_MAX, "%s", text);
}

/* Sends what has no answer yet, then takes answers until all have come or none came for half a second. True: all have
 * come. */
static bool ask(int fd, char **texts, int count)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char data[MESSAGE_MAX];
	int missing;

	for (int id = 0; id < count; id++)
		if (!is_answered(id))
			(void)send(fd, data, message_write(data, id, texts[id]), 0); /* a lost one is asked for again */
	do {
		int ready = poll(&p, 1, 500);

		if (ready == 0 || (ready < 0 && errno != EINTR))
			return false;
		if (ready > 0)
			take(fd, count);
		missing = 0;
		for (int id = 0; id < count; id++)
			missing += !is_answered(id);
	} while (missing > 0);
	return true;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	int count = argc - 3;

	if (count < 1 || count > TEXTS_MAX) {
		fprintf(stderr, "usage: %s HOST PORT TEXT...\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	int fd = socket(to.ss_family, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	for (int round = 0; !ask(fd, argv + 3, count); round++)
		if (round == ROUNDS) {
			fprintf(stderr, "no answer\n");
			return 1;
		}
	for (int id = 0; id < count; id++)
		puts(answers[id]);
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * udp-client.c -- asks three questions by UDP, one after the other. What gets lost is asked for again, a limited number
 * of times and each time with more patience; what is damaged or cut, or an answer to another question, is left alone.
 *
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include <poll.h>

#include "../message.h"

#define TRIES 6

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One datagram, if it is a whole answer to this question. */
static bool take(int fd, int id, char *answer)
{
	char data[MESSAGE_MAX];
	int of = -1;
	ssize_t n = recv(fd, data, sizeof(data) - 1, MSG_DONTWAIT | MSG_TRUNC); /* the true length, even if it was cut */

	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED && errno != EHOSTUNREACH)
		die("recv");
	if (n < 0 || (size_t)n >= sizeof(data))
		return false;
	data[n] = '\0';
	const char *text = message_read(data, &of);

	if (!text || of != id)
		return false;
	snprintf(answer, MESSAGE_MAX, "%s", text);
	return true;
}

static bool wait_for_answer(int fd, int id, char *answer, long patience_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	long until = now_ms() + patience_ms;

	for (long left = patience_ms; left > 0; left = until - now_ms()) {
		int n = poll(&p, 1, (int)left);

		if (n < 0 && errno != EINTR)
			die("poll");
		if (n > 0 && take(fd, id, answer))
			return true;
	}
	return false;
}

static bool ask(int fd, int id, const char *question, char *answer)
{
	char data[MESSAGE_MAX];
	size_t length = message_write(data, id, question);

	for (int try = 0; try < TRIES; try++) {
		/* Also where this one could not be sent, or an earlier one was refused: it is asked again. */
		if (send(fd, data, length, 0) < 0)
			wait_ms(10);
		if (wait_for_answer(fd, id, answer, 100L << try))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static const char *const questions[] = {"who is there?", "what is new?", "how long will it take?"};
	char answer[MESSAGE_MAX];

	if (argc != 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int id = 0; id < 3; id++) {
		if (!ask(fd, id, questions[id], answer)) {
			fprintf(stderr, "no answer to \"%s\" in %d tries\n", questions[id], TRIES);
			return 1;
		}
		puts(answer);
	}
	close(fd);
	return 0;
}

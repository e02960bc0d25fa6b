/* SPDX-License-Identifier: MIT
 *
 * not-transparent-datagram.c -- asks one question after the other by UDP. Where poll() wakes it for nothing it asks
 * again, though the answer is on its way; the second answer is then taken for that of the next question.
 *
 * finds: not-transparent
 * rule: recv nth=1: fail EAGAIN
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../message.h"

#include <poll.h>

/* The text of the answer that comes, NULL: none in three tries. */
static const char *ask(int fd, const char *question, char *data)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int of;

	for (int try = 0; try < 3; try++) {
		char text[MESSAGE_MAX];

		if (send(fd, text, message_write(text, 0, question), 0) < 0)
			continue;
		if (poll(&p, 1, 2000) < 1)
			continue;
		ssize_t n = recv(fd, data, MESSAGE_MAX - 1, MSG_DONTWAIT); /* here: not-transparent */

		if (n < 0)
			continue; /* nothing came: once more */
		data[n] = '\0';
		return message_read(data, &of);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const questions[] = {"how many?", "how much?"};
	char data[MESSAGE_MAX];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int i = 0; i < 2; i++) {
		const char *answer = ask(fd, questions[i], data);

		if (!answer) {
			fprintf(stderr, "no answer to \"%s\"\n", questions[i]);
			return 1;
		}
		puts(answer);
	}
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * datagram-never-repeated-poll.c -- asks three questions by UDP and polls until all three are answered. That questions
 * and answers get lost it does not expect. (An alarm ends it.)
 *
 * finds: datagram-never-repeated
 * rule: recv type=dgram nth=2: drop
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include <poll.h>

#include "../message.h"

static char answers[3][MESSAGE_MAX];

static void take(int fd)
{
	char data[MESSAGE_MAX];
	int id;
	ssize_t n = recv(fd, data, sizeof(data) - 1, MSG_DONTWAIT); /* here: datagram-never-repeated */

	data[n < 0 ? 0 : n] = '\0';
	const char *text = message_read(data, &id);

	if (text && id >= 0 && id < 3)
		snprintf(answers[id], MESSAGE_MAX, "%s", text);
}

int main(int argc, char **argv)
{
	static const char *const questions[3] = {"where", "when", "why"};
	char data[MESSAGE_MAX];

	if (argc != 2)
		return 2;
	alarm(2);
	struct sockaddr_in to = loopback(argv[1]);
	struct pollfd p = {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};

	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int id = 0; id < 3; id++)
		send(p.fd, data, message_write(data, id, questions[id]), 0); /* here: datagram-never-repeated */
	while (!answers[0][0] || !answers[1][0] || !answers[2][0])
		if (poll(&p, 1, -1) > 0) /* here: datagram-never-repeated */
			take(p.fd);
	for (int id = 0; id < 3; id++)
		puts(answers[id]);
	close(p.fd);
	return 0;
}

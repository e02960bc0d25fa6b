/* SPDX-License-Identifier: MIT
 *
 * udp-refusal-fatal-client.c -- asks three questions, each again if no answer comes in time, but ends when a server
 * that has answered before is away for a moment.
 *
 * finds: udp-refusal-fatal
 * rule: recv type=dgram nth=2: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../message.h"

#include <poll.h>

/* The answer to a question, in data; false if none came in time. */
static bool ask(int fd, int id, char *data)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int got;

	(void)send(fd, data, message_write(data, id, "what time is it?"), 0);
	while (poll(&p, 1, 300) > 0) {
		ssize_t n = recv(fd, data, MESSAGE_MAX - 1, MSG_DONTWAIT); /* here: udp-refusal-fatal */

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			die("recv");
		data[n] = '\0';
		if (message_read(data, &got) && got == id)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	char data[MESSAGE_MAX];
	int answered = 0;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int id = 0; id < 3; id++)
		for (int try = 0; try < 4; try++)
			if (ask(fd, id, data)) {
				answered++;
				break;
			}
	printf("%d answers\n", answered);
	close(fd);
	return answered != 3;
}

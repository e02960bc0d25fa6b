/* SPDX-License-Identifier: MIT
 *
 * ready-taken-for-sure-udp-client.c -- asks up to three times, and reads the answer that poll() told of on a socket
 * that blocks: where that datagram turns out to be damaged, the client waits for ever.
 *
 * finds: ready-taken-for-sure
 * rule: recv type=dgram nth=1: drop
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../message.h"

#include <poll.h>
#include <signal.h>

/* The watchdog. */
static void on_alarm(int signal)
{
	(void)signal;
	_exit(3);
}

int main(int argc, char **argv)
{
	struct pollfd p = {.events = POLLIN};
	char data[MESSAGE_MAX];
	int id;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	signal(SIGALRM, on_alarm);
	alarm(2);
	p.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (p.fd < 0 || connect(p.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int try = 0; try < 3; try++) {
		size_t size = message_write(data, 1, "hello");

		if (send(p.fd, data, size, 0) < 0 || poll(&p, 1, 300) <= 0)
			continue;
		ssize_t n = recv(p.fd, data, sizeof(data) - 1, 0); /* here: ready-taken-for-sure */

		if (n < 0)
			continue;
		data[n] = '\0';
		const char *text = message_read(data, &id);

		if (text) {
			puts(text);
			return 0;
		}
	}
	return 1;
}

/* SPDX-License-Identifier: MIT
 *
 * send.c -- send, in all the cases of sending, with its flags. Async-signal-safe.
 */
#include "snippet.h"

static ssize_t put(int fd, const void *buffer, size_t length)
{
	return send(fd, buffer, length, 0);
}

static ssize_t put_quietly(int fd, const void *buffer, size_t length)
{
	return send(fd, buffer, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void out_of_band(void)
{
	int tcp[3];
	char byte = 0;

	make_tcp(tcp);
	SAY(send(tcp[CLIENT], "abc", 3, MSG_OOB));
	struct pollfd urgent = {.fd = tcp[SERVER], .events = POLLPRI};
	SAY(poll(&urgent, 1, 5000));
	SAY(recv(tcp[SERVER], &byte, 1, MSG_OOB));
	say_bytes("urgent", &byte, 1);
	close_all(tcp, 3);
}

static void more_to_come(void)
{
	int ends[2];
	char buffer[16];

	make_udp(ends);
	SAY(send(ends[0], "one ", 4, MSG_MORE));
	SAY(recv(ends[1], buffer, sizeof(buffer), MSG_DONTWAIT));
	SAY(send(ends[0], "datagram", 8, 0));
	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	close_all(ends, 2);
}

int snippet(void)
{
	int unconnected = socket(AF_INET, SOCK_DGRAM, 0);

	put_cases(put);
	put_cases(put_quietly);
	out_of_band();
	more_to_come();
	SAY(send(unconnected, "x", 1, 0));
	SAY(send(unconnected, NULL, 0, 0));
	close(unconnected);
	return 0;
}

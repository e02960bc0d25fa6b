/* SPDX-License-Identifier: MIT
 *
 * call-unchecked-udp.c -- sends a datagram to a socket of its own, and waits for it there although bind had failed.
 *
 * finds: call-unchecked
 * rule: bind nth=1: fail EADDRINUSE
 * role: client
 */
#include "../target.h"

int main(void)
{
	struct sockaddr_in at = loopback("0");
	struct timeval patience = {.tv_usec = 300000};
	socklen_t length = sizeof(at);
	char data[64];
	int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);

	if (in < 0 || out < 0)
		die("socket");
	setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	bind(in, (struct sockaddr *)&at, sizeof(at));
	getsockname(in, (struct sockaddr *)&at, &length);
	sendto(out, "hello\n", 6, 0, (struct sockaddr *)&at, sizeof(at));
	ssize_t n = recv(in, data, sizeof(data), 0); /* here: call-unchecked */

	if (n > 0)
		fwrite(data, 1, (size_t)n, stdout);
	close(in);
	close(out);
	return 0;
}

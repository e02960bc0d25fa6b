/* SPDX-License-Identifier: MIT
 *
 * crash-client.c -- looks for the colon of a header in what one recv() brought, and takes it for granted.
 *
 * finds: crash
 * rule: recv nth=1: short 4
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char answer[64] = "";

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, "Length: 12\n", 11))
		die("send");
	if (recv(fd, answer, sizeof(answer) - 1, 0) <= 0) /* here: crash */
		die("recv");
	printf("%d bytes\n", atoi(strchr(answer, ':') + 2));
	close(fd);
	return 0;
}

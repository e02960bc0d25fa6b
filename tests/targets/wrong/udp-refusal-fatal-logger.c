/* SPDX-License-Identifier: MIT
 *
 * udp-refusal-fatal-logger.c -- sends four lines to a collector, and gives up with the first refusal: that is about the
 * line before, and the collector may be back by now.
 *
 * finds: udp-refusal-fatal
 * rule: send type=dgram nth=2: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-udp-server 127.0.0.1 {port}
 */
#include "../message.h"

int main(int argc, char **argv)
{
	static const char *const lines[] = {"up", "serving", "idle", "down"};
	char data[MESSAGE_MAX];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	for (int i = 0; i < 4; i++)
		if (send(fd, data, message_write(data, i, lines[i]), 0) < 0) /* here: udp-refusal-fatal */
			die("send");
	puts("4 lines");
	close(fd);
	return 0;
}

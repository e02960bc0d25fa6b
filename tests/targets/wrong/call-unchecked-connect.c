/* SPDX-License-Identifier: MIT
 *
 * call-unchecked-connect.c -- a Unix client that does not look whether connect() worked, and asks.
 *
 * finds: call-unchecked
 * rule: connect nth=1: fail ECONNREFUSED
 * command: {self} {tmp}/socket
 * role: client
 * peer: build/targets/robust-unix-server {tmp}/socket
 */
#include "../target.h"
int main(int argc, char **argv)
{
	char answer[256];

	if (argc < 2)
		return 2;
	struct sockaddr_un to = unix_address(argv[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	send(fd, "hello\n", 6, MSG_NOSIGNAL);            /* here: call-unchecked */
	ssize_t n = recv(fd, answer, sizeof(answer), 0); /* here: call-unchecked */

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}

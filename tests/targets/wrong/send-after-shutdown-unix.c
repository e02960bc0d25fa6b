/* SPDX-License-Identifier: MIT
 *
 * send-after-shutdown-unix.c -- shuts a Unix connection down on the side that it means to go on with.
 *
 * finds: send-after-shutdown
 * rule: none
 * command: {self} {tmp}/socket
 * role: client
 * peer: build/targets/robust-unix-server {tmp}/socket
 */
#include "../target.h"
#include <signal.h>

int main(int argc, char **argv)
{
	char answer[256];

	if (argc < 2)
		return 2;
	struct sockaddr_un to = unix_address(argv[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	shutdown(fd, SHUT_WR);              /* SHUT_RD was meant, once the answer is there */
	if (write(fd, "hello\n", 6) == 6) { /* here: send-after-shutdown */
		ssize_t n = read(fd, answer, sizeof(answer));

		if (n > 0)
			fwrite(answer, 1, (size_t)n, stdout);
	}
	close(fd);
	return 0;
}

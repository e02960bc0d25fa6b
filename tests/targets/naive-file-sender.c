/* SPDX-License-Identifier: MIT
 *
 * naive-file-sender HOST PORT BYTES -- sends so many bytes over TCP, ends its direction, and prints the receiver's
 * answer.
 *
 * Wrong: takes it that send() sends everything; looks neither at shutdown nor at the errors of recv, and ends with
 * 0 where no answer came; calls close again after EINTR, when the number may already be another file's.
 */
#include "target.h"

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char block[512], answer[128];
	ssize_t n;

	if (argc != 4) {
		fprintf(stderr, "usage: %s HOST PORT BYTES\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	size_t bytes = strtoul(argv[3], NULL, 10);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	memset(block, 'x', sizeof(block));
	for (size_t left = bytes, size; left > 0; left -= size) {
		size = left < sizeof(block) ? left : sizeof(block);
		send(fd, block, size, 0);
	}
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, answer, sizeof(answer), 0)) > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	while (close(fd) < 0)
		if (errno != EINTR)
			die("close");
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * naive-unix-client PATH LINE... -- sends each line over one Unix stream socket and prints the line that comes
 * back, by read() and write() as on a file.
 *
 * Wrong: takes EAGAIN from connect for "under way", as EINPROGRESS would be; takes it that write() writes
 * everything and that one read() brings the whole answer.
 */
#include "target.h"

#include <fcntl.h>

int main(int argc, char **argv)
{
	char request[256], answer[256];

	if (argc < 3) {
		fprintf(stderr, "usage: %s PATH LINE...\n", argv[0]);
		return 2;
	}
	struct sockaddr_un to = unix_address(argv[1]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS && errno != EAGAIN)
		die("connect");
	fcntl(fd, F_SETFL, 0);
	for (int i = 2; i < argc; i++) {
		int size = snprintf(request, sizeof(request), "%s\n", argv[i]);
		ssize_t n;

		if (write(fd, request, (size_t)size) < 0)
			die("write");
		n = read(fd, answer, sizeof(answer));
		if (n > 0)
			fwrite(answer, 1, (size_t)n, stdout);
	}
	close(fd);
	return 0;
}

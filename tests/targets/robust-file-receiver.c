/* SPDX-License-Identifier: MIT
 *
 * robust-file-receiver HOST PORT -- a peer for the file senders: counts what a TCP client sends until it ends its
 * direction, and answers with the count. Serves one client after the other, for ever.
 */
#include "target.h"

static void serve(int fd)
{
	char data[4096], answer[64];
	size_t bytes = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		bytes += (size_t)n;
	}
	int length = snprintf(answer, sizeof(answer), "%zu bytes\n", bytes);

	for (int sent = 0; sent < length; sent += (int)n) {
		n = send(fd, answer + sent, (size_t)(length - sent), MSG_NOSIGNAL);
		if (n < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_storage at;
	int yes = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&at, argv[1], argv[2]);
	int listener = socket(at.ss_family, SOCK_STREAM, 0);

	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&at, length) < 0 || listen(listener, 16) < 0)
		die("listen");
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			wait_ms(10);
			continue;
		}
		serve(fd);
		close(fd);
	}
}

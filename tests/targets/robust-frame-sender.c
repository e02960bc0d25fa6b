/* SPDX-License-Identifier: MIT
 *
 * robust-frame-sender HOST PORT -- a peer for the frame readers: sends each TCP client three messages, each behind
 * four bytes with its length, and closes. Serves one client after the other, for ever.
 */
#include "target.h"

static size_t add(char *to, size_t at, const char *text)
{
	uint32_t size = htonl((uint32_t)strlen(text));

	memcpy(to + at, &size, sizeof(size));
	memcpy(to + at + sizeof(size), text, strlen(text));
	return at + sizeof(size) + strlen(text);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage at;
	char frames[256];
	int yes = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&at, argv[1], argv[2]);
	size_t size = add(frames, add(frames, add(frames, 0, "first message"), "second"), "the third message");
	int listener = socket(at.ss_family, SOCK_STREAM, 0);

	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&at, length) < 0 || listen(listener, 16) < 0)
		die("listen");
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		size_t sent = 0;

		if (fd < 0) {
			wait_ms(10);
			continue;
		}
		while (sent < size) {
			ssize_t n = send(fd, frames + sent, size - sent, MSG_NOSIGNAL);

			if (n < 0)
				break;
			sent += (size_t)n;
		}
		close(fd);
	}
}

/* SPDX-License-Identifier: MIT
 *
 * short-send-misplaced-offset.c -- a server that sends a page in a loop over what was not sent yet. How far it has come
 * it takes from the last count alone (`=` where `+=` is meant): right until a second count is short.
 *
 * finds: short-send-misplaced
 * rule: send nth=1: short 16
 * rule: send nth=2: short 10
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} GET
 */
#include "../server.h"
#include "../talk.h"

static void send_page(int fd)
{
	char page[128];
	size_t length = (size_t)snprintf(page, sizeof(page), "%s", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ\n");
	size_t left = length, sent = 0;

	while (left > 0) {
		ssize_t n = send(fd, page + sent, left, MSG_NOSIGNAL); /* here: short-send-misplaced */

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		sent = (size_t)n;
		left -= (size_t)n;
	}
}

int main(int argc, char **argv)
{
	char request[128];

	if (argc != 2)
		return 2;
	handle_signals();
	int listener = listening(argv[1], 0);

	while (!stop) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			wait_ms(10);
			continue;
		}
		while (recv_line(fd, request, sizeof(request)))
			send_page(fd);
		close(fd);
	}
	return 0;
}

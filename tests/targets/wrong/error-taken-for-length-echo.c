/* SPDX-License-Identifier: MIT
 *
 * error-taken-for-length-echo.c -- a server that sends back as many bytes as recv() says, whatever it says.
 *
 * finds: error-taken-for-length
 * rule: recv nth=2: reset
 * command: {self} {port}
 * role: server
 * client: build/targets/robust-line-client 127.0.0.1 {port} one two
 */
#include "../server.h"
#include "../talk.h"

static void serve(int fd)
{
	char data[512];
	ssize_t n;

	do {
		n = recv(fd, data, sizeof(data), 0);
		if (n == 0)
			break;
	} while (send(fd, data, (size_t)n, MSG_NOSIGNAL) > 0); /* here: error-taken-for-length */
}

int main(int argc, char **argv)
{
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
		serve(fd);
		close(fd);
	}
	return 0;
}

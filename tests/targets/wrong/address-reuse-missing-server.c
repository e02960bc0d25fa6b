/* SPDX-License-Identifier: MIT
 *
 * address-reuse-missing-server.c -- binds its port without SO_REUSEADDR: after a restart "Address already in use" for a
 * minute, because of connections that are long over.
 *
 * finds: address-reuse-missing
 * rule: none
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello
 */
#include "../server.h"
#include "../talk.h"

static void serve(int fd)
{
	char data[256];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	if (n > 0)
		send_all(fd, data, (size_t)n);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct sockaddr_in at = loopback(argv[1]);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	handle_signals();
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0) /* here: address-reuse-missing */
		die("bind");
	if (listen(listener, 16) < 0)
		die("listen");
	while (!stop) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			serve(fd);
	}
	return 0;
}

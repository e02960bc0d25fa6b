/* SPDX-License-Identifier: MIT
 *
 * address-reuse-missing-late.c -- finds its address with getaddrinfo(), and sets SO_REUSEADDR after bind(), where it
 * comes too late.
 *
 * finds: address-reuse-missing
 * rule: none
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello
 */
#include "../server.h"
#include "../talk.h"

#include <netdb.h>

static int listen_at(const char *port)
{
	struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	int yes = 1;

	if (getaddrinfo("127.0.0.1", port, &wanted, &found) != 0)
		exit(1);
	int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);

	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0) /* here: address-reuse-missing */
		die("bind");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	freeaddrinfo(found);
	if (listen(fd, 16) < 0)
		die("listen");
	return fd;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	handle_signals();
	int listener = listen_at(argv[1]);

	while (!stop) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		send_all(fd, "welcome\n", 8);
		shutdown(fd, SHUT_WR);
		for (char data[64]; recv(fd, data, sizeof(data), 0) > 0;)
			; /* until the client has closed */
		close(fd);
	}
	return 0;
}

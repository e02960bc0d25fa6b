/* SPDX-License-Identifier: MIT
 *
 * naive-name-client NAME PORT LINE -- looks up a name, connects to it over IPv4 ("-" is this host, over IPv6 or IPv4),
 * sends the line and prints the line that comes back.
 *
 * Wrong: takes a name server that is busy for a name that does not exist, and knows only the first address.
 */
#include "target.h"

#include <netdb.h>

int main(int argc, char **argv)
{
	struct addrinfo wish = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	const char *name = argv[1];
	char line[256];
	ssize_t n;

	if (argc != 4) {
		fprintf(stderr, "usage: %s NAME PORT LINE\n", argv[0]);
		return 2;
	}
	if (strcmp(name, "-") == 0) {
		name = NULL;
		wish.ai_family = AF_UNSPEC;
	}
	if (getaddrinfo(name, argv[2], &wish, &found) != 0) {
		fprintf(stderr, "%s: no such host\n", argv[1]);
		return 1;
	}
	int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);

	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		die(argv[1]);
	freeaddrinfo(found);
	int size = snprintf(line, sizeof(line), "%s\n", argv[3]);

	if (send(fd, line, (size_t)size, MSG_NOSIGNAL) != size)
		die("send");
	while ((n = recv(fd, line, sizeof(line), 0)) > 0) {
		fwrite(line, 1, (size_t)n, stdout);
		if (line[n - 1] == '\n')
			break;
	}
	close(fd);
	return 0;
}

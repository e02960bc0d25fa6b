/* SPDX-License-Identifier: MIT
 *
 * robust-name-client NAME PORT LINE -- looks up a name ("-" is this host), connects to it over TCP, IPv6 or IPv4,
 * sends the line and prints the line that comes back.
 *
 * Copes: asks again where the name server says "later", and tries each of the addresses, in their order.
 */
#include "target.h"

#include <netdb.h>

static struct addrinfo *look_up(const char *name, const char *port)
{
	struct addrinfo wish = {.ai_socktype = SOCK_STREAM}, *found;
	int error = EAI_AGAIN;

	for (int try = 0; try < 6 && error == EAI_AGAIN; try++) {
		if (try > 0)
			wait_ms(5 << try);
		error = getaddrinfo(strcmp(name, "-") == 0 ? NULL : name, port, &wish, &found);
	}
	if (error == 0)
		return found;
	fprintf(stderr, "%s: %s\n", name, gai_strerror(error));
	exit(1);
}

/* Connected to the first address that answers, or -1. */
static int dial(const struct addrinfo *to)
{
	for (; to; to = to->ai_next) {
		int fd = socket(to->ai_family, to->ai_socktype, to->ai_protocol);

		if (fd < 0)
			continue;
		if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

int main(int argc, char **argv)
{
	char line[256];
	size_t sent = 0, have = 0;
	ssize_t n;

	if (argc != 4) {
		fprintf(stderr, "usage: %s NAME PORT LINE\n", argv[0]);
		return 2;
	}
	struct addrinfo *found = look_up(argv[1], argv[2]);
	int fd = dial(found);

	freeaddrinfo(found);
	if (fd < 0)
		die(argv[1]);
	for (size_t size = (size_t)snprintf(line, sizeof(line), "%s\n", argv[3]); sent < size; sent += (size_t)n) {
		n = send(fd, line + sent, size - sent, MSG_NOSIGNAL);
		if (n < 0)
			die("send");
	}
	do {
		n = recv(fd, line + have, sizeof(line) - have, 0);
		if (n <= 0)
			die("recv");
		have += (size_t)n;
	} while (line[have - 1] != '\n' && have < sizeof(line));
	fwrite(line, 1, have, stdout);
	close(fd);
	return 0;
}

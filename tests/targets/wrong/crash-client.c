/* SPDX-License-Identifier: MIT
 *
 * crash-client.c -- a connection is made by a function that says NULL where it fails, and nobody asks.
 *
 * finds: crash
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

struct connection {
	int fd;
	unsigned asked;
};

static struct connection *dial(const char *port)
{
	static struct connection connection;
	struct sockaddr_in to = loopback(port);

	connection.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connection.fd < 0)
		die("socket");
	return connect(connection.fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? &connection : NULL; /* here: crash */
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct connection *c = dial(argv[1]);

	c->asked++;
	if (!send_all(c->fd, "hello\n", 6) || !recv_line(c->fd, answer, sizeof(answer)))
		return 1;
	fputs(answer, stdout);
	close(c->fd);
	return 0;
}

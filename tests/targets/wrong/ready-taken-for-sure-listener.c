/* SPDX-License-Identifier: MIT
 *
 * ready-taken-for-sure-listener.c -- a server with two ports: select() says who has a client, and accept() is called
 * until it has one. A client that is gone before leaves the server waiting at one port, and deaf at the other.
 *
 * finds: ready-taken-for-sure
 * rule: accept nth=1: fail ECONNABORTED
 * role: server
 * command: {self} {port} {tmp}/control
 * client: c=build/targets/right/pausing-line-client; $c {port} 0 one || sleep 1; $c {port} 0 two
 */
#include "../server.h"
#include "../talk.h"

#include <sys/select.h>

static int listen_at(const struct sockaddr *at, socklen_t length)
{
	int fd = socket(at->sa_family, SOCK_STREAM, 0), yes = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, at, length) < 0 || listen(fd, 16) < 0)
		die("listen");
	return fd;
}

/* Whatever the client says, it is greeted. */
static void serve(int listener)
{
	char data[256];
	int fd;

	do
		fd = accept(listener, NULL, NULL); /* here: ready-taken-for-sure */
	while (!stop && fd < 0 && (errno == ECONNABORTED || errno == EINTR));
	if (fd < 0)
		return;
	if (recv(fd, data, sizeof(data), 0) > 0)
		send(fd, "welcome\n", 8, MSG_NOSIGNAL);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	struct sockaddr_in at = loopback(argv[1]);
	struct sockaddr_un control = unix_address(argv[2]);
	int ports[2];

	handle_signals();
	ports[1] = listen_at((struct sockaddr *)&control, sizeof(control));
	ports[0] = listen_at((struct sockaddr *)&at, sizeof(at));
	while (!stop) {
		fd_set ready;

		FD_ZERO(&ready);
		FD_SET(ports[0], &ready);
		FD_SET(ports[1], &ready);
		if (select((ports[0] > ports[1] ? ports[0] : ports[1]) + 1, &ready, NULL, NULL, NULL) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (FD_ISSET(ports[i], &ready))
				serve(ports[i]);
	}
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * naive-poll-client HOST PORT LINE -- connects over TCP without blocking, sends the line and prints the line that
 * comes back, all on a non-blocking socket with poll().
 *
 * Wrong: asks SO_ERROR and looks only whether getsockopt() itself worked; takes EAGAIN for a failure; never sends
 * the rest of a short send.
 */
#include "target.h"

#include <poll.h>

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	struct pollfd p;
	char line[256];
	int error = 0;
	socklen_t size = sizeof(error);

	if (argc != 4) {
		fprintf(stderr, "usage: %s HOST PORT LINE\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);

	p.fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (p.fd < 0 || (connect(p.fd, (struct sockaddr *)&to, length) < 0 && errno != EINPROGRESS))
		die("connect");
	p.events = POLLOUT;
	if (poll(&p, 1, 1000) < 1)
		die("poll");
	if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		die("getsockopt");
	send(p.fd, line, (size_t)snprintf(line, sizeof(line), "%s\n", argv[3]), 0);
	p.events = POLLIN;
	if (poll(&p, 1, 1000) < 1)
		die("poll");
	ssize_t n = recv(p.fd, line, sizeof(line), 0);

	if (n < 0)
		die("recv");
	fwrite(line, 1, (size_t)n, stdout);
	close(p.fd);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * robust-echo-server HOST PORT [CLIENTS] -- sends back what each TCP client sends, one client after the other.
 * Ends after so many clients that left in good order (0, the default: never) and says how many it was.
 *
 * Copes: tries again while the port is taken; goes on where accept fails for one client, or for want of
 * descriptors; drops a client whose connection fails, and serves the next.
 */
#include "server.h"

/* A listening socket. The port may still be in use by the one that ran before us: wait for it, not for ever. */
static int listen_at(const struct sockaddr_storage *at, socklen_t length)
{
	int yes = 1;

	for (int try = 0; try < 6; try++) {
		int fd = socket(at->ss_family, SOCK_STREAM, 0);

		if (fd >= 0) {
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
			if (bind(fd, (const struct sockaddr *)at, length) == 0 && listen(fd, 16) == 0)
				return fd;
			if (errno != EADDRINUSE)
				break;
			close(fd);
		}
		wait_ms(5 << try);
	}
	die("listen");
}

/* A client, or -1 when it is time to stop. */
static int accept_one(int listener)
{
	while (!stop) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			return fd;
		switch (errno) {
		case EINTR:
		case ECONNABORTED:
		case EPROTO:
			break; /* nothing is wrong with the next one */
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			wait_ms(10); /* the client stays in the queue: not at once again, and not never */
			break;
		default:
			die("accept");
		}
	}
	return -1;
}

static bool send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

/* True if the client ended its stream, false if the connection failed. */
static bool serve(int fd)
{
	char data[512];

	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (!send_all(fd, data, (size_t)n))
			return false;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_storage at;
	int served = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s HOST PORT [CLIENTS]\n", argv[0]);
		return 2;
	}
	int wanted = argc > 3 ? atoi(argv[3]) : 0;
	socklen_t length = inet_address(&at, argv[1], argv[2]);

	handle_signals();
	int listener = listen_at(&at, length);

	while (!stop && (wanted == 0 || served < wanted)) {
		int fd = accept_one(listener);

		if (fd < 0)
			break;
		served += serve(fd);
		close(fd);
	}
	if (wanted > 0)
		printf("%d served\n", served);
	return 0;
}

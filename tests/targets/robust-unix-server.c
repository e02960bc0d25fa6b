/* SPDX-License-Identifier: MIT
 *
 * robust-unix-server PATH [CLIENTS] -- sends back what each client of a Unix stream socket sends, one client after
 * the other, by read() and write(). Ends after so many clients that left in good order (0, the default: never) and says
 * how many it was.
 *
 * Copes: a socket file that a dead server left behind is taken away (a living one's is not); a client whose
 * connection fails is dropped, and the next one is served.
 */
#include "server.h"

/* Does a server answer at this path? */
static bool is_alive(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;

	if (fd >= 0)
		close(fd);
	return alive;
}

static int listen_at(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int bound = bind(fd, (const struct sockaddr *)at, sizeof(*at));

	if (bound < 0 && errno == EADDRINUSE && !is_alive(at)) {
		unlink(at->sun_path);
		bound = bind(fd, (const struct sockaddr *)at, sizeof(*at));
	}
	if (bound < 0 || listen(fd, 16) < 0)
		die(at->sun_path);
	return fd;
}

static bool write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

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
		ssize_t n = read(fd, data, sizeof(data));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (!write_all(fd, data, (size_t)n))
			return false;
	}
}

int main(int argc, char **argv)
{
	int served = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s PATH [CLIENTS]\n", argv[0]);
		return 2;
	}
	int wanted = argc > 2 ? atoi(argv[2]) : 0;
	struct sockaddr_un at = unix_address(argv[1]);

	signal(SIGPIPE, SIG_IGN);
	handle_signals();
	int listener = listen_at(&at);

	while (!stop && (wanted == 0 || served < wanted)) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			wait_ms(10);
			continue;
		}
		served += serve(fd);
		close(fd);
	}
	unlink(at.sun_path);
	if (wanted > 0)
		printf("%d served\n", served);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * select-beyond-1024-server.c -- a server with a cache of open files raises its limit of descriptors, and goes on to
 * wait with pselect().
 *
 * finds: select-beyond-1024
 * rule: none
 * role: server
 * client: build/targets/right/pausing-line-client {port} 0 hello
 */
#undef _FORTIFY_SOURCE /* which would abort() in FD_SET() */
#include "../server.h"
#include "../talk.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>

static struct {
	fd_set read;
	fd_set write; /* FD_SET() of a large number writes here */
} ready;

/* False when the client has left. */
static bool serve(int fd)
{
	char data[256];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	return send_all(fd, data, (size_t)n);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	int listener, client = -1;

	if (argc < 2)
		return 2;
	handle_signals();
	listener = listening(argv[1], SOCK_NONBLOCK);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < 1100)
		return 77; /* not here */
	limit.rlim_cur = 1100;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDONLY) < 1030)
		;
	while (!stop) {
		int fd = client < 0 ? listener : client;

		memset(&ready, 0, sizeof(ready));
		FD_SET(fd, &ready.read);
		if (pselect(fd + 1, &ready.read, NULL, NULL, NULL, NULL) < 0) /* here: select-beyond-1024 */
			continue;
		if (client < 0) {
			client = accept(listener, NULL, NULL);
		} else if (!serve(client)) {
			close(client);
			client = -1;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * fork-server.c -- an echo server with a process for each client. The parent closes the connection, the child the
 * listener, right after fork; children that have ended are reaped in each round. Ends on SIGTERM.
 *
 * role: server
 * client: for i in 1 2 3 4; do build/targets/robust-line-client 127.0.0.1 {port} $i; done
 */
#include "../server.h"
#include <sys/wait.h>

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

static _Noreturn void serve(int fd)
{
	char data[512];

	for (;;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !send_all(fd, data, (size_t)n))
			_exit(n != 0);
	}
}

/* A client, or -1 where none is to be had now: SIGCHLD interrupts too. */
static int accept_one(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd >= 0)
		return fd;
	enum unaccepted why = why_unaccepted(errno);

	if (why == NO_SERVER)
		die("accept");
	if (why == NO_ROOM) {
		perror("accept");
		wait_ms(20);
	}
	return -1;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	handle_signals();
	int listener = listen_on(argv[1]);

	while (!stop) {
		int fd = accept_one(listener);

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (fd < 0)
			continue;
		pid_t child = fork();

		if (child == 0) {
			close(listener);
			serve(fd);
		}
		if (child < 0)
			perror("fork");
		close(fd);
	}
	close(listener);
	return 0;
}

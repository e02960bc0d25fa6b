/* SPDX-License-Identifier: MIT
 *
 * wait-interrupted-stale-select-client.c -- waits for news on two connections, and looks at the sets of select()
 * although select() failed: they are as they were before, so both look ready.
 *
 * finds: wait-interrupted-stale
 * rule: poll nth=1: signal SIGCHLD, fail EINTR
 * role: client
 * peer: build/targets/robust-poll-server 127.0.0.1 {port}
 */
#include "../server.h"

#include <sys/select.h>

static int dial(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		die("connect");
	return fd;
}

/* The watchdog: nothing takes longer than a second and a half. */
static void on_alarm(int signal)
{
	(void)signal;
	_exit(3);
}

int main(int argc, char **argv)
{
	struct timeval patience = {.tv_usec = 200000};
	char news[64];
	fd_set ready;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int sockets[2] = {dial(&to), dial(&to)};

	handle_signals();
	signal(SIGALRM, on_alarm);
	alarm(2);
	FD_ZERO(&ready);
	for (int i = 0; i < 2; i++)
		FD_SET(sockets[i], &ready);
	int n = select(sockets[1] + 1, &ready, NULL, NULL, &patience);

	if (n == 0)
		puts("no news");
	for (int i = 0; n != 0 && i < 2; i++)
		if (FD_ISSET(sockets[i], &ready) &&
		    recv(sockets[i], news, sizeof(news), 0) > 0) /* here: wait-interrupted-stale */
			puts("news");
	for (int i = 0; i < 2; i++)
		close(sockets[i]);
	return 0;
}

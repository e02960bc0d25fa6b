/* SPDX-License-Identifier: MIT
 *
 * connect-interrupted-again-timer.c -- calls connect again where a signal interrupted it, as one does with recv; where
 * the time for it is up, the second call says EALREADY.
 *
 * finds: connect-interrupted-again
 * rule: connect nth=1: stall 1s
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
#include <fcntl.h>
#include <signal.h>

/* A reminder, say. */
static void on_alarm(int signal)
{
	(void)signal;
}

static void ring_in(int ms)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval time = {.it_value.tv_usec = ms * 1000};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &time, NULL);
}

/* True if connected. */
static bool dial(int fd, const struct sockaddr_in *to)
{
	while (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) /* here: connect-interrupted-again */
		if (errno != EINTR)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	char answer[64];
	struct timeval patience = {.tv_usec = 150000};

	if (argc < 2)
		return 2;
	ring_in(100);
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!dial(fd, &to))
		die("connect");
	ring_in(0);
	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}

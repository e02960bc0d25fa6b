/* SPDX-License-Identifier: MIT
 *
 * connect-interrupted-again-nonblocking.c -- starts over without waiting where a signal interrupted its connect.
 *
 * finds: connect-interrupted-again
 * rule: connect nth=1: stall 1s
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
#include <fcntl.h>
#include <signal.h>

/* A clock on the screen, say. */
static void on_alarm(int signal)
{
	(void)signal;
}

static void tick_every(int ms)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval time = {.it_value.tv_usec = ms * 1000, .it_interval.tv_usec = ms * 1000};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &time, NULL);
}

/* True if connected. */
static bool dial(int fd, const struct sockaddr_in *to)
{
	int flags = fcntl(fd, F_GETFL);

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		return true;
	if (errno != EINTR)
		return false;
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) /* here: connect-interrupted-again */
		return false;
	fcntl(fd, F_SETFL, flags);
	return true;
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	tick_every(50);
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	if (!dial(fd, &to))
		die("connect");
	tick_every(0);
	if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		die("send");
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return 0;
}

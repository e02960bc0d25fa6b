/* SPDX-License-Identifier: MIT
 *
 * halfway.c -- forks in the middle of a reset that the library makes: by a handler of SIGIO, which the first half of it
 * raises. Prints what waits cost in the child, in times of what they cost before.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAITS = 200 };

static int ready[2];
static double before;

static double cost(void)
{
	struct timespec start, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (int i = 0; i < WAITS; i++) {
		struct pollfd one = {ready[0], POLLIN, 0};

		poll(&one, 1, 1000);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
}

static void on_reset(int signal)
{
	static int is_forked;

	(void)signal;
	if (is_forked++)
		return;
	pid_t child = fork();

	if (child == 0) {
		printf("%.0f\n", cost() / before);
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	bind(listener, (struct sockaddr *)&address, length);
	listen(listener, 1);
	getsockname(listener, (struct sockaddr *)&address, &length);
	connect(client, (struct sockaddr *)&address, length);
	if (pipe(ready) != 0 || write(ready[1], "x", 1) != 1)
		return 1;
	cost();
	before = cost();
	signal(SIGIO, on_reset);
	fcntl(client, F_SETOWN, getpid());
	fcntl(client, F_SETFL, O_ASYNC);
	send(client, "x", 1, MSG_NOSIGNAL);
	return 0;
}

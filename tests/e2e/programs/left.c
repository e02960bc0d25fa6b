/* SPDX-License-Identifier: MIT
 *
 * left.c -- asks three times, and ends each wait for an answer by an alarm whose handler jumps out of it. The third
 * time it is answered.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf again;

static void on_alarm(int signal)
{
	(void)signal;
	siglongjmp(again, 1);
}

int main(void)
{
	struct itimerval soon = {{0, 0}, {0, 20000}}, never = {{0, 0}, {0, 0}};
	volatile int tries = 0;
	int ends[2];
	char text[8];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) || signal(SIGALRM, on_alarm) == SIG_ERR)
		return 1;
	sigsetjmp(again, 1);
	if (++tries == 3)
		send(ends[1], "answer", 6, 0);
	else
		setitimer(ITIMER_REAL, &soon, NULL);
	ssize_t length = recv(ends[0], text, sizeof text, 0);

	setitimer(ITIMER_REAL, &never, NULL);
	printf("%d: %zd\n", tries, length);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * wake-pair-client.c -- one thread talks to the server, another one waits for it by poll() on a pair of Unix sockets,
 * by which it is woken: one byte, whatever it says. If there is no room for it, one lies there already.
 *
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include <poll.h>
#include <pthread.h>

#include "../talk.h"

static struct {
	const char *port;
	int wakes, answered;
	char answer[64];
} work;

static void *ask(void *unused)
{
	struct timeval patience = {.tv_sec = 3};
	struct sockaddr_in to = loopback(work.port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* of connect, too */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	work.answered = send_all(fd, "hello\n", 6) && recv_line(fd, work.answer, sizeof(work.answer));
	close(fd);
	while (send(work.wakes, "x", 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	return unused;
}

static void wait_for_byte(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char bytes[16];

	do {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			die("poll");
	} while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 1);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int ends[2];

	if (argc < 2)
		return 2;
	work.port = argv[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		die("socketpair");
	work.wakes = ends[0];
	if (pthread_create(&thread, NULL, ask, NULL) != 0)
		die("thread");
	wait_for_byte(ends[1]);
	pthread_join(thread, NULL);
	close(ends[0]);
	close(ends[1]);
	if (!work.answered) {
		fprintf(stderr, "no answer\n");
		return 1;
	}
	fputs(work.answer, stdout);
	return 0;
}

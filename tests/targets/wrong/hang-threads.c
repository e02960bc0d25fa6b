/* SPDX-License-Identifier: MIT
 *
 * hang-threads.c -- one thread fetches the answer and hands it over a socketpair; where it fails it ends without a
 * word, and the other waits for ever.
 *
 * finds: hang
 * rule: connect nth=1: fail ECONNREFUSED
 * role: client
 * timeout: 2s
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

#include <pthread.h>

static struct sockaddr_in to;
static int pair[2];

static void *fetch(void *unused)
{
	char answer[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && send_all(fd, "hello\n", 6) &&
	    recv_line(fd, answer, sizeof(answer)))
		send(pair[1], answer, strlen(answer), MSG_NOSIGNAL);
	if (fd >= 0)
		close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t fetcher;
	char answer[64];
	ssize_t n;

	if (argc < 2)
		return 2;
	to = loopback(argv[1]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0 || pthread_create(&fetcher, NULL, fetch, NULL) != 0)
		die("start");
	do
		n = recv(pair[0], answer, sizeof(answer), 0); /* here: hang */
	while (n < 0 && errno == EINTR);
	fwrite(answer, 1, n > 0 ? (size_t)n : 0, stdout);
	pthread_join(fetcher, NULL);
	return 0;
}

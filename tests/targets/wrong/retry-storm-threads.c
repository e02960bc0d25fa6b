/* SPDX-License-Identifier: MIT
 *
 * retry-storm-threads.c -- asks in two threads over connections of their own. Where connect() fails a
 * thread goes to the head of its loop, where everything begins anew, and nothing waits.
 *
 * finds: retry-storm
 * rule: connect nth=1..300: fail ECONNREFUSED
 * command: {self} {port}
 * role: client
 * peer: build/targets/robust-poll-server 127.0.0.1 {port}
 */
#include <pthread.h>

#include "../talk.h"

static char answers[2][128];
static const char *port;

static bool ask(char *answer)
{
	static const char line[] = "what is new?\n";
	struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool done = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && /* here: retry-storm */
	            send_all(fd, line, strlen(line)) && recv_line(fd, answer, 128);

	if (fd >= 0)
		close(fd);
	return done;
}

static void *work(void *answer)
{
	for (int tries = 0; tries < 1000 && !ask(answer); tries++)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	if (argc != 2)
		return 2;
	port = argv[1];
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, answers[i]))
			die("pthread_create");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%s%s", answers[0], answers[1]);
	return 0;
}

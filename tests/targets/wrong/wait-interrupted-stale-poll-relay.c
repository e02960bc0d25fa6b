/* SPDX-License-Identifier: MIT
 *
 * wait-interrupted-stale-poll-relay.c -- two clients talk to each other; where a signal interrupts poll() the relay
 * acts upon what poll() had said the time before.
 *
 * finds: wait-interrupted-stale
 * rule: poll nth=2: signal SIGCHLD, fail EINTR
 * role: server
 * client: c=build/targets/right/pausing-line-client; $c {port} 150 one >{tmp}/1 & $c {port} 450 two >{tmp}/2; wait; cat
 * {tmp}/1 {tmp}/2
 */
#include "../server.h"
#include "../talk.h"

#include <poll.h>

/* False when one of them has left. */
static bool pass_on(int from, int to)
{
	char data[256];
	ssize_t n = recv(from, data, sizeof(data), 0); /* here: wait-interrupted-stale */

	if (n < 0 && errno == EINTR)
		return true;
	return n > 0 && send_all(to, data, (size_t)n);
}

int main(int argc, char **argv)
{
	struct pollfd pair[2] = {{.fd = -1, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	int listener;
	bool both = true;

	if (argc < 2)
		return 2;
	handle_signals();
	listener = listening(argv[1], 0);
	for (int i = 0; !stop && i < 2; i += pair[i].fd >= 0)
		pair[i].fd = accept(listener, NULL, NULL);
	while (!stop && both) {
		poll(pair, 2, -1); /* it may say -1, and revents are those of the time before */
		for (int i = 0; both && i < 2; i++)
			if (pair[i].revents)
				both = pass_on(pair[i].fd, pair[1 - i].fd);
	}
	close(pair[0].fd);
	close(pair[1].fd);
	while (!stop)
		pause();
	return 0;
}

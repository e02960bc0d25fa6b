/* SPDX-License-Identifier: MIT
 *
 * sockatmark.c -- sockatmark before, at and after urgent data; on what has no mark. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int tcp[3], ends[2], file = make_file("");
	char buffer[8];

	make_tcp(tcp);
	make_pair(AF_UNIX, SOCK_DGRAM, ends);
	SAY(sockatmark(tcp[SERVER]));
	SAY(send(tcp[CLIENT], "ab!", 3, MSG_OOB));
	struct pollfd urgent = {.fd = tcp[SERVER], .events = POLLPRI};
	SAY(poll(&urgent, 1, 5000));
	SAY(sockatmark(tcp[SERVER]));
	SAY(recv(tcp[SERVER], buffer, sizeof(buffer), 0));
	SAY(sockatmark(tcp[SERVER]));
	SAY(sockatmark(ends[0]));
	SAY(sockatmark(file));
	SAY(sockatmark(-1));
	close_all(tcp, 3);
	close_all((int[]){ends[0], ends[1], file}, 3);
	return 0;
}

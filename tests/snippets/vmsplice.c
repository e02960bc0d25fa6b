/* SPDX-License-Identifier: MIT
 *
 * vmsplice.c -- vmsplice into and out of a pipe; sockets are refused. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int tube[2], ends[2];
	char buffer[16] = "";
	struct iovec out = {"pages", 5}, in = {buffer, sizeof(buffer)};

	make_pipe(tube);
	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(vmsplice(tube[1], &out, 1, 0));
	SAY(vmsplice(tube[1], &out, 0, 0));
	SAY(vmsplice(tube[1], NULL, 0, 0));
	SAY(vmsplice(tube[0], &in, 1, 0));
	say_bytes("arrived", buffer, 5);
	SAY(vmsplice(ends[0], &out, 1, 0));
	SAY(vmsplice(-1, &out, 1, 0));
	SAY(vmsplice(tube[1], bad_pointer(), 1, 0));
	close_all(tube, 2);
	close_all(ends, 2);
	return 0;
}

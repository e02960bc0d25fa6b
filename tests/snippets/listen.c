/* SPDX-License-Identifier: MIT
 *
 * listen.c -- listen, bound and unbound, twice, on datagrams and on what is no socket. Async-signal-safe.
 */
#include "snippet.h"

int snippet(void)
{
	int stream = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0);
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0), file = make_file("");
	struct pollfd ready = {.fd = stream, .events = POLLIN};

	SAY(listen(stream, 0));
	SAY(listen(stream, -1));
	SAY(listen(stream, 1 << 30));
	SAY(poll(&ready, 1, 0));
	SAY(listen(local, 4));
	SAY(listen(datagrams, 4));
	SAY(listen(file, 4));
	SAY(listen(-1, 4));
	SAY(listen(closed_number(), 4));
	close_all((int[]){stream, local, datagrams, file}, 4);
	return 0;
}

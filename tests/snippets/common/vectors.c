/* SPDX-License-Identifier: MIT
 *
 * vectors.c -- the cases of calls with vectors: none, empty ones, several, too many.
 */
#include "../snippet.h"

void put_vector_cases(vector_call *put)
{
	struct iovec parts[] = {{"one ", 4}, {NULL, 0}, {"two", 3}};
	char buffer[16];
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(put(ends[0], parts, 3));
	SAY(put(ends[0], parts + 1, 1));
	SAY(put(ends[0], parts, 0));
	SAY(put(ends[0], NULL, 0));
	SAY(put(ends[0], parts, -1));
	SAY(put(ends[0], parts, 1025));
	SAY(put(ends[0], bad_pointer(), 1));
	say_bytes("arrived", buffer, (size_t)read(ends[1], buffer, sizeof(buffer)));
	close_all(ends, 2);
}

void take_vector_cases(vector_call *take)
{
	char first[3], second[16];
	struct iovec parts[] = {{first, sizeof(first)}, {NULL, 0}, {second, sizeof(second)}};
	int ends[2];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	SAY(write(ends[0], "one two three", 13));
	SAY(take(ends[1], parts, 1));
	SAY(take(ends[1], parts + 1, 1));
	SAY(take(ends[1], parts, 0));
	SAY(take(ends[1], NULL, 0));
	SAY(take(ends[1], parts, -1));
	SAY(take(ends[1], parts, 1025));
	SAY(take(ends[1], bad_pointer(), 1));
	SAY(take(ends[1], parts, 3));
	say_bytes("first", first, sizeof(first));
	say_bytes("second", second, 7);
	close_all(ends, 2);
}

/* SPDX-License-Identifier: MIT
 *
 * limits.c -- limits that a program gives itself, of address space above all: what the library takes of it may not
 * count.
 */
#include "snippet.h"
#include <sys/mman.h>

static bool has_room_for(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at != MAP_FAILED && munmap(at, size) == 0;
}

void limit_cases(limiter *set)
{
	enum { MIB = 1 << 20 };
	struct rlimit before, few, space = {1024UL * MIB, RLIM_INFINITY};
	int ends[2];
	char buffer[8];

	make_pair(AF_UNIX, SOCK_STREAM, ends);
	getrlimit(RLIMIT_AS, &before);
	space.rlim_max = before.rlim_max;
	SAY(set(RLIMIT_AS, &space));
	SAY(has_room_for(512UL * MIB));
	SAY(has_room_for(1024UL * MIB));
	SAY(send(ends[0], "within", 6, 0));
	SAY(recv(ends[1], buffer, sizeof(buffer), 0));
	space.rlim_cur /= 2;
	SAY(set(RLIMIT_AS, &space));
	SAY(has_room_for(256UL * MIB));
	SAY(set(RLIMIT_AS, &before));
	SAY(has_room_for(1024UL * MIB));
	getrlimit(RLIMIT_NOFILE, &before);
	few = (struct rlimit){(rlim_t)ends[1] + 1, before.rlim_max};
	SAY(set(RLIMIT_NOFILE, &few));
	SAY(dup(ends[0]));
	SAY(set(RLIMIT_NOFILE, &before));
	SAY(set(12345, &before));
	close_all(ends, 2);
}

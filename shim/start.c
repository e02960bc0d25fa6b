/* SPDX-License-Identifier: MIT
 *
 * start.c -- see start.h. The descriptor of the arena is closed at once: the target never has one of ours (law 1).
 */
#include "start.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "self.h"
#include "sys.h"

#define UNDER_VALGRIND (UINT64_C(32) << 20)

static void say(const char *text)
{
	sf_sys(SYS_write, STDERR_FILENO, text, strlen(text));
}

_Noreturn void sf_start_fail(const char *what, const char *which)
{
	say("sockfault: ");
	say(what);
	if (which) {
		say(": ");
		say(which);
	}
	say("\n");
	for (;;)
		sf_sys(SYS_exit_group, 125);
}

static bool is_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload_");
}

/* A program under RLIMIT_AS needs its address space itself: an eighth is ours. Valgrind's leak check reads all that is
 * mapped. */
uint64_t sf_start_room(uint64_t size)
{
	struct rlimit limit;

	if (is_under_valgrind() && size > UNDER_VALGRIND)
		size = UNDER_VALGRIND;
	if (sf_sys(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
	    size <= limit.rlim_cur / 8)
		return size;
	uint64_t room = limit.rlim_cur / 8 & ~(SF_PAGE_SIZE - 1);

	return room < SF_ARENA_SIZE_MIN ? SF_ARENA_SIZE_MIN : room;
}

void sf_start_yield(void)
{
	if (sf_self_is_guest() || !sf_self_get() || sf_self_is_sandboxed()) /* the memory is a vfork child's parent's */
		return;
	uint64_t before = sf_arena_yield(sf_arena, sf_start_room(sf_arena_reach));

	if (sf_arena_reach < before)
		sf_sys(SYS_munmap, (char *)sf_arena + sf_arena_reach, before - sf_arena_reach);
}

/* Each page behind the end of the file is a signal to that leak check, a millisecond each: so there are none. */
static uint64_t room_without_holes(int fd, uint64_t room, uint64_t file_size)
{
	struct rlimit limit;

	if (!is_under_valgrind() || room <= file_size)
		return room;
	if (sf_sys(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
	    sf_sys(SYS_fallocate, fd, 0, 0, room) == 0)
		return room;
	return file_size < SF_ARENA_SIZE_MIN ? SF_ARENA_SIZE_MIN : file_size & ~(SF_PAGE_SIZE - 1);
}

struct sf_arena *sf_start_map_fd(int fd, const char **why)
{
	enum { HEAD = offsetof(struct sf_arena, directories) }; /* as far as the check looks: one piece of memory */
	struct sf_arena head;
	struct stat st;

	*why = "it can't be read";
	if (sf_sys(SYS_fstat, fd, &st) != 0 || sf_sys(SYS_pread64, fd, &head, HEAD, 0) != HEAD)
		return NULL;
	*why = sf_arena_refuse(&head, (uint64_t)st.st_size);
	if (*why)
		return NULL;
	uint64_t room = room_without_holes(fd, sf_start_room(head.size), (uint64_t)st.st_size);

	for (; room >= SF_ARENA_SIZE_MIN; room /= 2) {
		long at = sf_sys(SYS_mmap, 0, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

		if (at < 0 && at > -4096)
			continue;
		/* Reading ahead would bring in, and clear, what nobody is going to touch. */
		sf_sys(SYS_madvise, at, room, MADV_RANDOM);
		sf_arena_reach = room;
		return (struct sf_arena *)at;
	}
	*why = "there is no address space for it (RLIMIT_AS)";
	return NULL;
}

void sf_start_map(const char *path)
{
	long fd = sf_sys(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	const char *why;

	if (fd < 0)
		sf_start_fail("the trace that SOCKFAULT_ARENA names can't be opened", path);
	struct sf_arena *arena = sf_start_map_fd((int)fd, &why);

	sf_sys(SYS_close, fd);
	if (!arena)
		sf_start_fail(why, path);
	sf_self_enter_arena(arena);
}

uint64_t sf_start_time(const char *pid)
{
	char path[64] = "/proc/", text[512];

	strncat(path, pid, 20);
	strcat(path, "/stat");
	long fd = sf_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	long length = sf_sys(SYS_read, fd, text, sizeof text - 1);

	sf_sys(SYS_close, fd);
	text[length > 0 ? length : 0] = '\0';
	const char *at = strrchr(text, ')'); /* the name may hold anything */

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	uint64_t value = 0;

	for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	return value;
}

/* SPDX-License-Identifier: MIT
 *
 * byhand.c -- see byhand.h. The file is made under another name and renamed: whoever has the old one open keeps it. It
 * does not grow: without the command nobody could do that for a target under RLIMIT_FSIZE; what does not fit is counted
 * as lost.
 */
#include "byhand.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/parse.h"
#include "evlog.h"
#include "start.h"
#include "sys.h"

#define TRACED_BYTES (UINT64_C(64) << 20)
#define PLAIN_BYTES (UINT64_C(32) << 20)

static char arena_path[1024];
static char temporary_path[1040];

bool sf_byhand_wanted(void)
{
	return getenv("SOCKFAULT_RULES") || getenv("SOCKFAULT_SCENARIO") || getenv("SOCKFAULT_TRACE");
}

static char *append_number(char *to, uint64_t number)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n--)
		*to++ = digits[n];
	*to = '\0';
	return to;
}

/* ---- joining ---- */

static bool is_alive(const struct sf_process *process)
{
	char pid[12];
	uint32_t state = atomic_load_explicit(&process->state, memory_order_acquire);

	append_number(pid, process->pid);
	return (state == SF_PROCESS_LOADED || state == SF_PROCESS_AWAITED) && process->start_time &&
	       sf_start_time(pid) == process->start_time;
}

static bool join(const char *path)
{
	long fd = sf_sys(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	const char *why;

	if (fd < 0)
		return false;
	struct sf_arena *arena = sf_start_map_fd((int)fd, &why);

	sf_sys(SYS_close, fd);
	for (uint32_t i = 1; arena && i <= atomic_load(&arena->tables[SF_PROCESSES].count); i++) {
		const struct sf_process *process = sf_process_at(arena, i);

		if (process && is_alive(process)) {
			sf_self_enter_arena(arena);
			return true;
		}
	}
	return false;
}

/* ---- making ---- */

/* The whole path: children find it by that, wherever they go. */
static void name_trace(const char *trace)
{
	size_t room = sizeof arena_path - 1;

	if (trace[0] != '/' && sf_sys(SYS_getcwd, arena_path, room - 1) > 0 && arena_path[0] == '/')
		strcat(arena_path, "/");
	else
		arena_path[0] = '\0';
	if (strlen(trace) > room - strlen(arena_path))
		sf_start_fail("SOCKFAULT_TRACE is too long", trace);
	strcat(arena_path, trace);
}

static void name_files(const char *trace)
{
	const char *folder = getenv("TMPDIR");

	if (trace) {
		name_trace(trace);
	} else {
		strncpy(arena_path, folder && folder[0] == '/' ? folder : "/tmp", sizeof arena_path - 64);
		strcat(arena_path, "/sockfault-");
		append_number(arena_path + strlen(arena_path), (uint64_t)sf_sys(SYS_getpid));
		strcat(arena_path, ".sft");
	}
	strcpy(temporary_path, arena_path);
	strcat(temporary_path, ".new");
}

/* Blocks on disk for all of it, or for as much as RLIMIT_FSIZE and the disk allow. */
static uint64_t allocate(int fd, uint64_t bytes)
{
	struct rlimit limit;

	if (sf_sys(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 && bytes > limit.rlim_cur)
		bytes = limit.rlim_cur & ~(SF_PAGE_SIZE - 1);
	for (; bytes >= SF_ARENA_SIZE_MIN; bytes /= 2)
		if (sf_sys(SYS_fallocate, fd, 0, 0, bytes) == 0)
			return bytes;
	return 0;
}

static uint8_t trace_level(const char *trace)
{
	const char *word = getenv("SOCKFAULT_TRACE_LEVEL");

	for (uint8_t i = 0; word && i < 3; i++)
		if (strcmp(word, sf_trace_words[i]) == 0)
			return i;
	if (word)
		sf_start_fail("SOCKFAULT_TRACE_LEVEL is off, faults or all, not", word);
	return trace ? SF_TRACE_ALL : SF_TRACE_OFF;
}

static uint64_t seed_of(const char *text)
{
	uint64_t seed = 0;

	for (const char *at = text; *at || at == text; at++) {
		if (*at < '0' || *at > '9' || seed > (UINT64_MAX - 9) / 10)
			sf_start_fail("SOCKFAULT_SEED is a whole number, not", text);
		seed = seed * 10 + (uint64_t)(*at - '0');
	}
	return seed;
}

static void refuse(const struct sf_diagnostic *why)
{
	static char text[2048];

	sf_diagnostic_print(why, text, sizeof text);
	sf_sys(SYS_write, STDERR_FILENO, text, strlen(text));
	sf_start_fail("the rules can't be used", NULL);
}

static void read_scenario(struct sf_ruleset *set, const char *path)
{
	enum { ROOM = 1 << 20 };
	struct sf_diagnostic why;
	long fd = sf_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		sf_start_fail("the file that SOCKFAULT_SCENARIO names can't be opened", path);
	long text = sf_sys(SYS_mmap, 0, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long length = 0, got;

	if (text < 0 && text > -4096)
		sf_start_fail("no memory for the scenario", path);
	while (length < ROOM && (got = sf_sys(SYS_read, fd, text + length, ROOM - length)) > 0)
		length += got;
	sf_sys(SYS_close, fd);
	if (length == ROOM)
		sf_start_fail("the scenario is larger than 1 MiB", path);
	if (!sf_parse(set, path, (const char *)text, (size_t)length, NULL, &why))
		refuse(&why);
	sf_sys(SYS_munmap, text, ROOM);
}

static struct sf_ruleset *read_rules(void)
{
	const char *rules = getenv("SOCKFAULT_RULES"), *scenario = getenv("SOCKFAULT_SCENARIO");
	const char *seed = getenv("SOCKFAULT_SEED");
	struct sf_diagnostic why;
	long memory =
	    sf_sys(SYS_mmap, 0, sizeof(struct sf_ruleset), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory < 0 && memory > -4096)
		sf_start_fail("no memory for the rules", NULL);
	struct sf_ruleset *set = (struct sf_ruleset *)memory;

	if (scenario)
		read_scenario(set, scenario);
	if (rules && !sf_parse(set, "SOCKFAULT_RULES", rules, strlen(rules), NULL, &why))
		refuse(&why);
	if (seed) {
		set->seed = seed_of(seed);
		set->seed_given = 2;
	}
	sf_ruleset_finish(set);
	for (uint32_t i = 0; i < set->count; i++)
		if (sf_rule_has(&set->rules[i], SF_CONDITION_SITE) && set->rules[i].site_count == 0)
			sf_start_fail("site=FILE:LINE needs `sockfault run`, which can read debug information", NULL);
	return set;
}

static void set_clocks(struct sf_arena *arena)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	arena->created_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	clock_gettime(CLOCK_MONOTONIC, &now);
	arena->start_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	/* Nobody is there to calibrate a tick counter. */
	arena->stamps_are_ns = 1;
	arena->clock_first = (struct sf_clock_pair){arena->start_ns, arena->start_ns};
}

static void make(const char *trace)
{
	uint8_t level = trace_level(trace);
	struct sf_ruleset *set = read_rules();
	const char *why;

	sf_sys(SYS_unlinkat, AT_FDCWD, temporary_path, 0);
	long fd = sf_sys(SYS_openat, AT_FDCWD, temporary_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		sf_start_fail("the trace can't be created", temporary_path);
	uint64_t bytes = allocate((int)fd, level == SF_TRACE_OFF ? PLAIN_BYTES : TRACED_BYTES);

	if (!bytes)
		sf_start_fail("there is no room for the trace (disk, or RLIMIT_FSIZE)", arena_path);
	struct sf_arena *head = (struct sf_arena *)sf_sys(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	sf_arena_format(head, bytes, (uint32_t)(bytes / SF_PAGE_SIZE));
	head->realism = SF_POSIX;
	head->trace_level = level;
	head->keep_data = 1;
	head->unnamed = !trace;
	set_clocks(head);
	if (!sf_arena_load(head, set))
		sf_start_fail("the rules do not fit the trace", arena_path);
	sf_sys(SYS_munmap, head, bytes);
	sf_sys(SYS_munmap, set, sizeof *set);
	struct sf_arena *arena = sf_start_map_fd((int)fd, &why);

	sf_sys(SYS_close, fd);
	if (!arena)
		sf_start_fail(why, arena_path);
	sf_self_enter_arena(arena);
	if (sf_sys(SYS_renameat, AT_FDCWD, temporary_path, AT_FDCWD, arena_path) != 0)
		sf_start_fail("the trace can't be put in its place", arena_path);
}

const char *sf_byhand_open(void)
{
	const char *trace = getenv("SOCKFAULT_TRACE");

	name_files(trace);
	if (!trace || !join(trace))
		make(trace);
	return arena_path;
}

/* What found no room was not followed, and no rule met it. */
static void say_lost(void)
{
	static const char text[] =
	    "sockfault: more sockets than there was room for: some were left alone; use `sockfault run`\n";

	if (atomic_load(&sf_arena->tables[SF_SOCKETS].lost))
		sf_sys(SYS_write, STDERR_FILENO, text, sizeof text - 1);
}

void sf_byhand_leave(const char *path)
{
	if (!sf_arena->unnamed || sf_arena->command_pid)
		return;
	for (uint32_t i = 1; i <= atomic_load(&sf_arena->tables[SF_PROCESSES].count); i++) {
		const struct sf_process *process = i == sf_process ? NULL : sf_process_at(sf_arena, i);

		if (process && is_alive(process))
			return;
	}
	say_lost();
	sf_sys(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* SPDX-License-Identifier: MIT
 *
 * arenafile.c -- makes, grows and maps the file of a run. Laws kept here: a target never meets a hole on a full disk,
 * since blocks are allocated before pages_ready says so, but for the first moments on a disk with much to spare; a
 * second run on the same path gets a new inode, so that a first one still at work is not disturbed; a run in progress
 * holds a lock (flock) that keeps it from being removed as an old one.
 */
#include "cli/arenafile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

/* The header, a small ruleset and the first events of the first processes. */
#define START_PAGES 128
#define START_PAGES_MIN 24 /* of a disk that is nearly full */
#define SPARE_BYTES (UINT64_C(1) << 30)

/* Address space is what the target has: it maps the same file under the same limit. */
static uint64_t bounded_size(uint64_t size)
{
	struct rlimit space;

	if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY && size > space.rlim_cur / 8)
		size = space.rlim_cur / 8;
	if (size < SF_ARENA_SIZE_MIN)
		size = SF_ARENA_SIZE_MIN;
	return size / SF_PAGE_SIZE * SF_PAGE_SIZE;
}

static struct sf_arena *map(int fd, uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (memory == MAP_FAILED)
		return NULL;
	/* Reading ahead would bring in, and clear, what nobody is going to touch. */
	(void)madvise(memory, size, MADV_RANDOM);
	return memory;
}

/* ---- making ---- */

static char *absolute(const char *path)
{
	if (path[0] == '/')
		return sf_print("%s", path);
	char *folder = getcwd(NULL, 0);

	if (!folder)
		sf_die("can't tell the current folder: %s", strerror(errno));
	char *whole = sf_print("%s/%s", folder, path);

	free(folder);
	return whole;
}

static void refuse_special(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		sf_die("can't keep the trace in %s: it is not an ordinary file", path);
}

/* See paths.c: while it lasts, root's run is open to those whom root becomes, if its name is secret. */
static int open_new(const char *path, bool is_secret)
{
	bool is_open = is_secret && geteuid() == 0;
	mode_t mask = is_open ? umask(0) : 0;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, is_open ? 0666 : 0600);
	int why = errno;

	if (is_open)
		umask(mask);
	if (fd < 0)
		sf_die("can't make the trace %s: %s", path, strerror(why));
	/* Not ours at once: the one who clears away old runs has met it before us. */
	if (flock(fd, LOCK_EX) != 0)
		sf_die("can't lock the trace %s: %s", path, strerror(errno));
	return fd;
}

static bool has_to_spare(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && fs.f_bavail >= SPARE_BYTES / fs.f_frsize;
}

static int allocate(int fd, uint64_t from, uint64_t to)
{
	int why;

	do
		why = posix_fallocate(fd, (off_t)from, (off_t)(to - from));
	while (why == EINTR);
	return why;
}

_Noreturn static void refuse_start(const char *path, const char *scratch, int why)
{
	struct rlimit limit;

	unlink(scratch);
	if (why == EFBIG && getrlimit(RLIMIT_FSIZE, &limit) == 0)
		sf_die(
		    "a trace needs files of some MiB, and the limit is %llu bytes: raise `ulimit -f`",
		    (unsigned long long)limit.rlim_cur);
	sf_die("can't allocate the first pages of the trace %s: %s", path, strerror(why));
}

/* Beside its final name, which may be in use, and under which it has to be locked from its first moment: others clear
 * away what is not. A name of a run that died young is nobody's. */
static char *first_name(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char *scratch = sf_print("%.*s.%s.%ld", (int)(name - path), path, name, (long)getpid());

	unlink(scratch);
	return scratch;
}

static void put_in_place(const char *scratch, const char *path)
{
	if (rename(scratch, path) == 0)
		return;
	int why = errno;

	unlink(scratch);
	sf_die("can't make the trace %s: %s", path, strerror(why));
}

static char *path_of_run(bool is_passing)
{
	struct timespec now;
	uint64_t secret = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (getrandom(&secret, sizeof secret, 0) != (ssize_t)sizeof secret)
		sf_die("can't name a trace: %s", strerror(errno));
	return sf_print(
	    "%s/%s%lld.%09ld-%ld-%016llx.sft", sf_path_runs(), is_passing ? SF_PASSING_PREFIX : SF_RUN_PREFIX,
	    (long long)now.tv_sec, now.tv_nsec, (long)getpid(), (unsigned long long)secret);
}

/* Nobody else knows its name; but it may have been cleared away as an old one in the moment before it was locked. */
static void open_run(struct sf_arena_file *file)
{
	struct stat st;

	for (;;) {
		file->path = path_of_run(file->is_passing);
		file->fd = open_new(file->path, true);
		if (fstat(file->fd, &st) == 0 && st.st_nlink)
			return;
		close(file->fd);
		free(file->path);
	}
}

/* A block that is allocated has to be freed again, which takes some file systems milliseconds: longer than many a run.
 * So the first pages are holes where the disk has plenty, until sf_arena_file_settle() says that this run lasts. */
static int begin(struct sf_arena_file *file, uint32_t room, uint32_t *pages)
{
	uint32_t most = (uint32_t)(file->mapped / SF_PAGE_SIZE);
	int why = 0;

	*pages = START_PAGES + room < most ? START_PAGES + room : most;
	file->has_holes = has_to_spare(file->fd);
	if (file->has_holes)
		return ftruncate(file->fd, (off_t)(*pages * SF_PAGE_SIZE)) == 0 ? 0 : errno;
	while ((why = allocate(file->fd, 0, *pages * SF_PAGE_SIZE)) == ENOSPC && *pages > START_PAGES_MIN + room)
		*pages = START_PAGES_MIN + room;
	return why;
}

void sf_arena_file_create(struct sf_arena_file *file, const char *path, uint64_t size, uint64_t room)
{
	char *scratch = NULL;

	file->mapped = bounded_size(size);
	if (path) {
		refuse_special(path);
		file->path = absolute(path);
		file->is_named = true;
		scratch = first_name(file->path);
		file->fd = open_new(scratch, false);
	} else {
		open_run(file);
	}
	const char *made = scratch ? scratch : file->path;

	uint32_t pages;
	int why = begin(file, (uint32_t)(room / SF_PAGE_SIZE), &pages);

	if (why)
		refuse_start(file->path, made, why);
	file->arena = map(file->fd, file->mapped);
	if (!file->arena) {
		why = errno;
		unlink(made);
		sf_die(
		    "can't map a trace of %llu bytes: %s; try a smaller --trace-size", (unsigned long long)file->mapped,
		    strerror(why));
	}
	sf_arena_format(file->arena, file->mapped, pages);
	if (scratch)
		put_in_place(scratch, file->path);
	free(scratch);
}

void sf_arena_file_remember(const struct sf_arena_file *file)
{
	char *link = sf_print("%s/latest", sf_path_runs());
	char *scratch = sf_print("%s.%ld", link, (long)getpid());

	/* What lies among the runs has its time in its name: to make a link each time would take as long as the run. */
	unlink(file->is_named ? scratch : link);
	if (file->is_named && (symlink(file->path, scratch) != 0 || rename(scratch, link) != 0))
		sf_warn("%s is not remembered as the latest run: %s", file->path, strerror(errno));
	free(scratch);
	free(link);
}

/* ---- using ---- */

/* Of a file that anybody may have written to. What lies beyond what it holds now is out of reach. */
static const char *refuse_rules(const struct sf_arena *arena, uint64_t length)
{
	uint64_t ready = atomic_load_explicit(&arena->pages_ready, memory_order_acquire) * SF_PAGE_SIZE;
	uint64_t rules = atomic_load_explicit(&arena->ruleset_at, memory_order_acquire);
	uint64_t counters = atomic_load_explicit(&arena->counters_at, memory_order_acquire);
	const struct sf_ruleset *set = sf_arena_at(arena, rules);

	sf_arena_reach = ready < length ? ready : length;
	if (!rules)
		return NULL;
	if (rules % 8 || counters % 8 || rules >= sf_arena_reach || counters >= sf_arena_reach ||
	    sf_arena_reach - rules < offsetof(struct sf_ruleset, rules) || set->count > SF_RULES_MAX ||
	    sf_ruleset_size(set) > sf_arena_reach - rules ||
	    set->count * sizeof(struct sf_counter) > sf_arena_reach - counters)
		return "it is damaged: its rules are not where they should be";
	return NULL;
}

void sf_arena_file_open(struct sf_arena_file *file, const char *path)
{
	struct stat st;

	file->path = absolute(path);
	file->fd = open(path, O_RDWR | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &st) != 0)
		sf_die("can't open %s: %s", path, strerror(errno));
	file->arena = st.st_size >= (off_t)sizeof(struct sf_arena) ? map(file->fd, (uint64_t)st.st_size) : NULL;
	const char *why = file->arena ? sf_arena_refuse(file->arena, (uint64_t)st.st_size) : "it is not a sockfault trace";

	if (!why)
		why = refuse_rules(file->arena, (uint64_t)st.st_size);
	if (why)
		sf_die("can't use %s: %s", path, why);
	/* It may grow while it is open: all of its size is needed, though not all of it is there. */
	file->mapped = file->arena->size;
	munmap(file->arena, (size_t)st.st_size);
	file->arena = map(file->fd, file->mapped);
	if (!file->arena)
		sf_die("can't map %s: %s", path, strerror(errno));
}

static int extend(struct sf_arena_file *file, uint32_t ready, uint32_t pages)
{
	uint64_t end = pages * SF_PAGE_SIZE;

	if (file->has_holes && file->is_passing && has_to_spare(file->fd))
		return ftruncate(file->fd, (off_t)end) == 0 ? 0 : errno;
	int why = allocate(file->fd, file->has_holes ? 0 : ready * SF_PAGE_SIZE, end);

	file->has_holes &= why != 0;
	return why;
}

bool sf_arena_file_grow(struct sf_arena_file *file, uint32_t pages)
{
	uint32_t ready = atomic_load_explicit(&file->arena->pages_ready, memory_order_relaxed);
	uint32_t most = (uint32_t)(file->mapped / SF_PAGE_SIZE);

	if (pages <= ready)
		return true;
	if (ready == most)
		return errno = EFBIG, false;
	if (pages > most)
		pages = most;
	if ((errno = extend(file, ready, pages)))
		return false;
	atomic_store_explicit(&file->arena->pages_ready, pages, memory_order_release);
	return true;
}

void sf_arena_file_settle(struct sf_arena_file *file)
{
	uint32_t ready = atomic_load_explicit(&file->arena->pages_ready, memory_order_relaxed);

	/* Where it can't be done the disk has just become full; the pages beyond those in use are not given out any more.
	 */
	if (!file->has_holes || (file->is_passing && has_to_spare(file->fd)))
		return;
	if (allocate(file->fd, 0, ready * SF_PAGE_SIZE) != 0)
		atomic_store(&file->arena->pages_ready, atomic_load(&file->arena->pages_used));
	file->has_holes = false;
}

/* ---- the end ---- */

/* The clock was set back since. */
static bool is_of_future(const char *name)
{
	return strtoll(name + strlen(SF_RUN_PREFIX), NULL, 10) > (long long)time(NULL) + 1;
}

static void remove_if_idle(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
	if (fd >= 0)
		close(fd);
}

void sf_arena_file_remove_older(const struct sf_arena_file *file)
{
	char *latest = file ? NULL : sf_path_latest_run();
	const char *keep = file && !file->is_named ? file->path : latest;
	DIR *folder = opendir(sf_path_runs());

	keep = keep ? strrchr(keep, '/') + 1 : NULL;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		const char *name = entry->d_name;
		bool is_later = keep && sf_path_is_run(name) && strcmp(name, keep) >= 0 && !is_of_future(name);

		if (!is_later && (sf_path_is_run(name) || strncmp(name, SF_PASSING_PREFIX, strlen(SF_PASSING_PREFIX)) == 0))
			remove_if_idle(dirfd(folder), name);
	}
	if (folder)
		closedir(folder);
	free(latest);
}

/* The file ends behind its last used page. Nobody is to be left who writes to it. But a process that got away from the
 * tree, as one of another subreaper may, must not meet the new end: so no page beyond it can be had first. */
static void cut_off(const struct sf_arena_file *file)
{
	struct sf_arena *arena = file->arena;
	uint32_t ready = atomic_load(&arena->pages_ready), used = atomic_load(&arena->pages_used);

	if (used >= ready)
		return;
	atomic_store(&arena->pages_ready, used);
	/* One that had been on its way: then the file stays as it is. */
	if (atomic_load(&arena->pages_used) != used || ftruncate(file->fd, (off_t)(used * SF_PAGE_SIZE)) != 0)
		atomic_store(&arena->pages_ready, ready);
}

void sf_arena_file_finish(struct sf_arena_file *file)
{
	if (geteuid() == 0)
		(void)fchmod(file->fd, 0600);
	/* A hole takes no room, and to cut it off takes as long as all else that is done here. Who asked for the file by
	 * name may want to send it away. */
	if (file->is_named || !file->has_holes)
		cut_off(file);
}

/* SPDX-License-Identifier: MIT
 *
 * tree.c -- walks /proc/PID/task/TID/children from our own process down. A process that appears while we look is found
 * by the next look: who wants the tree gone looks until it is.
 */
#include "cli/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/cli.h"

#define DEPTH_MAX 512 /* a chain of children longer than that is followed when its upper part is gone */

void sf_tree_begin(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		sf_die("can't become the reaper of the program's processes: %s", strerror(errno));
}

typedef void sf_tree_visit(pid_t pid, void *context);

struct walk {
	const struct sf_tree *tree;
	sf_tree_visit *visit;
	void *context;
	size_t count;
	unsigned depth;
};

static bool is_helper(const struct sf_tree *tree, pid_t pid)
{
	for (int i = 0; i < SF_HELPERS_MAX; i++)
		if (tree->helpers[i] == pid)
			return true;
	return false;
}

static void walk_below(struct walk *walk, pid_t pid);

/* The children of one thread, "12 34 ". */
static void walk_children(FILE *file, void *context)
{
	struct walk *walk = context;
	long child;

	while (fscanf(file, "%ld", &child) == 1) {
		if (is_helper(walk->tree, (pid_t)child))
			continue;
		/* Children first: a parent that is killed hands its children to us in the meantime, and we would miss them. */
		walk_below(walk, (pid_t)child);
		walk->count++;
		if (walk->visit)
			walk->visit((pid_t)child, walk->context);
	}
}

/* Calls visit for /proc/PID/task/TID/NAME of each thread. */
static void read_threads(pid_t pid, const char *name, void (*visit)(FILE *file, void *context), void *context)
{
	char path[80];

	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	DIR *threads = opendir(path);

	for (struct dirent *entry; threads && (entry = readdir(threads));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%ld/task/%.20s/%s", (long)pid, entry->d_name, name);
		FILE *file = fopen(path, "re");

		if (file) {
			visit(file, context);
			fclose(file);
		}
	}
	if (threads)
		closedir(threads);
}

static void walk_below(struct walk *walk, pid_t pid)
{
	if (walk->depth == DEPTH_MAX)
		return;
	walk->depth++;
	read_threads(pid, "children", walk_children, walk);
	walk->depth--;
}

static size_t walk_tree(const struct sf_tree *tree, sf_tree_visit *visit, void *context)
{
	struct walk walk = {.tree = tree, .visit = visit, .context = context};

	walk_below(&walk, getpid());
	return walk.count;
}

static void send(pid_t pid, void *context)
{
	/* A process that has ended meanwhile stays ours until we reap it: its number can't name another one. What a parent
	 * below us reaped may, in theory, be gone; the kernel does not give numbers again so soon. */
	(void)kill(pid, *(const int *)context);
}

size_t sf_tree_signal(const struct sf_tree *tree, int signal)
{
	return walk_tree(tree, send, &signal);
}

struct search {
	pid_t own, found;
	int depth; /* namespaces that it is in */
};

/* "NSpid:\t123\t4\t1": its numbers from our namespace to its own. */
static void compare_numbers(pid_t pid, void *context)
{
	struct search *search = context;
	char path[64], line[512];
	int depth = 0;

	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, "NSpid:", 6) != 0)
			continue;
		pid_t own = 0;

		for (char *number = strtok(line + 6, "\t\n"); number; number = strtok(NULL, "\t\n"), depth++)
			own = (pid_t)strtol(number, NULL, 10);
		if (own == search->own && depth > search->depth)
			*search = (struct search){own, pid, depth};
		break;
	}
	if (file)
		fclose(file);
}

pid_t sf_tree_find(const struct sf_tree *tree, pid_t own)
{
	struct search search = {.own = own};

	walk_tree(tree, compare_numbers, &search);
	return search.found;
}

bool sf_tree_is_empty(const struct sf_tree *tree)
{
	return walk_tree(tree, NULL, NULL) == 0;
}

void sf_tree_children(void (*visit)(pid_t pid, void *context), void *context)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	long child;

	while (file && fscanf(file, "%ld", &child) == 1)
		visit((pid_t)child, context);
	if (file)
		fclose(file);
}

struct description {
	char *text;
	size_t size, used;
};

static void describe(pid_t pid, void *context)
{
	struct description *d = context;
	char path[64], name[32] = "?";

	snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
	FILE *file = fopen(path, "re");

	if (file) {
		if (fgets(name, sizeof name, file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	if (d->used < d->size)
		d->used +=
		    (size_t)snprintf(d->text + d->used, d->size - d->used, "%s%ld (%s)", d->used ? ", " : "", (long)pid, name);
}

void sf_tree_describe(const struct sf_tree *tree, char *text, size_t size)
{
	struct description d = {text, size, 0};

	text[0] = '\0';
	walk_tree(tree, describe, &d);
}

/* "State:\tS (sleeping)", and how often it gave its processor up, or lost it. */
struct doing {
	uint64_t turns;
	bool is_busy;
};

static void add_doing(FILE *file, void *context)
{
	struct doing *doing = context;
	unsigned long long turns;
	char line[512], state;

	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "State: %c", &state) == 1)
			doing->is_busy |= state == 'R' || state == 'D';
		else if (
		    sscanf(line, "voluntary_ctxt_switches: %llu", &turns) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %llu", &turns) == 1)
			doing->turns += turns;
	}
}

static void look_at(pid_t pid, void *context)
{
	read_threads(pid, "status", add_doing, context);
}

bool sf_tree_rests(const struct sf_tree *tree, uint64_t *turns)
{
	struct doing doing = {0};
	uint64_t before = *turns;

	walk_tree(tree, look_at, &doing);
	*turns = doing.turns;
	return !doing.is_busy && doing.turns == before;
}

/* Nanoseconds on a processor, and in the queue for one. */
static void add_busy(FILE *file, void *context)
{
	uint64_t *busy_ns = context;
	unsigned long long ran, queued;

	if (fscanf(file, "%llu %llu", &ran, &queued) == 2)
		*busy_ns += ran + queued;
}

uint32_t sf_tree_busy_ms(pid_t pid)
{
	uint64_t busy_ns = 0;

	read_threads(pid, "schedstat", add_busy, &busy_ns);
	return (uint32_t)(busy_ns / 1000000);
}

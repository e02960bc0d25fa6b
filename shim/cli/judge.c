/* SPDX-License-Identifier: MIT
 *
 * judge.c -- a run that is over is looked at: is what was printed what was expected (--expect), and what does the trace
 * say against the program? Both before anything is told of the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "cli/statement.h"

#define ERRORS_MAX ((size_t)1 << 20) /* of what a program says on standard error: more says no more */

/* ---- is it what was expected? ---- */

static int open_output(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		sf_die("can't read %s, to compare: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		sf_die("--expect compares files, and standard output is none");
	return fd;
}

static size_t fill(int fd, const char *path, char *bytes, size_t size)
{
	size_t used = 0;

	for (ssize_t length; used < size && (length = read(fd, bytes + used, size - used)); used += (size_t)length)
		if (length < 0)
			sf_die("can't read %s, to compare: %s", path, strerror(errno));
	return used;
}

static bool is_same_output(const char *one_path, const char *other_path)
{
	char one[4096], other[4096];
	int one_fd = open_output(one_path), other_fd = open_output(other_path);
	size_t length;
	bool is_same;

	do {
		length = fill(one_fd, one_path, one, sizeof one);
		is_same = fill(other_fd, other_path, other, sizeof other) == length && memcmp(one, other, length) == 0;
	} while (is_same && length);
	close(one_fd);
	close(other_fd);
	return is_same;
}

/* Of a server, that is what its client made of it. */
static bool has_ended_well(const struct sf_run *run)
{
	if (run->client.text)
		return run->client.status == 0 && !run->client.timed_out;
	return !run->timed_out && run->has_ended && WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0;
}

static void compare(struct sf_run *run)
{
	const char *output = run->client.text ? run->client.output : "/proc/self/fd/1";

	run->is_compared = run->expected_path && !run->never_served;
	if (run->is_compared && (!has_ended_well(run) || !is_same_output(run->expected_path, output)))
		run->differs = run->client.text ? SF_DIFFERS_CLIENT : SF_DIFFERS_OUTPUT;
}

/* ---- what is there to be said? ---- */

off_t sf_errors_end(void)
{
	struct stat file;

	return fstat(STDERR_FILENO, &file) == 0 && S_ISREG(file.st_mode) ? file.st_size : -1;
}

/* What the target wrote on its standard error: in a file of its own, or in the one that ours is; NULL: nobody knows. */
static char *read_errors(const struct sf_run *run)
{
	const char *path = run->errors_path ? run->errors_path : "/proc/self/fd/2";
	off_t from = run->errors_path ? 0 : run->errors_from;
	int fd = from < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : sf_allocate(ERRORS_MAX + 1);

	if (fd >= 0 && lseek(fd, from, SEEK_SET) == from)
		text[fill(fd, path, text, ERRORS_MAX)] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static struct sf_reader *open_baseline(const char *path)
{
	const char *why;
	struct sf_reader *reader = path ? sf_reader_open(path, &why) : NULL;

	if (path && !reader)
		sf_die("can't read the trace %s: %s", path, why);
	return reader;
}

void sf_run_judge(struct sf_run *run)
{
	const struct sf_arena *arena = run->file.arena;
	uint64_t ready = (uint64_t)atomic_load_explicit(&arena->pages_ready, memory_order_relaxed) * SF_PAGE_SIZE;
	const char *why;

	compare(run);
	if (arena->trace_level != SF_TRACE_ALL)
		return;
	run->reader = sf_reader_over(arena, ready < run->file.mapped ? ready : run->file.mapped, &why);
	if (!run->reader)
		sf_die("the trace of this run can't be read: %s", why);
	struct sf_reader *baseline = open_baseline(run->baseline_path);
	char *errors = read_errors(run);

	run->judged = sf_judge(
	    run->reader,
	    &(struct sf_judge_asked){
	        .baseline = baseline, .compared = run->is_compared, .differs = run->differs, .errors = errors});
	sf_statements_locate(&run->judged, run->reader);
	free(errors);
	if (baseline)
		sf_reader_close(baseline);
}

/* SPDX-License-Identifier: MIT
 *
 * checkup.c -- `sockfault doctor COMMAND`: the verdict of doctor.h in full, then what the program and its libraries
 * import: the names that are intercepted, and those with a bearing on sockets that are not.
 */
#include "cli/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/elf.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/target.h"
#include "core/operation.h"

#define WIDTH 100

/* Names with a bearing on sockets; one that has a row in calls.def is intercepted and not listed here as missing. */
static const struct bystander {
	const char *name, *why;
} bystanders[] = {
    {"res_query", "asks a name server from inside libc: not seen"},
    {"res_nquery", "asks a name server from inside libc: not seen"},
    {"res_search", "asks a name server from inside libc: not seen"},
    {"res_nsearch", "asks a name server from inside libc: not seen"},
    {"res_send", "asks a name server from inside libc: not seen"},
    {"res_nsend", "asks a name server from inside libc: not seen"},
    {"aio_read", "reads in a thread of libc: not seen on a socket"},
    {"aio_write", "writes in a thread of libc: not seen on a socket"},
    {"syslog", "writes to /dev/log from inside libc: not seen"},
    {"vsyslog", "writes to /dev/log from inside libc: not seen"},
    {"__syslog_chk", "writes to /dev/log from inside libc: not seen"},
    {"__vsyslog_chk", "writes to /dev/log from inside libc: not seen"},
    {"rcmd", "connects from inside libc: not seen"},
    {"__sendmsg64", "the 64-bit time twin of a 32-bit system: not seen"},
    {"__recvmsg64", "the 64-bit time twin of a 32-bit system: not seen"},
    {"__sendmmsg64", "the 64-bit time twin of a 32-bit system: not seen"},
    {"__recvmmsg64", "the 64-bit time twin of a 32-bit system: not seen"},
    {"__ppoll64", "the 64-bit time twin of a 32-bit system: not seen"},
    {"__pselect64", "the 64-bit time twin of a 32-bit system: not seen"},
};

#define BYSTANDERS (sizeof bystanders / sizeof bystanders[0])

struct report {
	bool covered[SF_FUNC_COUNT];
	char *escapes[BYSTANDERS]; /* files that import it, NULL: none */
	char *missing;             /* libraries that were not found */
	char *io_uring;            /* files that can use it */
	unsigned libraries;
};

static void append_name(char **list, const char *name)
{
	char *longer = *list ? sf_print("%s, %s", *list, name) : sf_print("%s", name);

	free(*list);
	*list = longer;
}

static void note_import(struct report *report, const char *name, const char *file)
{
	int func = sf_func_find(name, strlen(name));

	if (func >= 0) {
		report->covered[func] = true;
		return;
	}
	for (size_t i = 0; i < BYSTANDERS; i++)
		if (strcmp(bystanders[i].name, name) == 0)
			append_name(&report->escapes[i], file);
}

/* libc's own imports of itself say nothing of the program. */
static bool examine(void *user, const struct sf_library *library)
{
	struct report *report = user;
	uint64_t cursor = 0;

	if (library->needed_by)
		report->libraries++;
	if (!library->elf) {
		append_name(&report->missing, library->name);
		return true;
	}
	for (const char *name; (name = sf_elf_import(library->elf, &cursor));)
		note_import(report, name, library->name);
	if (sf_doctor_uses_io_uring(library->elf, library->needed_by == NULL))
		append_name(&report->io_uring, library->name);
	return true;
}

/* ---- printing ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Words in lines of a readable width. */
static void print_words(const char *const *words, size_t count)
{
	size_t column = 0;

	for (size_t i = 0; i < count; i++) {
		if (column && column + strlen(words[i]) + 1 > WIDTH) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf(column ? " %s" : "  %s", words[i]);
	}
	if (column)
		putchar('\n');
}

static void print_covered(const struct report *report)
{
	const char *names[SF_FUNC_COUNT];
	size_t count = 0;

	for (int i = 0; i < SF_FUNC_COUNT; i++)
		if (report->covered[i] && (sf_func_rows[i].operation != SF_PROCESS || i == SF_FUNC_syscall))
			names[count++] = sf_func_rows[i].name;
	qsort(names, count, sizeof names[0], by_name);
	if (count)
		printf("\nintercepted (%zu of its imports):\n", count);
	else
		printf("\nnone of its imports has to do with sockets; what it opens later (dlopen, exec) may,\n"
		       "and stdio on a socket that it is started with is seen as well\n");
	print_words(names, count);
}

static void print_escapes(const struct report *report)
{
	bool first = true;

	for (size_t i = 0; i < BYSTANDERS; i++) {
		if (!report->escapes[i])
			continue;
		if (first)
			printf("\nnot intercepted:\n");
		first = false;
		printf("  %-16s %s (%s)\n", bystanders[i].name, bystanders[i].why, report->escapes[i]);
	}
}

static void print_io_uring(const struct report *report)
{
	if (report->io_uring)
		printf(
		    "\nio_uring: %s can use it, past every library. `sockfault run` refuses it where it can do so unseen; "
		    "--io-uring refuse does it everywhere\n",
		    report->io_uring);
}

static bool lacks_lines(const char *program)
{
	struct sf_elf elf;
	bool lacks = sf_elf_open(&elf, program) && !sf_elf_has_lines(&elf);

	sf_elf_close(&elf);
	return lacks;
}

static void print_program(const char *command, const struct sf_target *target, const struct report *report)
{
	const char *program = sf_target_program(target);
	char runtime[PATH_MAX];

	printf("%s: the library will load\n\n", command);
	for (unsigned i = 0; i < target->count; i++)
		printf("%-13s%s\n", i + 1 == target->count ? "program" : i ? "through" : "script", target->files[i]);
	if (target->unreadable)
		printf("             it may be executed but not read: nothing more is known of it\n");
	if (target->count == 1 && lacks_lines(program)) /* of a script it would be its interpreter */
		printf("%-13snone, built without -g: mistakes are told by function\n", "source lines");
	printf("%-13s%u\n", "libraries", report->libraries);
	if (report->missing)
		printf("%-13s%s\n", "not found", report->missing);
	if (sf_doctor_asan_runtime(program, runtime, sizeof runtime))
		printf("%-13s%s comes first in LD_PRELOAD; `sockfault run` sees to it\n", "sanitizer", runtime);
}

static int refuse(const char *command, const char *why)
{
	fflush(stdout);
	sf_warn("%s: the library will not load: %s", command, why);
	return SF_STATUS_TROUBLE;
}

static int refuse_unfound(const char *command, const struct sf_target *target)
{
	const char *file = sf_target_program(target);

	if (target->count > 1)
		return refuse(command, sf_print("its interpreter %s can't be run: %s", file, strerror(target->error)));
	return refuse(command, sf_print("it can't be run: %s", strerror(target->error)));
}

/* The loader of a program may be missing: exec then says "no such file" of the program itself. */
static bool lacks_loader(const char *program, char *loader, size_t size)
{
	struct sf_elf elf, found;
	const char *name = sf_elf_open(&elf, program) ? sf_elf_loader(&elf) : NULL;
	bool lacks = name && !sf_elf_open(&found, name);

	if (lacks)
		snprintf(loader, size, "%s", name);
	else if (name)
		sf_elf_close(&found);
	sf_elf_close(&elf);
	return lacks;
}

int sf_cmd_doctor(int argc, char **argv)
{
	struct sf_words words;
	static SF_LARGE struct sf_target target;
	static struct report report;
	char why[PATH_MAX + 256];

	sf_words_begin(&words, argc, argv);
	while (sf_words_next(&words) != SF_OPTION_END)
		;
	if (words.operand_count == 0)
		sf_words_refuse(&words, "a COMMAND is missing");
	const char *command = words.operands[0];

	sf_target_find(&target, command);
	if (target.error)
		return refuse_unfound(command, &target);
	if (sf_doctor_refuses(command, why, sizeof why))
		return refuse(command, why);
	if (lacks_loader(sf_target_program(&target), why, sizeof why))
		return refuse(command, sf_print("its loader %s is not installed here", why));
	sf_library_walk(sf_target_program(&target), true, examine, &report);
	print_program(command, &target, &report);
	print_covered(&report);
	print_escapes(&report);
	print_io_uring(&report);
	return SF_STATUS_GOOD;
}

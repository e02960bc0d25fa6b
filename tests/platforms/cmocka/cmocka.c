/* SPDX-License-Identifier: MIT
 *
 * cmocka.c -- runs the tests one after the other, in cmocka's words.
 */
#include "cmocka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

enum { FAILED = 1, SKIPPED };

static jmp_buf test_ends;

void cmocka_fail(const char *file, int line, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	printf("[  ERROR   ] --- ");
	vprintf(format, values);
	printf("\n%s:%d: error: Failure!\n", file, line);
	va_end(values);
	longjmp(test_ends, FAILED);
}

void cmocka_skip(void)
{
	longjmp(test_ends, SKIPPED);
}

static void *state;

static int run(const struct CMUnitTest *test)
{
	int how = setjmp(test_ends);

	if (how == 0) {
		printf("[ RUN      ] %s\n", test->name);
		fflush(stdout);
		test->run(&state);
	}
	printf("[  %s ] %s\n", how == FAILED ? "FAILED" : how == SKIPPED ? "SKIPPED" : "     OK", test->name);
	return how;
}

int cmocka_run(
    const char *name, const struct CMUnitTest *tests, size_t count, int (*before)(void **state),
    int (*after)(void **state))
{
	int of[3] = {0};

	printf("[==========] %s: Running %zu test(s).\n", name, count);
	if (before && before(&state) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		of[run(&tests[i])]++;
	if (after)
		after(&state);
	printf("[  PASSED  ] %d test(s).\n", of[0]);
	if (of[SKIPPED])
		printf("[  SKIPPED ] %d test(s).\n", of[SKIPPED]);
	if (of[FAILED])
		printf("[  FAILED  ] %d test(s).\n", of[FAILED]);
	return of[FAILED];
}

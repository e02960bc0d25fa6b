/* SPDX-License-Identifier: MIT
 *
 * cmocka.h -- the few names of cmocka that the unit tests use, for machines for which the build has no cmocka: each
 * means what it means there. Values are compared as 64-bit words, as cmocka does it.
 */
#ifndef SF_PLATFORMS_CMOCKA_H
#define SF_PLATFORMS_CMOCKA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*run)(void **state);
};

#define cmocka_unit_test(test)                                                                                         \
	{                                                                                                                  \
#test, test                                                                                                    \
	}
#define cmocka_run_group_tests_name(name, tests, before, after)                                                        \
	cmocka_run(name, tests, sizeof(tests) / sizeof((tests)[0]), before, after)
#define cmocka_run_group_tests(tests, before, after) cmocka_run_group_tests_name(#tests, tests, before, after)

/* The number of tests that failed, or -1 where the group could not be prepared. */
int cmocka_run(
    const char *name, const struct CMUnitTest *tests, size_t count, int (*before)(void **state),
    int (*after)(void **state));

/* These end the test. */
_Noreturn void cmocka_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
_Noreturn void cmocka_skip(void);

#define cmocka_word(value) ((uint64_t)(uintptr_t)(value))
#define cmocka_must(holds, ...) ((holds) ? (void)0 : cmocka_fail(__FILE__, __LINE__, __VA_ARGS__))
#define cmocka_compare(a, relation, b)                                                                                 \
	do {                                                                                                               \
		uint64_t a_ = cmocka_word(a), b_ = cmocka_word(b);                                                             \
		cmocka_must(                                                                                                   \
		    a_ relation b_, "%s %s %s: %#llx and %#llx", #a, #relation, #b, (unsigned long long)a_,                    \
		    (unsigned long long)b_);                                                                                   \
	} while (0)

#define fail_msg(...) cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)
#define skip() cmocka_skip()
#define assert_true(value) cmocka_must(value, "%s", #value)
#define assert_false(value) cmocka_must(!(value), "!(%s)", #value)
#define assert_null(value) cmocka_must(!(value), "%s is not NULL", #value)
#define assert_non_null(value) cmocka_must(value, "%s is NULL", #value)
#define assert_int_equal(a, b) cmocka_compare(a, ==, b)
#define assert_int_not_equal(a, b) cmocka_compare(a, !=, b)
#define assert_ptr_equal(a, b) cmocka_compare(a, ==, b)
#define assert_ptr_not_equal(a, b) cmocka_compare(a, !=, b)
#define assert_in_range(value, low, high)                                                                              \
	do {                                                                                                               \
		uint64_t value_ = cmocka_word(value), low_ = cmocka_word(low), high_ = cmocka_word(high);                      \
		cmocka_must(value_ >= low_ && value_ <= high_, "%s: %#llx", #value, (unsigned long long)value_);               \
	} while (0)
#define assert_string_equal(a, b)                                                                                      \
	do {                                                                                                               \
		const char *a_ = (a), *b_ = (b);                                                                               \
		cmocka_must(strcmp(a_, b_) == 0, "\"%s\" is not \"%s\"", a_, b_);                                              \
	} while (0)
#define assert_memory_equal(a, b, size) cmocka_must(memcmp(a, b, size) == 0, "%s and %s differ", #a, #b)
#define assert_memory_not_equal(a, b, size) cmocka_must(memcmp(a, b, size) != 0, "%s and %s are equal", #a, #b)

#endif

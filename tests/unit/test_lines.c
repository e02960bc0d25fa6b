/* SPDX-License-Identifier: MIT
 *
 * test_lines.c -- whose frame a call stands in, by the names of functions; and functions by the symbols of a file.
 * Lines themselves are tests/e2e/test_lines.py's.
 */
#include "cli/elf.h"
#include "cli/lines.h"
#include "unit.h"

static void names_of_functions_that_only_make_the_call(void **state)
{
	static const struct {
		const char *function, *call;
	} wrappers[] = {
	    {"xread", "read"},
	    {"xread", "recv"},
	    {"Send", "send"},
	    {"safe_write", "writev"},
	    {"SafeWrite", "write"},
	    {"write_wrapper", "send"},
	    {"my_recv", "recvfrom"},
	    {"__wrap_connect", "connect"},
	    {"accept_or_die", "accept4"},
	    {"Accept", "accept"},
	    {"xwrite.constprop.0", "write"},
	};
	static const struct {
		const char *function, *call;
	} own[] = {
	    {"writen", "write"},      {"send_all", "send"}, {"main", "send"},         {"xread", "send"},
	    {"Socket::send", "send"}, {"do_read", "read"},  {"reader", "read"},       {"wrapper", "send"},
	    {NULL, "send"},           {"", "send"},         {"receive_line", "recv"}, {"xread", "no_call"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (!sf_is_wrapper(wrappers[i].function, wrappers[i].call))
			fail_msg("%s is a wrapper of %s", wrappers[i].function, wrappers[i].call);
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (sf_is_wrapper(own[i].function, own[i].call))
			fail_msg("%s is no wrapper of %s", own[i].function ? own[i].function : "NULL", own[i].call);
}

static void functions_are_found_by_the_symbols_of_a_file(void **state)
{
	struct sf_elf elf;
	uint64_t into = 0;
	uint64_t bias = 0;

	(void)state;
	assert_true(sf_elf_open(&elf, "/proc/self/exe"));
	if (elf.type == ET_DYN) {
		extern const char __ehdr_start[] __attribute__((visibility("hidden")));

		bias = (uint64_t)(uintptr_t)__ehdr_start;
	}
	uint64_t here = (uint64_t)(uintptr_t)functions_are_found_by_the_symbols_of_a_file - bias;

	assert_string_equal(sf_elf_function(&elf, here + 3, &into), "functions_are_found_by_the_symbols_of_a_file");
	assert_int_equal(into, 3);
	assert_null(sf_elf_function(&elf, 1, &into));
	assert_null(sf_elf_function(&elf, UINT64_MAX, &into));
	sf_elf_close(&elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_functions_that_only_make_the_call),
	    cmocka_unit_test(functions_are_found_by_the_symbols_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

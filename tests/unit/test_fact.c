/* SPDX-License-Identifier: MIT
 *
 * test_fact.c -- the table of errnos is whole, and the search finds the most possible row.
 */
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "core/fact.h"
#include "core/names.h"
#include "unit.h"

#define ANY_MODE (SF_BIT(SF_MODE_COUNT) - 1)

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static void each_fact_is_whole(void **state)
{
	static const char *const classes[] = {"transient", "terminal", "resource", "config", "programming"};

	(void)state;
	for (size_t i = 0; i < sf_fact_count; i++) {
		const struct sf_fact *fact = &sf_facts[i];

		assert_true(fact->funcs[0] || fact->funcs[1]);
		assert_true(fact->on && fact->on <= SF_ON_ANY);
		assert_true(fact->modes && fact->modes <= ANY_MODE);
		assert_in_range(fact->possible, SF_POSSIBLE_NO, SF_POSSIBLE_YES);
		assert_true(is_one_of(sf_fact_text(fact->class_), classes, sizeof classes / sizeof classes[0]));
		assert_true(sf_fact_text(fact->when)[0]);
		assert_true(fact->possible <= SF_POSSIBLE_POSIX || sf_fact_text(fact->next)[0]);
	}
}

/* What is real has a name, and belongs to one operation. */
static void each_fact_has_a_number_with_a_name_and_one_operation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sf_fact_count; i++) {
		int operation = -1;

		for (unsigned func = 0; func < SF_FUNC_COUNT; func++) {
			if (!(sf_facts[i].funcs[func / 64] >> (func % 64) & 1))
				continue;
			assert_true(operation < 0 || operation == sf_func_rows[func].operation);
			operation = sf_func_rows[func].operation;
		}
		assert_in_range(operation, 0, SF_OPERATION_RULED - 1);
		assert_non_null(operation == SF_RESOLVE ? sf_eai_name(sf_facts[i].number) : sf_errno_name(sf_facts[i].number));
	}
}

static void fact_of_a_blocking_recv_forbids_eagain(void **state)
{
	const struct sf_fact *fact = sf_fact_find(SF_FUNC_recv, EAGAIN, SF_ON_TCP, SF_BIT(SF_BLOCKING));

	(void)state;
	assert_non_null(fact);
	assert_int_equal(fact->possible, SF_POSSIBLE_NO);
	assert_int_equal(sf_fact_find(SF_FUNC_recv, EAGAIN, SF_ON_TCP, SF_BIT(SF_NONBLOCKING))->possible, SF_POSSIBLE_YES);
	assert_int_equal(sf_fact_find(SF_FUNC_recv, EAGAIN, SF_ON_TCP, SF_BIT(SF_TIMEOUT))->possible, SF_POSSIBLE_YES);
}

static void fact_find_gives_the_most_possible_row(void **state)
{
	(void)state;
	assert_int_equal(sf_fact_find(SF_FUNC_read, EAGAIN, SF_ON_ANY, ANY_MODE)->possible, SF_POSSIBLE_YES);
	assert_int_equal(sf_fact_find(SF_FUNC_write, EINTR, SF_ON_ANY, ANY_MODE)->possible, SF_POSSIBLE_COND);
	assert_int_equal(sf_fact_find(SF_FUNC_accept4, ECONNABORTED, SF_ON_TCP, ANY_MODE)->possible, SF_POSSIBLE_POSIX);
	assert_int_equal(sf_fact_find(SF_FUNC_close, EBADF, SF_ON_ANY, ANY_MODE)->possible, SF_POSSIBLE_ARGUMENTS);
}

static void fact_find_knows_what_is_in_no_row(void **state)
{
	(void)state;
	assert_null(sf_fact_find(SF_FUNC_recv, EXDEV, SF_ON_ANY, ANY_MODE));
	assert_null(sf_fact_find(SF_FUNC_recv, ECONNRESET, SF_ON_UDP, ANY_MODE));
	assert_null(sf_fact_find(SF_FUNC_recv, EMFILE, SF_ON_ANY, ANY_MODE));
	assert_null(sf_fact_find(SF_FUNC_execve, ENOENT, SF_ON_ANY, ANY_MODE));
}

static void twins_of_a_function_have_the_same_facts(void **state)
{
	static const unsigned twins[][2] = {
	    {SF_FUNC_recv, SF_FUNC___recv_chk},  {SF_FUNC_read, SF_FUNC___read_chk},
	    {SF_FUNC_readv, SF_FUNC_preadv2},    {SF_FUNC_recvfrom, SF_FUNC___recvfrom_chk},
	    {SF_FUNC_poll, SF_FUNC___poll_chk},  {SF_FUNC_poll, SF_FUNC_ppoll},
	    {SF_FUNC_sendmsg, SF_FUNC_sendmmsg}, {SF_FUNC_write, SF_FUNC_writev},
	    {SF_FUNC_select, SF_FUNC_pselect},   {SF_FUNC_epoll_wait, SF_FUNC_epoll_pwait2},
	    {SF_FUNC_recvmsg, SF_FUNC_recvmmsg},
	};

	(void)state;
	for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
		for (int number = 1; number < 134; number++)
			for (unsigned mode = 0; mode < SF_MODE_COUNT; mode++)
				assert_ptr_equal(
				    sf_fact_find(twins[i][0], number, SF_ON_ANY, (uint8_t)SF_BIT(mode)),
				    sf_fact_find(twins[i][1], number, SF_ON_ANY, (uint8_t)SF_BIT(mode)));
}

static void resolve_has_eai_numbers(void **state)
{
	(void)state;
	assert_int_equal(sf_fact_find(SF_FUNC_getaddrinfo, -(EAI_AGAIN), SF_ON_ANY, ANY_MODE)->possible, SF_POSSIBLE_YES);
	assert_null(sf_fact_find(SF_FUNC_getaddrinfo, ECONNREFUSED, SF_ON_ANY, ANY_MODE));
}

static void sockets_have_their_bit(void **state)
{
	(void)state;
	assert_int_equal(sf_on(SF_INET, SF_STREAM), SF_ON_TCP);
	assert_int_equal(sf_on(SF_INET6, SF_DGRAM), SF_ON_UDP);
	assert_int_equal(sf_on(SF_UNIX, SF_SEQPACKET), SF_ON_UNIX_SEQPACKET);
	assert_int_equal(sf_on(SF_UNIX, SF_DGRAM), SF_ON_UNIX_DGRAM);
	assert_int_equal(sf_on(SF_INET, SF_TYPE_OTHER), SF_ON_RAW);
	assert_int_equal(sf_on(SF_FAMILY_OTHER, SF_STREAM), SF_ON_RAW);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(each_fact_is_whole),
	    HOLDS(each_fact_has_a_number_with_a_name_and_one_operation),
	    HOLDS(fact_of_a_blocking_recv_forbids_eagain),
	    HOLDS(fact_find_gives_the_most_possible_row),
	    HOLDS(fact_find_knows_what_is_in_no_row),
	    HOLDS(twins_of_a_function_have_the_same_facts),
	    HOLDS(resolve_has_eai_numbers),
	    HOLDS(sockets_have_their_bit),
	};

	return cmocka_run_group_tests_name("fact", tests, NULL, NULL);
}

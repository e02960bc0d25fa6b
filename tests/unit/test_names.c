/* SPDX-License-Identifier: MIT
 *
 * test_names.c -- names and numbers are inverse; the nearest word is the one that was meant; text is appended as
 * snprintf would put it.
 */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/append.h"
#include "core/fault.h"
#include "core/names.h"
#include "core/near.h"
#include "unit.h"

static void each_errno_of_this_system_has_its_name(void **state)
{
	(void)state;
	for (int number = 1; number < 134; number++) {
		const char *known = strerrorname_np(number), *name = sf_errno_name(number);

		assert_int_equal(known == NULL, name == NULL);
		if (!known)
			continue;
		assert_string_equal(name, strcmp(known, "ENOTSUP") == 0 ? "EOPNOTSUPP" : known);
		assert_int_equal(sf_errno_find(name, strlen(name)), number);
	}
}

static void aliases_of_errnos_are_read_and_not_printed(void **state)
{
	(void)state;
	assert_int_equal(sf_errno_find("EWOULDBLOCK", 11), EAGAIN);
	assert_int_equal(sf_errno_find("ENOTSUP", 7), EOPNOTSUPP);
	assert_string_equal(sf_errno_name(EWOULDBLOCK), "EAGAIN");
	assert_string_equal(sf_errno_name(EOPNOTSUPP), "EOPNOTSUPP");
}

static void unknown_names_and_numbers_are_none(void **state)
{
	(void)state;
	assert_null(sf_errno_name(0));
	assert_null(sf_errno_name(-1));
	assert_null(sf_errno_name(INT32_MAX));
	assert_int_equal(sf_errno_find("ECONNRESE", 9), -1);
	assert_int_equal(sf_errno_find("ECONNRESETX", 11), -1);
	assert_int_equal(sf_errno_find("", 0), -1);
	assert_int_equal(sf_signal_find("SIG", 3), -1);
	assert_int_equal(sf_signal_find("", 0), -1);
	assert_null(sf_signal_name(0));
	assert_null(sf_eai_name(0));
}

static void eai_numbers_are_positive(void **state)
{
	(void)state;
	assert_int_equal(sf_eai_find("EAI_NONAME", 10), 2);
	assert_string_equal(sf_eai_name(2), "EAI_NONAME");
	assert_int_equal(sf_eai_find("EAI_AGAIN", 9), -(EAI_AGAIN));
}

static void each_signal_has_its_name_with_and_without_sig(void **state)
{
	(void)state;
	for (int number = 1; number < 32; number++) {
		char expected[16];

		snprintf(expected, sizeof expected, "SIG%s", number == SIGIO ? "IO" : sigabbrev_np(number));
		assert_string_equal(sf_signal_name(number), expected);
		assert_int_equal(sf_signal_find(expected, strlen(expected)), number);
		assert_int_equal(sf_signal_find(expected + 3, strlen(expected) - 3), number);
	}
}

static void message_flags_end_and_have_one_bit_each(void **state)
{
	uint32_t seen = 0;
	unsigned i = 0;

	(void)state;
	for (; sf_message_flags[i].name; i++) {
		assert_int_equal(__builtin_popcount(sf_message_flags[i].bit), 1);
		assert_int_equal(seen & sf_message_flags[i].bit, 0);
		seen |= sf_message_flags[i].bit;
	}
	assert_true(seen & MSG_NOSIGNAL && seen & MSG_DONTWAIT && seen & MSG_PEEK);
}

/* ---- the nearest word ---- */

static const char *near(const char *word)
{
	struct sf_near near = sf_near_to(word, strlen(word));

	sf_near_offer_all(&near, sf_fault_words, SF_FAULT_COUNT);
	return sf_near_found(&near);
}

static void nearest_word_is_the_one_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(near("rset"), "reset");
	assert_string_equal(near("RESET"), "reset");
	assert_string_equal(near("rseet"), "reset");
	assert_string_equal(near("latencies"), "latency");
	assert_string_equal(near("dely"), "delay");
	assert_string_equal(near("shotr"), "short");
}

static void nearest_word_is_none_where_nothing_is_near(void **state)
{
	(void)state;
	assert_null(near("frobnicate"));
	assert_null(near("xyz"));
	assert_null(near("x"));
	assert_null(near(""));
	assert_null(near("a-word-that-is-longer-than-any-that-is-known"));
}

/* ---- appending ---- */

static void append_formats_as_snprintf_does(void **state)
{
	char ours[64], theirs[64];

	(void)state;
	for (size_t size = 0; size <= sizeof ours; size++) {
		struct sf_append out = sf_append_to(ours, size);
		int length;

		memset(ours, 'x', sizeof ours);
		memset(theirs, 'x', sizeof theirs);
		sf_append_format(&out, "a%s|%.*s|%c|%u|%llu|%%", "bc", 2, "defg", 'h', UINT32_MAX, ULLONG_MAX);
		length = snprintf(theirs, size, "a%s|%.*s|%c|%u|%llu|%%", "bc", 2, "defg", 'h', UINT32_MAX, ULLONG_MAX);
		assert_int_equal(sf_append_end(&out), length);
		assert_memory_equal(ours, theirs, size < (size_t)length ? size : (size_t)length + 1);
		for (size_t i = size; i < sizeof ours; i++)
			assert_int_equal(ours[i], 'x');
	}
}

static void texts_of_errors_are_those_of_glibc(void **state)
{
	(void)state;
	for (int number = 0; number < 134; number++) {
		const char *known = strerrordesc_np(number), *text = sf_errno_text(number);

		assert_int_equal(known == NULL, text == NULL);
		if (known)
			assert_string_equal(text, known);
	}
	assert_string_equal(sf_eai_text(-EAI_AGAIN), gai_strerror(EAI_AGAIN));
	assert_null(sf_eai_text(0));
	for (int number = 1; number < 110; number++)
		if (sf_eai_name(number))
			assert_string_equal(sf_eai_text(number), gai_strerror(-number));
}

static void append_writes_zero_as_a_digit(void **state)
{
	char text[8];
	struct sf_append out = sf_append_to(text, sizeof text);

	(void)state;
	sf_append_number(&out, 0);
	sf_append_end(&out);
	assert_string_equal(text, "0");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(each_errno_of_this_system_has_its_name),
	    HOLDS(aliases_of_errnos_are_read_and_not_printed),
	    HOLDS(unknown_names_and_numbers_are_none),
	    HOLDS(eai_numbers_are_positive),
	    HOLDS(each_signal_has_its_name_with_and_without_sig),
	    HOLDS(message_flags_end_and_have_one_bit_each),
	    HOLDS(nearest_word_is_the_one_that_was_meant),
	    HOLDS(nearest_word_is_none_where_nothing_is_near),
	    HOLDS(append_formats_as_snprintf_does),
	    HOLDS(texts_of_errors_are_those_of_glibc),
	    HOLDS(append_writes_zero_as_a_digit),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 *
 * test_output.c -- the pieces that lines are put together from: numbers, and strings of JSON from any bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "unit.h"

static struct sf_output out;

static const char *put(void (*piece)(uint64_t number), uint64_t number)
{
	out.fd = -1;
	out.used = 0;
	piece(number);
	out.buffer[out.used] = '\0';
	return out.buffer;
}

static void plain(uint64_t number)
{
	sf_put_number(&out, number);
}

static void with_sign(uint64_t number)
{
	sf_put_signed(&out, (int64_t)number);
}

static void hexadecimal(uint64_t number)
{
	sf_put_hex(&out, number, 1);
}

static void numbers_are_written_as_printf_writes_them(void **state)
{
	uint64_t number = 1;
	char want[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(want, sizeof want, "%" PRIu64, number);
		assert_string_equal(put(plain, number), want);
		snprintf(want, sizeof want, "%" PRId64, (int64_t)number);
		assert_string_equal(put(with_sign, number), want);
		snprintf(want, sizeof want, "%" PRIx64, number);
		assert_string_equal(put(hexadecimal, number), want);
		number = i < 1000 ? (uint64_t)i : number * UINT64_C(6364136223846793005) + 1;
	}
	assert_string_equal(put(plain, UINT64_MAX), "18446744073709551615");
	assert_string_equal(put(with_sign, UINT64_C(1) << 63), "-9223372036854775808");
	(void)state;
}

static const char *json(const char *text, size_t length)
{
	out.fd = -1;
	out.used = 0;
	sf_put_json(&out, text, length);
	out.buffer[out.used] = '\0';
	return out.buffer;
}

static void text_of_others_speaks_to_no_terminal(void **state)
{
	static const char *const rows[][2] = {
	    {"plain, \ttab", "plain, \ttab"},
	    {"\033[31mred\a\r\n\b\177", "?[31mred?????"},
	    {"\303\237 \342\202\254 \360\237\220\220", "\303\237 \342\202\254 \360\237\220\220"},
	    {"\302\23331m \302\240", "??31m \302\240"},
	    {"\23331m \342\202 \303", "?31m ?? ?"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char copy[32];

		strcpy(copy, rows[i][0]);
		sf_make_plain(copy, strlen(copy));
		assert_string_equal(copy, rows[i][1]);
		out.used = 0;
		sf_put_plain(&out, rows[i][0], strlen(rows[i][0]));
		sf_put(&out, "", 1);
		assert_string_equal(out.buffer, rows[i][1]);
	}
	(void)state;
}

static void strings_escape_what_json_wants_escaped(void **state)
{
	assert_string_equal(json("", 0), "\"\"");
	assert_string_equal(json("plain", 5), "\"plain\"");
	assert_string_equal(json("a\"b\\c\n\t\r\b\f", 10), "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\"");
	assert_string_equal(json("\0\x1f\x7f", 3), "\"\\u0000\\u001f\\u007f\"");
	assert_string_equal(json("\xc3\xa4\xe2\x86\x90\xf0\x9f\x98\x80", 9), "\"\xc3\xa4\xe2\x86\x90\xf0\x9f\x98\x80\"");
	(void)state;
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	static const char *const wrong[] = {
	    "\xff",
	    "\x80",
	    "\xc3",
	    "\xc0\x80",
	    "\xe0\x80\x80",
	    "\xed\xa0\x80",
	    "\xf4\x90\x80\x80",
	    "\xf0\x9f\x98",
	    "\xf5\x80\x80\x80",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char want[64] = "\"";

		for (size_t k = 0; k < strlen(wrong[i]); k++)
			strcat(want, "\\ufffd");
		strcat(want, "\"");
		assert_string_equal(json(wrong[i], strlen(wrong[i])), want);
	}
	(void)state;
}

static void output_longer_than_the_buffer_is_written_whole(void **state)
{
	static char piece[SF_OUTPUT_SIZE + 100];
	static char got[2 * sizeof piece];
	FILE *file = tmpfile();

	memset(piece, 'x', sizeof piece);
	out = (struct sf_output){.fd = fileno(file)};
	sf_put_text(&out, "begin");
	sf_put(&out, piece, sizeof piece);
	sf_put(&out, piece, 1000);
	sf_put_text(&out, "end");
	sf_output_flush(&out);
	assert_int_equal(pread(fileno(file), got, sizeof got, 0), (ssize_t)(5 + sizeof piece + 1000 + 3));
	assert_memory_equal(got, "beginxxx", 8);
	assert_memory_equal(got + 5 + sizeof piece + 1000 - 1, "xend", 4);
	assert_false(out.closed);
	fclose(file);
	(void)state;
}

static void output_that_nobody_reads_is_dropped(void **state)
{
	out = (struct sf_output){.fd = 0x7ffffff};
	sf_put_text(&out, "text");
	sf_output_flush(&out);
	assert_true(out.closed);
	assert_int_equal(out.used, 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOLDS(numbers_are_written_as_printf_writes_them),      HOLDS(text_of_others_speaks_to_no_terminal),
	    HOLDS(strings_escape_what_json_wants_escaped),         HOLDS(bytes_that_are_not_utf8_are_replaced),
	    HOLDS(output_longer_than_the_buffer_is_written_whole), HOLDS(output_that_nobody_reads_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

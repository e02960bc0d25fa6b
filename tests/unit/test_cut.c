/* SPDX-License-Identifier: MIT
 *
 * test_cut.c -- requests made shorter: exactly as short as was wanted, and nothing of the program's written to.
 */
#include "cut.h"

#include <string.h>

#include "unit.h"

#define PIECES 40

static char memory[PIECES * 64];

/* Pieces of these lengths, end to end in memory. */
static size_t lay(struct iovec *iov, const size_t *lengths, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		iov[i] = (struct iovec){memory + at, lengths[i]};
		at += lengths[i];
	}
	return at;
}

static size_t bytes_in(const struct iovec *iov, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += iov[i].iov_len;
	return sum;
}

/* The pieces that are left are the first bytes of the whole, in order: here the whole lies end to end. */
static void are_the_first_bytes(const struct iovec *iov, size_t count)
{
	const char *at = memory;

	for (size_t i = 0; i < count; i++) {
		if (iov[i].iov_len)
			assert_ptr_equal(iov[i].iov_base, at);
		at += iov[i].iov_len;
	}
}

static void cut_vector(const size_t *lengths, size_t count, size_t want)
{
	struct iovec iov[PIECES], before[PIECES];
	struct sf_cut cut;
	size_t all = lay(iov, lengths, count);
	struct sf_call call = {
	    .shape = SF_SHAPE_VECTOR, .iov = iov, .count = (int)count, .asked = all, .len = want, .cut = &cut};

	memcpy(before, iov, sizeof before);
	memset(&cut, 0xa5, sizeof cut);
	sf_cut(&call);
	assert_int_equal(bytes_in(call.iov, (size_t)call.count), want);
	assert_int_equal(call.len, want);
	assert_in_range(call.count, 1, SF_CUT_MAX);
	are_the_first_bytes(call.iov, (size_t)call.count);
	assert_memory_equal(before, iov, sizeof before[0] * count);
	assert_false(call.was_cut); /* there is no header to be put back */
}

static void a_vector_is_cut_to_each_length(void **state)
{
	static const size_t lengths[] = {5, 1, 0, 7, 3};

	(void)state;
	for (size_t want = 1; want <= 16; want++)
		cut_vector(lengths, 5, want);
}

/* recv() of nothing would be the end of the stream. */
static void pieces_of_no_length_are_not_all_that_is_left(void **state)
{
	size_t lengths[PIECES] = {0};

	(void)state;
	lengths[20] = 10;
	lengths[39] = 10;
	cut_vector(lengths, PIECES, 1);
	cut_vector(lengths, PIECES, 10);
	cut_vector(lengths, PIECES, 11);
}

static void a_cut_behind_the_last_piece_there_is_room_for_falls_on_its_end(void **state)
{
	size_t lengths[PIECES];
	struct iovec iov[PIECES];
	struct sf_cut cut;

	(void)state;
	for (unsigned i = 0; i < PIECES; i++)
		lengths[i] = 3;
	cut_vector(lengths, PIECES, 3 * SF_CUT_MAX);
	cut_vector(lengths, PIECES, 3 * SF_CUT_MAX - 1);
	size_t all = lay(iov, lengths, PIECES);
	struct sf_call call = {
	    .shape = SF_SHAPE_VECTOR, .iov = iov, .count = PIECES, .asked = all, .len = all - 1, .cut = &cut};

	sf_cut(&call);
	assert_int_equal(call.count, SF_CUT_MAX);
	assert_int_equal(call.len, 3 * SF_CUT_MAX);
	assert_int_equal(bytes_in(call.iov, SF_CUT_MAX), call.len);
}

static void a_buffer_is_cut_by_its_length_alone(void **state)
{
	struct sf_call call = {.shape = SF_SHAPE_BUFFER, .buf = memory, .asked = 64, .len = 10};

	(void)state;
	sf_cut(&call);
	assert_ptr_equal(call.buf, memory);
	assert_int_equal(call.len, 10);
	assert_false(call.was_cut);
}

/* ---- headers ---- */

static const size_t halves[] = {32, 32};

struct letter {
	struct iovec iov[2];
	char name[16], control[32];
	struct mmsghdr messages[2];
	struct sf_cut cut;
	struct sf_call call;
};

static void write_letter(struct letter *letter, enum sf_shape shape, enum sf_operation operation, size_t want)
{
	memset(letter, 0, sizeof *letter);
	lay(letter->iov, halves, 2);
	letter->messages[0].msg_hdr = (struct msghdr){
	    .msg_name = letter->name,
	    .msg_namelen = sizeof letter->name,
	    .msg_iov = letter->iov,
	    .msg_iovlen = 2,
	    .msg_control = letter->control,
	    .msg_controllen = sizeof letter->control,
	    .msg_flags = 77,
	};
	letter->messages[0].msg_len = 1234;
	letter->messages[1] = letter->messages[0];
	letter->call = (struct sf_call){
	    .shape = (uint8_t)shape,
	    .operation = (uint8_t)operation,
	    .count = 2,
	    .asked = shape == SF_SHAPE_MESSAGES ? 128 : 64,
	    .len = want,
	    .cut = &letter->cut,
	};
	if (shape == SF_SHAPE_MESSAGES)
		letter->call.mmsg = letter->messages;
	else
		letter->call.msg = &letter->messages[0].msg_hdr;
}

static void a_message_is_cut_and_keeps_all_else(void **state)
{
	struct letter letter;

	(void)state;
	for (size_t want = 1; want < 64; want++) {
		write_letter(&letter, SF_SHAPE_MESSAGE, SF_SEND, want);
		struct msghdr before = letter.messages[0].msg_hdr;

		sf_cut(&letter.call);
		const struct msghdr *asked = letter.call.msg;

		assert_true(letter.call.was_cut);
		assert_ptr_not_equal(asked, &letter.messages[0].msg_hdr);
		assert_int_equal(bytes_in(asked->msg_iov, asked->msg_iovlen), want);
		are_the_first_bytes(asked->msg_iov, asked->msg_iovlen);
		assert_ptr_equal(asked->msg_name, letter.name);
		assert_ptr_equal(asked->msg_control, letter.control);
		assert_int_equal(asked->msg_controllen, sizeof letter.control);
		letter.call.ret = (int64_t)want;
		sf_cut_restore(&letter.call);
		assert_ptr_equal(letter.call.msg, &letter.messages[0].msg_hdr);
		assert_memory_equal(&before, &letter.messages[0].msg_hdr, sizeof before);
		assert_false(letter.call.was_cut);
	}
}

/* What recvmsg(2) writes: lengths of name and control data, flags. */
static void the_kernel_writes(struct msghdr *header)
{
	header->msg_namelen = 3;
	header->msg_controllen = 5;
	header->msg_flags = MSG_CTRUNC;
}

static void what_the_kernel_wrote_comes_back(void **state)
{
	struct letter letter = {0};
	struct msghdr *header = &letter.messages[0].msg_hdr;

	(void)state;
	write_letter(&letter, SF_SHAPE_MESSAGE, SF_RECV, 40);
	sf_cut(&letter.call);
	the_kernel_writes(letter.call.msg);
	letter.call.ret = 40;
	sf_cut_restore(&letter.call);
	assert_int_equal(header->msg_namelen, 3);
	assert_int_equal(header->msg_controllen, 5);
	assert_int_equal(header->msg_flags, MSG_CTRUNC);
	assert_ptr_equal(header->msg_iov, letter.iov);
	assert_int_equal(header->msg_iovlen, 2);
	assert_int_equal(letter.iov[1].iov_len, 32);
}

static void a_call_that_failed_leaves_the_header_alone(void **state)
{
	struct letter letter;

	(void)state;
	write_letter(&letter, SF_SHAPE_MESSAGE, SF_RECV, 40);
	struct msghdr before = letter.messages[0].msg_hdr;

	sf_cut(&letter.call);
	the_kernel_writes(letter.call.msg);
	letter.call.ret = -1;
	sf_cut_restore(&letter.call);
	assert_memory_equal(&before, &letter.messages[0].msg_hdr, sizeof before);
}

static void of_several_messages_the_first_alone_goes(void **state)
{
	struct letter letter;

	(void)state;
	write_letter(&letter, SF_SHAPE_MESSAGES, SF_SEND, 40);
	sf_cut(&letter.call);
	assert_int_equal(letter.call.count, 1);
	assert_int_equal(letter.call.len, 40);
	assert_int_equal(bytes_in(letter.call.mmsg[0].msg_hdr.msg_iov, letter.call.mmsg[0].msg_hdr.msg_iovlen), 40);
	letter.call.mmsg[0].msg_len = 40;
	letter.call.ret = 1;
	sf_cut_restore(&letter.call);
	assert_ptr_equal(letter.call.mmsg, letter.messages);
	assert_int_equal(letter.messages[0].msg_len, 40);
	assert_int_equal(letter.messages[1].msg_len, 1234);
	assert_int_equal(bytes_in(letter.messages[0].msg_hdr.msg_iov, 2), 64);
}

/* A cut behind the first message: it goes whole, and the count says so. */
static void a_cut_behind_the_first_message_falls_on_its_end(void **state)
{
	struct letter letter;

	(void)state;
	write_letter(&letter, SF_SHAPE_MESSAGES, SF_RECV, 100);
	sf_cut(&letter.call);
	assert_int_equal(letter.call.count, 1);
	assert_int_equal(letter.call.len, 64);
	the_kernel_writes(&letter.call.mmsg[0].msg_hdr);
	letter.call.mmsg[0].msg_len = 64;
	letter.call.ret = 1;
	sf_cut_restore(&letter.call);
	assert_int_equal(letter.messages[0].msg_len, 64);
	assert_int_equal(letter.messages[0].msg_hdr.msg_namelen, 3);
	assert_int_equal(letter.messages[1].msg_hdr.msg_namelen, sizeof letter.name);
}

static void messages_that_failed_keep_their_lengths(void **state)
{
	struct letter letter;

	(void)state;
	write_letter(&letter, SF_SHAPE_MESSAGES, SF_RECV, 40);
	sf_cut(&letter.call);
	letter.call.mmsg[0].msg_len = 40;
	letter.call.ret = -1;
	sf_cut_restore(&letter.call);
	assert_ptr_equal(letter.call.mmsg, letter.messages);
	assert_int_equal(letter.messages[0].msg_len, 1234);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(a_vector_is_cut_to_each_length),
	    HOLDS(pieces_of_no_length_are_not_all_that_is_left),
	    HOLDS(a_cut_behind_the_last_piece_there_is_room_for_falls_on_its_end),
	    HOLDS(a_buffer_is_cut_by_its_length_alone),
	    HOLDS(a_message_is_cut_and_keeps_all_else),
	    HOLDS(what_the_kernel_wrote_comes_back),
	    HOLDS(a_call_that_failed_leaves_the_header_alone),
	    HOLDS(of_several_messages_the_first_alone_goes),
	    HOLDS(a_cut_behind_the_first_message_falls_on_its_end),
	    HOLDS(messages_that_failed_keep_their_lengths),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}

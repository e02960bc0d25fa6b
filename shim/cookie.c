/* SPDX-License-Identifier: MIT
 *
 * cookie.c -- glibc's way in: see stream.h. glibc calls nothing that can be replaced for a FILE of fdopen, and checks
 * its tables of functions. It does call out for a FILE of fopencookie, and with _fileno set that one has everything
 * that fdopen's has: fileno() is true; fread, getline, printf and flushing at exit are the same code. What it lacks is
 * taken from a FILE that fdopen made, and that stands empty behind it then: the buffer, of the size that libc gives
 * sockets; the wide half, without which freopen crashes. A stream that turns wide gets glibc's own functions for that:
 * it works, and is not seen any more. The members of FILE that are used here are in the public header.
 */
#include "stream.h"

#ifdef __GLIBC__

#include <errno.h>
#include <stdatomic.h>
#include <stdio_ext.h>
#include <stdlib.h>

#include "gate.h"
#include "sys.h"
#include "track.h"

#define relaxed memory_order_relaxed

/* Streams of ours that are open. Slots are given out again and never freed, so that a look needs no lock, also in the
 * child of a fork. */
struct slot {
	_Atomic(FILE *) stream; /* NULL: free */
	FILE *native;
	bool is_standard;
	struct slot *next;
};

static _Atomic(struct slot *) slots;
static FILE claimed;

static struct slot *slot_of(FILE *stream)
{
	struct slot *slot = atomic_load_explicit(&slots, memory_order_acquire);

	while (slot && atomic_load_explicit(&slot->stream, relaxed) != stream)
		slot = slot->next;
	return slot;
}

static struct slot *claim_slot(void)
{
	for (struct slot *slot = atomic_load_explicit(&slots, memory_order_acquire); slot; slot = slot->next) {
		FILE *none = NULL;

		if (atomic_compare_exchange_strong(&slot->stream, &none, &claimed))
			return slot;
	}
	struct slot *slot = calloc(1, sizeof *slot);

	if (!slot)
		return NULL;
	atomic_store_explicit(&slot->stream, &claimed, relaxed);
	slot->next = atomic_load_explicit(&slots, relaxed);
	while (!atomic_compare_exchange_weak(&slots, &slot->next, slot))
		;
	return slot;
}

/* The cookie is the descriptor itself. */
static int fd_of(void *cookie)
{
	return (int)(intptr_t)cookie;
}

static ssize_t stream_read(void *cookie, char *buf, size_t len)
{
	return sf_stream_take(fd_of(cookie), buf, len, SF_SITE);
}

static ssize_t stream_write(void *cookie, const char *buf, size_t len)
{
	return (ssize_t)sf_stream_put(SF_FUNC_write, fd_of(cookie), buf, len, SF_SITE);
}

/* ESPIPE, unless the program has put something else under the number. */
static int stream_seek(void *cookie, off64_t *offset, int whence)
{
	*offset = sf_stream_answer(sf_sys(SYS_lseek, fd_of(cookie), *offset, whence));
	return *offset < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
	return sf_stream_end(fd_of(cookie), SF_SITE);
}

static const char *plain_mode(FILE *native, const char *mode)
{
	bool appends = mode[0] == 'a';

	if (!__fwritable(native))
		return "r";
	if (!__freadable(native))
		return appends ? "a" : "w";
	return appends ? "a+" : "r+";
}

/* What fdopen gives and fopencookie does not. */
static void furnish(FILE *stream, FILE *native, int fd)
{
	setvbuf(native, NULL, _IOFBF, 0); /* has it make its buffer now */
	stream->_IO_buf_base = native->_IO_buf_base;
	stream->_IO_buf_end = native->_IO_buf_end;
	native->_IO_buf_base = native->_IO_buf_end = NULL;
	stream->_wide_data = native->_wide_data;
	stream->_mode = native->_mode; /* neither narrow nor wide yet */
	stream->_fileno = fd;
	native->_fileno = -1; /* closed, so that nothing ever comes of it */
}

static struct slot *make(FILE *native, int fd, const char *mode)
{
	static const cookie_io_functions_t functions = {stream_read, stream_write, stream_seek, stream_close};
	struct slot *slot = claim_slot();
	FILE *stream = slot ? fopencookie((void *)(intptr_t)fd, plain_mode(native, mode), functions) : NULL;

	if (!stream) {
		if (slot)
			atomic_store(&slot->stream, NULL);
		return NULL;
	}
	furnish(stream, native, fd);
	slot->native = native;
	slot->is_standard = false;
	atomic_store_explicit(&slot->stream, stream, memory_order_release);
	return slot;
}

static FILE *watch_stream(FILE *native, int fd, const char *mode)
{
	const struct slot *slot = make(native, fd, mode);

	return slot ? slot->stream : native;
}

static void watch_standard(FILE **variable, int fd, const char *mode, int buffering)
{
	FILE *native = sf_fd_is_socket(fd) ? real_fdopen(fd, mode) : NULL;
	struct slot *slot = native ? make(native, fd, mode) : NULL;

	if (!slot) {
		if (native) {
			native->_fileno = -1;
			real_fclose(native);
		}
		return;
	}
	slot->is_standard = true;
	if (buffering == _IONBF)
		setvbuf(slot->stream, NULL, _IONBF, 0);
	*variable = slot->stream;
}

static void start(void)
{
	if (!sf_fd_any(0, 2))
		return;
	watch_standard(&stdin, 0, "r", _IOFBF);
	watch_standard(&stdout, 1, "w", _IOFBF);
	watch_standard(&stderr, 2, "w", _IONBF);
}

/* What fclose does to a standard stream: it is closed and not freed, so that printing to it later only fails. */
extern int _IO_file_close_it(FILE *stream) __attribute__((weak)); /* musl has none, and does not come here */

static int close_standard(FILE *stream)
{
	flockfile(stream);
	int result = _IO_file_close_it(stream);

	funlockfile(stream);
	return result;
}

static int close_stream(FILE *stream)
{
	struct slot *slot = stream ? slot_of(stream) : NULL;
	int before = errno, fd = fileno(stream);

	errno = before;
	/* Closed without a word to us: a FILE of libc's own on a socket, and one that has turned wide. */
	if (fd >= 0 && (!slot || stream->_mode > 0)) {
		uint64_t was = sf_fd_entry(fd);

		sf_track_close(fd);
		if (sf_entry_closed(was))
			sf_fd_reuse(fd, was);
	}
	if (slot && slot->is_standard)
		return close_standard(stream);
	if (!slot)
		return real_fclose(stream);
	FILE *native = slot->native;

	atomic_store(&slot->stream, NULL);
	int result = real_fclose(stream), error = errno;

	real_fclose(native); /* its wide half was in use until now */
	errno = error;
	return result;
}

const struct sf_stream_way sf_stream_cookie = {start, watch_stream, close_stream};

#endif

/* SPDX-License-Identifier: MIT
 *
 * inside.c -- musl's way in: see stream.h. musl has the functions of a FILE in the FILE itself, where they can be
 * replaced. Where they are is not said by any header, so each FILE is looked at: what fdopen put there must be what the
 * standard streams have. What does not fit is left alone.
 */
#include <errno.h>
#include <string.h>

#include "gate.h"
#include "stream.h"
#include "track.h"

/* The head of musl's struct _IO_FILE (src/internal/stdio_impl.h), the same since 1.1.0. */
struct musl_stream {
	unsigned flags;
	unsigned char *rpos, *rend;
	int (*close)(FILE *);
	unsigned char *wend, *wpos;
	unsigned char *unused;
	unsigned char *wbase;
	size_t (*read)(FILE *, unsigned char *, size_t);
	size_t (*write)(FILE *, const unsigned char *, size_t);
	off_t (*seek)(FILE *, off_t, int);
	unsigned char *buf;
	size_t buf_size;
	FILE *previous, *next;
	int fd;
};

enum { MUSL_EOF = 16, MUSL_ERR = 32 };

static ssize_t take_vector(int fd, const struct iovec parts[2], const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(readv, site, fd, parts, 2, &cut);

	if (sf_idle(SF_RECV, fd))
		return real_readv(fd, parts, 2);
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_readv(fd, c.iov, c.count));
}

static ssize_t put_part(int fd, const struct iovec *parts, int count, const void *site)
{
	struct sf_cut cut;
	struct sf_call c = SF_CALL_VECTOR(writev, site, fd, parts, count, &cut);

	if (sf_idle(SF_SEND, fd))
		return real_writev(fd, parts, count);
	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_writev(fd, c.iov, c.count));
}

static size_t put_vector(int fd, struct iovec parts[2], const void *site)
{
	size_t whole = parts[0].iov_len + parts[1].iov_len, out = 0;
	int first = 0;

	for (;;) {
		ssize_t count = put_part(fd, parts + first, 2 - first, site);

		if (count < 0 || (out += (size_t)count) == whole)
			return out;
		if (first == 0 && (size_t)count > parts[0].iov_len) {
			count -= (ssize_t)parts[0].iov_len;
			first = 1;
		}
		parts[first].iov_base = (char *)parts[first].iov_base + count;
		parts[first].iov_len -= (size_t)count;
	}
}

static struct musl_stream *inside(FILE *stream)
{
	return (struct musl_stream *)(void *)stream;
}

/* What libc put in: of reading, of writing (stderr's: stdout's first one asks whether it is a terminal). */
static struct musl_stream native_in, native_error;

static int stream_close(FILE *stream)
{
	return sf_stream_end(inside(stream)->fd, SF_SITE);
}

/* As musl's own: straight into the program's buffer, all but the last byte, and what more there is into the stream's.
 */
static size_t stream_read(FILE *stream, unsigned char *buf, size_t len)
{
	struct musl_stream *s = inside(stream);
	size_t direct = len - (s->buf_size != 0);
	const struct iovec parts[2] = {{buf, direct}, {s->buf, s->buf_size}};
	ssize_t count = direct ? take_vector(s->fd, parts, SF_SITE) : sf_stream_take(s->fd, s->buf, s->buf_size, SF_SITE);

	if (count <= 0) {
		s->flags |= count ? MUSL_ERR : MUSL_EOF;
		return 0;
	}
	if ((size_t)count <= direct)
		return (size_t)count;
	s->rpos = s->buf;
	s->rend = s->buf + ((size_t)count - direct);
	if (s->buf_size)
		buf[len - 1] = *s->rpos++;
	return len;
}

/* What the stream has, then what the program gives; how much of the latter went out. */
static size_t stream_write(FILE *stream, const unsigned char *buf, size_t len)
{
	struct musl_stream *s = inside(stream);
	size_t held = (size_t)(s->wpos - s->wbase);
	struct iovec parts[2] = {{s->wbase, held}, {(void *)(uintptr_t)buf, len}};
	size_t out = put_vector(s->fd, parts, SF_SITE);

	if (out < held + len) {
		s->wpos = s->wbase = s->wend = NULL;
		s->flags |= MUSL_ERR;
		return out > held ? out - held : 0;
	}
	s->wend = s->buf + s->buf_size;
	s->wpos = s->wbase = s->buf;
	return len;
}

static bool is_as_expected(FILE *stream, int fd)
{
	const struct musl_stream *s = inside(stream);

	return s->fd == fd && s->read == native_in.read && s->write == native_error.write && s->close == native_in.close &&
	       s->seek == native_in.seek && s->seek == native_error.seek;
}

static void replace(FILE *stream)
{
	struct musl_stream *s = inside(stream);

	s->close = stream_close;
	if (s->read)
		s->read = stream_read;
	if (s->write)
		s->write = stream_write;
}

static FILE *watch_stream(FILE *native, int fd, const char *mode)
{
	(void)mode;
	if (is_as_expected(native, fd))
		replace(native);
	return native;
}

static void start(void)
{
	native_in = *inside(stdin);
	native_error = *inside(stderr);
	const struct musl_stream *out = inside(stdout);

	if (native_in.fd != 0 || native_error.fd != 2 || out->fd != 1 || out->close != native_in.close) {
		memset(&native_in, 0, sizeof native_in);
		return;
	}
	if (sf_fd_is_socket(0))
		replace(stdin);
	if (sf_fd_is_socket(1)) {
		replace(stdout);
		setvbuf(stdout, NULL, _IOFBF, 0); /* its first write would have found out that this is no terminal */
	}
	if (sf_fd_is_socket(2))
		replace(stderr);
}

static int close_stream(FILE *stream)
{
	int before = errno, fd = fileno(stream);

	errno = before;
	if (fd >= 0 && inside(stream)->close != stream_close)
		sf_track_close(fd);
	return real_fclose(stream);
}

const struct sf_stream_way sf_stream_inside = {start, watch_stream, close_stream};

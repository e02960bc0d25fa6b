/* SPDX-License-Identifier: MIT
 *
 * stream.c -- see stream.h. The calls that a stream makes, and printing to a descriptor, which both libcs do through a
 * stream of fopencookie for the length of one call. The streams themselves are in cookie.c and inside.c.
 */
#include "stream.h"

#include <errno.h>

#include "gate.h"
#include "sys.h"
#include "track.h"

long sf_stream_answer(long result)
{
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

/* ---- the calls that libc makes for a stream ---- */

ssize_t sf_stream_take(int fd, void *buf, size_t len, const void *site)
{
	if (sf_idle(SF_RECV, fd))
		return real_read(fd, buf, len);
	struct sf_call c = SF_CALL_BUFFER(read, site, fd, buf, len, 0);

	if (sf_enter(&c))
		return c.ret;
	return sf_leave(&c, real_read(fd, buf, c.len));
}

size_t sf_stream_put(uint16_t func, int fd, const char *buf, size_t len, const void *site)
{
	size_t out = 0;

	while (out < len) {
		struct sf_call c = SF_CALL_BUFFER(write, site, fd, buf + out, len - out, 0);

		c.func = func;
		if (sf_idle(SF_SEND, fd))
			c.ret = real_write(fd, buf + out, len - out);
		else if (!sf_enter(&c))
			sf_leave(&c, real_write(fd, buf + out, c.len));
		if (c.ret < 0)
			break;
		out += (size_t)c.ret;
	}
	return out;
}

/* Not libc's close: the one inside fclose is no cancellation point. */
int sf_stream_end(int fd, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(fclose, site, fd);

	if (!sf_idle(SF_CLOSE, fd) && sf_enter(&c)) {
		sf_track_close(fd);
		return (int)c.ret;
	}
	sf_track_close(fd); /* before the real one (law 9); where the program has closed it, nothing */
	return (int)sf_leave(&c, sf_stream_answer(sf_sys(SYS_close, fd)));
}

/* ---- printing ---- */

/* What vdprintf writes to: for the length of one call. */
struct printer {
	const void *site;
	int fd, error; /* errno of the piece that failed; none goes out after it */
	uint16_t func;
};

static ssize_t print_piece(void *cookie, const char *buf, size_t len)
{
	struct printer *printer = cookie;
	size_t out = printer->error ? 0 : sf_stream_put(printer->func, printer->fd, buf, len, printer->site);

	if (out < len && !printer->error)
		printer->error = errno;
	return (ssize_t)out;
}

extern int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list arguments) __attribute__((weak));

static int format_to(FILE *stream, int flag, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static int format_to(FILE *stream, int flag, const char *format, va_list arguments)
{
	return flag < 0 || !__vfprintf_chk ? vfprintf(stream, format, arguments)
	                                   : __vfprintf_chk(stream, flag, format, arguments);
}

int sf_stream_print(uint16_t func, const void *site, int fd, int flag, const char *format, va_list arguments)
{
	char buffer[4096]; /* st_blksize of sockets: what libc would take */
	struct printer printer = {site, fd, 0, func};
	int before = errno;
	FILE *stream = fopencookie(&printer, "w", (cookie_io_functions_t){.write = print_piece});

	if (!stream)
		return -1;
	setvbuf(stream, buffer, _IOFBF, sizeof buffer);
	errno = before; /* for %m */
	int count = format_to(stream, flag, format, arguments);

	if (fflush(stream) != 0 || printer.error)
		count = -1;
	before = printer.error ? printer.error : errno;
	real_fclose(stream);
	errno = before;
	return count;
}

/* ---- the way in ---- */

static const struct sf_stream_way *way(void)
{
#ifdef __GLIBC__
	if (gnu_get_libc_version)
		return &sf_stream_cookie;
#endif
	return &sf_stream_inside;
}

void sf_stream_start(void)
{
	way()->start();
}

FILE *sf_stream_watch(FILE *native, int fd, const char *mode)
{
	return way()->watch(native, fd, mode);
}

int sf_stream_close(FILE *stream)
{
	return way()->close(stream);
}

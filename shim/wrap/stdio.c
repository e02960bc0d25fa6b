/* SPDX-License-Identifier: MIT
 *
 * wrap/stdio.c -- stdio on sockets: where a FILE begins, changes and ends, and printing to a descriptor. What passes
 * through the FILE between is in stream.c.
 */
#include <errno.h>

#include "gate.h"
#include "stream.h"
#include "track.h"

#undef freopen64 /* musl makes it a macro */

SF_EXPORT FILE *fdopen(int fd, const char *mode)
{
	if (!sf_fd_is_socket(fd) || sf_self_is_guest())
		return real_fdopen(fd, mode);
	struct sf_call c = SF_CALL_PLAIN(fdopen, SF_SITE, fd);

	if (!sf_idle(SF_SOCKET, fd) && sf_enter(&c))
		return NULL;
	FILE *native = real_fdopen(fd, mode);

	sf_leave(&c, native ? fd : -1);
	return native ? sf_stream_watch(native, fd, mode) : NULL;
}

/* libc puts another file under the number, silently: what it was is dropped first. */
SF_WATCHED FILE *watched_freopen(const char *path, const char *mode, FILE *stream, int fd, const void *site)
{
	struct sf_socket *was = sf_fd_socket(fd);
	struct sf_call c = SF_CALL_PLAIN(freopen, site, fd);

	if (!sf_idle(SF_CLOSE, fd) && sf_enter(&c))
		return NULL;
	sf_track_close(fd);
	FILE *result = real_freopen(path, mode, stream);

	if (result && !path)
		sf_fd_set(fd, was); /* the same file, in another mode */
	sf_leave(&c, result ? fd : -1);
	return result;
}

SF_EXPORT FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream)
{
	int before = errno, fd = fileno(stream);

	errno = before;
	if (!sf_fd_is_socket(fd))
		return real_freopen(path, mode, stream);
	return watched_freopen(path, mode, stream, fd, SF_SITE);
}

SF_EXPORT int fclose(FILE *stream)
{
	return sf_stream_close(stream);
}

SF_EXPORT int vdprintf(int fd, const char *restrict format, va_list arguments)
{
	if (sf_idle(SF_SEND, fd))
		return real_vdprintf(fd, format, arguments);
	return sf_stream_print(SF_FUNC_vdprintf, SF_SITE, fd, -1, format, arguments);
}

SF_EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments)
{
	if (sf_idle(SF_SEND, fd))
		return real___vdprintf_chk(fd, flag, format, arguments);
	return sf_stream_print(SF_FUNC___vdprintf_chk, SF_SITE, fd, flag, format, arguments);
}

SF_EXPORT int dprintf(int fd, const char *restrict format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int count = sf_idle(SF_SEND, fd) ? real_vdprintf(fd, format, arguments)
	                                 : sf_stream_print(SF_FUNC_dprintf, SF_SITE, fd, -1, format, arguments);

	va_end(arguments);
	return count;
}

SF_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int count = sf_idle(SF_SEND, fd) ? real___vdprintf_chk(fd, flag, format, arguments)
	                                 : sf_stream_print(SF_FUNC___dprintf_chk, SF_SITE, fd, flag, format, arguments);

	va_end(arguments);
	return count;
}

SF_EXPORT FILE *_IO_fdopen(int fd, const char *mode) __attribute__((alias("fdopen")));
SF_EXPORT int _IO_fclose(FILE *stream) __attribute__((alias("fclose")));
SF_EXPORT FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict stream)
    __attribute__((alias("freopen")));

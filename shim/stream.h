/* SPDX-License-Identifier: MIT
 *
 * stream.h -- stdio on sockets. What libc reads, writes and closes for a FILE passes no wrapper; here a FILE on a
 * socket is made such that it does: its reads and writes are calls like those of the program itself, as read, write and
 * fclose. A FILE on anything else is libc's own and is left alone.
 *
 * fdopen, fclose, freopen and dprintf allocate and lock anyway: laws 0 and 2 do not bind what is here. What runs for
 * each read and write ("for the ways in") obeys them.
 */
#ifndef SF_STREAM_H
#define SF_STREAM_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Start-up: of stdin, stdout and stderr those that are sockets (inetd). */
void sf_stream_start(void);

/* `native` is what libc's fdopen made of the socket fd. Returns what the program gets in its place, which from now on
 * owns native; where that can't be had, native itself, unseen. */
FILE *sf_stream_watch(FILE *native, int fd, const char *mode);

/* fclose of any stream, and what else has to go with it. The result and errno are fclose's. */
int sf_stream_close(FILE *stream);

/* vdprintf to a socket, func being the row that was called. `flag` is that of the fortified names, -1: none. */
int sf_stream_print(uint16_t func, const void *site, int fd, int flag, const char *format, va_list arguments)
    __attribute__((format(printf, 5, 0)));

/* ---- for the ways in: each libc has its own ---- */

struct sf_stream_way {
	void (*start)(void);
	FILE *(*watch)(FILE *native, int fd, const char *mode);
	int (*close)(FILE *stream);
};

extern const struct sf_stream_way sf_stream_cookie; /* glibc: cookie.c */
extern const struct sf_stream_way sf_stream_inside; /* musl: inside.c */

/* The calls that libc makes for a stream. To put is to send until all is out, as libc does, or an error comes; how much
 * that was. */
ssize_t sf_stream_take(int fd, void *buf, size_t len, const void *site);
size_t sf_stream_put(uint16_t func, int fd, const char *buf, size_t len, const void *site);
int sf_stream_end(int fd, const void *site);

/* A result of sf_sys() by libc's convention. */
long sf_stream_answer(long result);

#endif

/* SPDX-License-Identifier: MIT
 *
 * __vdprintf_chk.c -- the fortified vdprintf.
 */
#include "snippet.h"

int __vdprintf_chk(int fd, int flag, const char *format, va_list arguments);

static int print(int fd, const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	int count = __vdprintf_chk(fd, 1, format, rest);

	va_end(rest);
	return count;
}

int snippet(void)
{
	print_cases(print);
	return 0;
}

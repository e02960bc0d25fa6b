/* SPDX-License-Identifier: MIT
 *
 * vdprintf.c -- vdprintf, in all the cases of printing; when it is fortified it is __vdprintf_chk.
 */
#include "snippet.h"

static int print(int fd, const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	int count = vdprintf(fd, format, rest);

	va_end(rest);
	return count;
}

int snippet(void)
{
	print_cases(print);
	return 0;
}

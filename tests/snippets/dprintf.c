/* SPDX-License-Identifier: MIT
 *
 * dprintf.c -- dprintf, in all the cases of printing; when it is fortified it is __dprintf_chk.
 */
#include "snippet.h"

/* The calls of common/printing.c, written out: no function can hand its arguments on to dprintf. */
static int print(int fd, const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	const char *first = strchr(format, '%');
	int count;

	if (!first)
		count = dprintf(fd, "%s", format);
	else if (first[1] == 'm') {
		int number = va_arg(rest, int);

		count = dprintf(fd, "%m %d %s", number, va_arg(rest, char *));
	} else if (strchr(first + 1, '%')) {
		char *words = va_arg(rest, char *);

		count = dprintf(fd, "%s|%5000d", words, va_arg(rest, int));
	} else
		count = dprintf(fd, "%s", va_arg(rest, char *));
	va_end(rest);
	return count;
}

int snippet(void)
{
	print_cases(print);
	return 0;
}

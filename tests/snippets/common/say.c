/* SPDX-License-Identifier: MIT
 *
 * say.c -- writes the lines of a transcript. No stdio, no allocation: snippets run in signal handlers and constructors.
 */
#include <stdarg.h>

#include "../snippet.h"

static void put_line(char *line, size_t length, size_t size)
{
	length = length < size - 1 ? length : size - 2;
	line[length++] = '\n';
	if (write(STDOUT_FILENO, line, length) != (ssize_t)length)
		_exit(99);
}

void say(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	put_line(line, (size_t)length, sizeof(line));
}

void say_call(const char *what, long result, int error)
{
	if (result == -1)
		say("%s = -1 %s", what, error == ERRNO_BEFORE ? "errno untouched" : strerrorname_np(error));
	else if (error != ERRNO_BEFORE)
		say("%s = %ld, errno became %d", what, result, error);
	else
		say("%s = %ld", what, result);
}

void say_bytes(const char *what, const void *data, size_t length)
{
	char line[512];
	const unsigned char *bytes = data;
	size_t used = (size_t)snprintf(line, sizeof(line), "%s: %zu bytes \"", what, length);

	for (size_t i = 0; i < length && used + 8 < sizeof(line); i++) {
		int plain = bytes[i] >= ' ' && bytes[i] < 127 && bytes[i] != '\\' && bytes[i] != '"';
		used += (size_t)snprintf(line + used, sizeof(line) - used, plain ? "%c" : "\\x%02x", bytes[i]);
	}
	line[used++] = '"';
	put_line(line, used, sizeof(line));
}

void say_status(const char *what, int status)
{
	if (WIFEXITED(status))
		say("%s: exited %d", what, WEXITSTATUS(status));
	else
		say("%s: signal %d", what, WTERMSIG(status));
}

/* SPDX-License-Identifier: MIT
 *
 * fdinfo.c -- see fdinfo.h. The file has a line for each registration: "tfd: 4 events: 40000019 data: 4 ...".
 */
#include "fdinfo.h"

#include <fcntl.h>
#include <string.h>

#include "sys.h"

struct scan {
	char word[24];
	unsigned length;
	char named; /* what the last word announced: 't' a descriptor, 'e' conditions, 'd' data */
	struct sf_fdinfo one;
};

static uint64_t number(const char *word, unsigned base)
{
	uint64_t n = 0;

	for (; *word; word++)
		n = n * base + (unsigned)(*word <= '9' ? *word - '0' : *word - 'a' + 10);
	return n;
}

/* True: all of a registration has been read. */
static bool end_word(struct scan *scan)
{
	char named = scan->named;

	if (scan->length == 0)
		return false;
	scan->word[scan->length] = '\0';
	if (named == 't')
		scan->one.fd = (int)number(scan->word, 10);
	else if (named == 'e')
		scan->one.events = (uint32_t)number(scan->word, 16);
	else if (named == 'd')
		scan->one.data = number(scan->word, 16);
	scan->named = scan->word[scan->length - 1] == ':' ? scan->word[0] : 0;
	scan->length = 0;
	return named == 'd' && scan->one.fd >= 0;
}

/* The name of a file below /proc/self that is named by a descriptor. */
static const char *path_of(char *path, size_t size, const char *folder, int fd)
{
	size_t length = strlen(folder);
	char *digit = path + size - 1;

	memcpy(path, folder, length);
	*digit = '\0';
	for (int rest = fd; !*digit || rest; rest /= 10)
		*--digit = (char)('0' + rest % 10);
	memmove(path + length, digit, strlen(digit) + 1);
	return path;
}

void sf_fdinfo_read(int epfd, void (*each)(void *context, const struct sf_fdinfo *one), void *context)
{
	struct scan scan = {.one.fd = -1};
	char chunk[512], path[40];
	long info =
	    sf_sys(SYS_openat, AT_FDCWD, path_of(path, sizeof path, "/proc/self/fdinfo/", epfd), O_RDONLY | O_CLOEXEC, 0);
	long length;

	while (info >= 0 && (length = sf_sys(SYS_read, info, chunk, sizeof chunk)) > 0)
		for (long i = 0; i < length; i++) {
			if (chunk[i] != ' ' && chunk[i] != '\t' && chunk[i] != '\n') {
				if (scan.length < sizeof scan.word - 1)
					scan.word[scan.length++] = chunk[i];
			} else if (end_word(&scan)) {
				each(context, &scan.one);
			}
		}
	if (info >= 0)
		sf_sys(SYS_close, info);
}

bool sf_fdinfo_is_epoll(int fd)
{
	static const char name[] = "anon_inode:[eventpoll]";
	char path[40], to[sizeof name];

	return sf_sys(SYS_readlinkat, AT_FDCWD, path_of(path, sizeof path, "/proc/self/fd/", fd), to, sizeof to) ==
	           sizeof name - 1 &&
	       memcmp(to, name, sizeof name - 1) == 0;
}

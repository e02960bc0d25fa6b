/* SPDX-License-Identifier: MIT
 *
 * gethostbyname_r.c -- gethostbyname_r of names in /etc/hosts and of numbers, also where there is no room for what is
 * found.
 */
#include "snippet.h"
#include <netdb.h>

static void find_with(const char *name, int family, size_t size)
{
	char room[2048];
	struct hostent entry, *found = NULL;
	int error = 0;

	(void)family;
	SAY(gethostbyname_r(name, &entry, room, size, &found, &error));
	say_host(name, found, error);
}

static void find(const char *name, int family)
{
	find_with(name, family, 2048);
}

int snippet(void)
{
	host_cases(find);
	find_with("localhost", AF_INET, 8);
	return 0;
}

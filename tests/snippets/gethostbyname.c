/* SPDX-License-Identifier: MIT
 *
 * gethostbyname.c -- gethostbyname of names in /etc/hosts and of numbers.
 */
#include "snippet.h"
#include <netdb.h>

static void find(const char *name, int family)
{
	(void)family;
	const struct hostent *host = gethostbyname(name);

	say_host(name, host, host ? 0 : h_errno);
}

int snippet(void)
{
	host_cases(find);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * hosts.c -- the cases that gethostbyname and its kin share: what /etc/hosts and the numbers themselves answer. No name
 * server is asked.
 */
#include <netdb.h>

#include "snippet.h"

void say_host(const char *what, const struct hostent *host, int error)
{
	char text[64];

	if (!host) {
		say("%s: none, %d", what, error);
		return;
	}
	say("%s: %s family %d length %d", what, host->h_name, host->h_addrtype, host->h_length);
	for (char **address = host->h_addr_list; *address; address++)
		say("  %s", inet_ntop(host->h_addrtype, *address, text, sizeof(text)));
}

void host_cases(host_finder *find)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "10.1", "::1"};
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t j = 0; j < 2; j++)
			find(names[i], families[j]);
}

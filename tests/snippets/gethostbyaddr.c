/* SPDX-License-Identifier: MIT
 *
 * gethostbyaddr.c -- gethostbyaddr of 127.0.0.1, which is in /etc/hosts, and of what is no address.
 */
#include "snippet.h"
#include <netdb.h>

int snippet(void)
{
	struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	const struct hostent *host = gethostbyaddr(&loopback, sizeof(loopback), AF_INET);

	say_host("127.0.0.1", host, host ? 0 : h_errno);
	SAY((long)gethostbyaddr(&loopback, 3, AF_INET));
	SAY((long)gethostbyaddr(&loopback, sizeof(loopback), 77));
	return 0;
}

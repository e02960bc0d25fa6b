/* SPDX-License-Identifier: MIT
 *
 * gethostbyaddr_r.c -- gethostbyaddr_r of 127.0.0.1, which is in /etc/hosts, of what is no address, and without room.
 */
#include "snippet.h"
#include <netdb.h>

static void find(socklen_t length, int family, size_t size)
{
	struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	char room[2048];
	struct hostent entry, *found = NULL;
	int error = 0;

	SAY(gethostbyaddr_r(&loopback, length, family, &entry, room, size, &found, &error));
	say_host("127.0.0.1", found, error);
}

int snippet(void)
{
	find(sizeof(struct in_addr), AF_INET, 2048);
	find(sizeof(struct in_addr), AF_INET, 8);
	find(3, AF_INET, 2048);
	find(sizeof(struct in_addr), 77, 2048);
	return 0;
}

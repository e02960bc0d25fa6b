/* SPDX-License-Identifier: MIT
 *
 * getaddrinfo.c -- getaddrinfo of numbers, of localhost, of services, and of what has no address.
 */
#include "snippet.h"
#include <netdb.h>

static void look_up(const char *node, const char *service, int flags, int family)
{
	struct addrinfo hints = {.ai_flags = flags, .ai_family = family, .ai_socktype = SOCK_STREAM}, *list = NULL;
	int result = getaddrinfo(node, service, &hints, &list);

	say("%s %s: %d %s", node ? node : "-", service ? service : "-", result, result ? gai_strerror(result) : "");
	for (struct addrinfo *entry = list; entry; entry = entry->ai_next) {
		char text[64] = "", port[16] = "";
		getnameinfo(
		    entry->ai_addr, entry->ai_addrlen, text, sizeof(text), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
		say("  family %d type %d: %s %s", entry->ai_family, entry->ai_socktype, text, port);
	}
	if (list)
		freeaddrinfo(list);
}

int snippet(void)
{
	look_up("127.0.0.1", "80", AI_NUMERICHOST, AF_UNSPEC);
	look_up("::1", "65535", AI_NUMERICHOST, AF_INET6);
	look_up("::1", "1", AI_NUMERICHOST, AF_INET);
	look_up("localhost", "7", 0, AF_INET);
	look_up(NULL, "7", AI_PASSIVE, AF_INET);
	look_up(NULL, "7", 0, AF_INET6);
	look_up("not a number", "7", AI_NUMERICHOST, AF_UNSPEC);
	look_up("127.0.0.1", "no-such-service", AI_NUMERICHOST, AF_UNSPEC);
	look_up("127.0.0.1", NULL, 0x40000000, AF_UNSPEC);
	look_up("127.0.0.1", "7", AI_NUMERICHOST, 77);
	look_up(NULL, NULL, 0, AF_UNSPEC);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * getnameinfo.c -- getnameinfo of inet, inet6 and unix addresses as numbers, of short buffers and wrong families.
 */
#include "snippet.h"
#include <netdb.h>

static void tell(const void *address, socklen_t length, socklen_t room, int flags)
{
	char host[64] = "", service[32] = "";
	int result = getnameinfo(address, length, host, room, service, sizeof(service), flags);

	say("%d %s: \"%s\" \"%s\"", result, result ? gai_strerror(result) : "", host, service);
}

int snippet(void)
{
	struct sockaddr_in inet = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in other = {.sin_family = 77};

	inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tell(&inet, sizeof(inet), 64, NI_NUMERICHOST | NI_NUMERICSERV);
	tell(&inet6, sizeof(inet6), 64, NI_NUMERICHOST | NI_NUMERICSERV | NI_DGRAM);
	tell(&inet, sizeof(inet), 64, NI_NUMERICSERV);
	tell(&inet, sizeof(inet), 4, NI_NUMERICHOST | NI_NUMERICSERV);
	tell(&inet, 4, 64, NI_NUMERICHOST);
	tell(&other, sizeof(other), 64, NI_NUMERICHOST);
	tell(&inet, sizeof(inet), 64, 0x40000000);
	return 0;
}

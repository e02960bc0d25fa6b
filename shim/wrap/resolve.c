/* SPDX-License-Identifier: MIT
 *
 * wrap/resolve.c -- names to addresses and back. The traffic that libc itself makes for them passes no wrapper; these
 * calls are where it can be made to fail.
 */
#include "gate.h"

SF_WATCHED int watched_getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(getaddrinfo, site, -1, .name = node);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_getaddrinfo(node, service, hints, found));
}

SF_EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_getaddrinfo(node, service, hints, found);
	return watched_getaddrinfo(node, service, hints, found, SF_SITE);
}

SF_WATCHED int watched_getnameinfo(
    const struct sockaddr *address, socklen_t length, char *host, socklen_t host_length, char *service,
    socklen_t service_length, int flags, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(getnameinfo, site, -1, .address = address, .address_length = length);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_getnameinfo(address, length, host, host_length, service, service_length, flags));
}

SF_EXPORT int getnameinfo(
    const struct sockaddr *address, socklen_t length, char *host, socklen_t host_length, char *service,
    socklen_t service_length, int flags)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_getnameinfo(address, length, host, host_length, service, service_length, flags);
	return watched_getnameinfo(address, length, host, host_length, service, service_length, flags, SF_SITE);
}

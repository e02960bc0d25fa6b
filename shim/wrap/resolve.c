/* SPDX-License-Identifier: MIT
 *
 * wrap/resolve.c -- names to addresses and back. The traffic that libc itself makes for them passes no wrapper; these calls are
 * where it can be made to fail.
 */
#include "gate.h"

SF_EXPORT int getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_getaddrinfo(node, service, hints, found);
	struct sf_call c = SF_CALL_PLAIN(getaddrinfo, -1, .name = node);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(&c, real_getaddrinfo(node, service, hints, found));
}

SF_EXPORT int getnameinfo(
	const struct sockaddr *address, socklen_t length, char *host, socklen_t host_length, char *service,
	socklen_t service_length, int flags)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_getnameinfo(address, length, host, host_length, service, service_length, flags);
	struct sf_call c = SF_CALL_PLAIN(getnameinfo, -1, .address = address, .address_length = length);

	if (sf_enter(&c))
		return (int)c.ret;
	return (int)sf_leave(
		&c, real_getnameinfo(address, length, host, host_length, service, service_length, flags));
}

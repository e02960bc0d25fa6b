/* SPDX-License-Identifier: MIT
 *
 * option.c -- see option.h. After the sources of Linux (net/core/sock.c, net/ipv4, net/ipv6): what is in no list fails
 * by its arguments alone.
 */
#include "core/option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define S(name) SF_OPTION(SOL_SOCKET, name)
#define IP(name) SF_OPTION(IPPROTO_IP, name)
#define IP6(name) SF_OPTION(IPPROTO_IPV6, name)
#define T(name) SF_OPTION(IPPROTO_TCP, name)

/* Filters, memberships and their sources, options of headers, keys and modules of TCP. */
static const int takes_memory[] = {
    S(SO_ATTACH_FILTER),
    S(SO_ATTACH_REUSEPORT_CBPF),
    IP(IP_OPTIONS),
    IP(IP_ADD_MEMBERSHIP),
    IP(IP_ADD_SOURCE_MEMBERSHIP),
    IP(IP_BLOCK_SOURCE),
    IP(IP_MSFILTER),
    IP(MCAST_JOIN_GROUP),
    IP(MCAST_JOIN_SOURCE_GROUP),
    IP(MCAST_BLOCK_SOURCE),
    IP(MCAST_MSFILTER),
    IP6(IPV6_JOIN_GROUP),
    IP6(IPV6_JOIN_ANYCAST),
    IP6(IPV6_HOPOPTS),
    IP6(IPV6_RTHDR),
    IP6(IPV6_DSTOPTS),
    IP6(IPV6_RTHDRDSTOPTS),
    IP6(MCAST_JOIN_GROUP),
    IP6(MCAST_JOIN_SOURCE_GROUP),
    IP6(MCAST_BLOCK_SOURCE),
    IP6(MCAST_MSFILTER),
    T(TCP_CONGESTION),
    T(TCP_ULP),
    T(TCP_MD5SIG),
    T(TCP_FASTOPEN_KEY),
};

/* Of these: as many as igmp_max_memberships and optmem_max allow. */
static const int is_counted[] = {
    IP(IP_ADD_MEMBERSHIP),   IP(IP_ADD_SOURCE_MEMBERSHIP), IP(IP_BLOCK_SOURCE),          IP(IP_MSFILTER),
    IP(MCAST_JOIN_GROUP),    IP(MCAST_JOIN_SOURCE_GROUP),  IP(MCAST_BLOCK_SOURCE),       IP(MCAST_MSFILTER),
    IP6(MCAST_BLOCK_SOURCE), IP6(MCAST_MSFILTER),          IP6(MCAST_JOIN_SOURCE_GROUP),
};

static const int needs_capability[] = {
    S(SO_MARK),
    S(SO_RCVBUFFORCE),
    S(SO_SNDBUFFORCE),
    S(SO_PRIORITY),
    S(SO_BINDTODEVICE),
    S(SO_BUSY_POLL),
    S(SO_ATTACH_FILTER),
    IP(IP_TRANSPARENT),
    IP(IP_IPSEC_POLICY),
    IP(IP_XFRM_POLICY),
    IP6(IPV6_HOPOPTS),
    IP6(IPV6_RTHDR),
    IP6(IPV6_DSTOPTS),
    IP6(IPV6_RTHDRDSTOPTS),
    IP6(IPV6_TRANSPARENT),
    IP6(IPV6_IPSEC_POLICY),
    IP6(IPV6_XFRM_POLICY),
    T(TCP_REPAIR),
    T(TCP_CONGESTION),
};

static bool has(const int *options, size_t count, int option)
{
	for (size_t i = 0; i < count; i++)
		if (options[i] == option)
			return true;
	return false;
}

#define IS_IN(options, option) has(options, sizeof(options) / sizeof(options)[0], option)

enum sf_realism sf_option_fails(int option, int err)
{
	switch (err) {
	case ENOMEM:
		return IS_IN(takes_memory, option) ? SF_KERNEL : SF_POSIX;
	case ENOBUFS:
		return IS_IN(is_counted, option) ? SF_KERNEL : SF_POSIX;
	case EPERM:
		return IS_IN(needs_capability, option) ? SF_KERNEL : SF_REALISM_NONE;
	default:
		return SF_KERNEL;
	}
}

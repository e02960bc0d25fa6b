/* SPDX-License-Identifier: MIT
 *
 * wrap/resolve.c -- names to addresses and back. The traffic that libc itself makes for them passes no wrapper; these
 * calls are where it can be made to fail. Rules speak of all of them in the words of getaddrinfo(3); gethostbyname and
 * its kin say the same in theirs, with the errno that goes with it (tests/e2e/test_resolve.py compares with a name
 * server that really fails).
 */
#include <alloca.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "gate.h"

/* What libc's system calls fail with where EAI_SYSTEM is injected. */
#define SYSTEM_ERROR EMFILE

/* Is this an address already? Then nobody is asked. inet_aton takes all that getaddrinfo takes: 127.1 as well. */
static bool is_number(const char *name)
{
	struct in_addr address;

	return strchr(name, ':') || inet_aton(name, &address);
}

static uint8_t question_of(const char *name)
{
	return sf_readable(name) && !is_number(name) ? SF_QUESTION : SF_QUESTION_NONE;
}

/* ---- two vocabularies ---- */

static const struct {
	int eai, host;
} kinds[] = {
    {EAI_NONAME, HOST_NOT_FOUND}, {EAI_AGAIN, TRY_AGAIN},       {EAI_FAIL, NO_RECOVERY},
    {EAI_NODATA, NO_DATA},        {EAI_SYSTEM, NETDB_INTERNAL}, {EAI_MEMORY, NETDB_INTERNAL},
};

/* h_errno for an error of getaddrinfo, and back. */
static int host_error(int eai)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].eai == eai)
			return kinds[i].host;
	return NO_RECOVERY;
}

static int eai_of(int host)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].host == host)
			return kinds[i].eai;
	return EAI_FAIL;
}

/* h_errno is the resolver's own: what never reached it leaves it alone. */
static void leave_host_error(int host)
{
	if (host != NETDB_INTERNAL)
		h_errno = host;
}

/* ---- getaddrinfo, getnameinfo ---- */

/* errno as libc leaves it behind with this error. */
static void leave_errno(const struct sf_call *c, bool of_one_family)
{
	if (c->err == -EAI_SYSTEM)
		errno = SYSTEM_ERROR;
	else if (c->err == -EAI_MEMORY)
		errno = ENOMEM;
	else if (c->err == -EAI_AGAIN)
		errno = c->func == SF_FUNC_getnameinfo ? 0 : EAGAIN;
	else if (of_one_family)
		errno = 0;
	if (of_one_family && c->func == SF_FUNC_getaddrinfo) /* it goes the way of gethostbyname */
		h_errno = host_error((int)c->ret);
	else
		leave_host_error(host_error((int)c->ret));
}

static bool is_same(const struct addrinfo *a, const struct addrinfo *b)
{
	return a->ai_addrlen == b->ai_addrlen && memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) == 0;
}

/* Each address comes once for each type of socket, one after the other. */
static size_t count_addresses(const struct addrinfo *list)
{
	size_t count = 0;

	for (const struct addrinfo *before = NULL; list; before = list, list = list->ai_next)
		count += !before || !is_same(before, list);
	return count;
}

SF_WATCHED int watched_getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found, const void *site)
{
	struct sf_call c = SF_CALL_PLAIN(getaddrinfo, site, -1, .name = node);

	c.question = hints && hints->ai_flags & AI_NUMERICHOST ? SF_QUESTION_NONE : question_of(node);
	if (sf_enter(&c)) {
		leave_errno(&c, hints && hints->ai_family != AF_UNSPEC);
		return (int)c.ret;
	}
	int ret = real_getaddrinfo(node, service, hints, found);

	if (ret == 0 && c.event)
		c.event->asked = count_addresses(*found);
	return (int)sf_leave(&c, ret);
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

	if (!host || host_length == 0 || flags & NI_NUMERICHOST)
		c.question = SF_QUESTION_NONE;
	else if (!(flags & NI_NAMEREQD))
		c.question = SF_QUESTION_IN_VAIN;
	if (sf_enter(&c)) {
		leave_errno(&c, true);
		return (int)c.ret;
	}
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

/* ---- getaddrinfo_a: several at once, in threads of libc's ---- */

#ifdef __GLIBC__

/* True: this request has failed, and libc must not see it. */
static bool request_fails(struct gaicb *request, const void *site)
{
	const struct addrinfo *hints = request->ar_request;
	struct sf_call c = SF_CALL_PLAIN(getaddrinfo_a, site, -1, .name = request->ar_name);

	c.question = hints && hints->ai_flags & AI_NUMERICHOST ? SF_QUESTION_NONE : question_of(request->ar_name);
	if (!sf_enter(&c)) {
		sf_leave(&c, 0);
		return false;
	}
	request->__return = (int)c.ret; /* what gai_error() tells */
	return true;
}

/* The program is notified by libc, also where nothing is left to be asked. */
SF_EXPORT int getaddrinfo_a(int mode, struct gaicb **list, int count, struct sigevent *event)
{
	if (sf_unwatched(SF_RESOLVE) || !sf_readable(list) || count <= 0)
		return real_getaddrinfo_a(mode, list, count, event);
	struct gaicb **left = alloca((size_t)count * sizeof *left); /* as libc does itself */

	for (int i = 0; i < count; i++)
		left[i] = list[i] && request_fails(list[i], SF_SITE) ? NULL : list[i];
	return real_getaddrinfo_a(mode, left, count, event);
}

#else

SF_EXPORT int getaddrinfo_a(int mode, struct gaicb **list, int count, struct sigevent *event)
{
	return real_getaddrinfo_a(mode, list, count, event);
}

#endif

/* ---- gethostbyname and its kin ---- */

/* What goes with it, as errno and as the result of the _r forms. */
static int number_of(const struct sf_call *c)
{
	bool is_reverse = c->func == SF_FUNC_gethostbyaddr || c->func == SF_FUNC_gethostbyaddr_r;

	if (c->err == -EAI_SYSTEM)
		return SYSTEM_ERROR;
	if (c->err == -EAI_MEMORY)
		return ENOMEM;
	return c->err == -EAI_AGAIN && !is_reverse ? EAGAIN : 0;
}

static int decided(const struct sf_call *c, int *host)
{
	*host = host_error((int)c->ret);
	leave_host_error(*host);
	errno = number_of(c);
	return errno;
}

/* A failed one without a reentrant form's arguments. */
static struct hostent *none(const struct sf_call *c)
{
	decided(c, &h_errno);
	return NULL;
}

static struct hostent *leave(struct sf_call *c, struct hostent *found)
{
	sf_leave(c, found ? 0 : eai_of(h_errno));
	return found;
}

static int none_r(const struct sf_call *c, struct hostent **found, int *host)
{
	*found = NULL;
	return decided(c, host);
}

/* ERANGE: the program's buffer is too small, and it calls again. */
static int leave_r(struct sf_call *c, int ret, struct hostent *const *found, const int *host)
{
	sf_leave(c, *found ? 0 : eai_of(*host));
	return ret;
}

#define CALL_BY_NAME(function, name_)                                                                                  \
	SF_CALL_PLAIN(function, SF_SITE, -1, .name = (name_), .question = question_of(name_))

SF_EXPORT struct hostent *gethostbyname(const char *name)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_gethostbyname(name);
	struct sf_call c = CALL_BY_NAME(gethostbyname, name);

	return sf_enter(&c) ? none(&c) : leave(&c, real_gethostbyname(name));
}

SF_EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_gethostbyname2(name, family);
	struct sf_call c = CALL_BY_NAME(gethostbyname2, name);

	return sf_enter(&c) ? none(&c) : leave(&c, real_gethostbyname2(name, family));
}

SF_EXPORT int gethostbyname_r(
    const char *restrict name, struct hostent *restrict room, char *restrict buf, size_t len,
    struct hostent **restrict found, int *restrict error)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_gethostbyname_r(name, room, buf, len, found, error);
	struct sf_call c = CALL_BY_NAME(gethostbyname_r, name);

	if (sf_enter(&c))
		return none_r(&c, found, error);
	return leave_r(&c, real_gethostbyname_r(name, room, buf, len, found, error), found, error);
}

SF_EXPORT int gethostbyname2_r(
    const char *restrict name, int family, struct hostent *restrict room, char *restrict buf, size_t len,
    struct hostent **restrict found, int *restrict error)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_gethostbyname2_r(name, family, room, buf, len, found, error);
	struct sf_call c = CALL_BY_NAME(gethostbyname2_r, name);

	if (sf_enter(&c))
		return none_r(&c, found, error);
	return leave_r(&c, real_gethostbyname2_r(name, family, room, buf, len, found, error), found, error);
}

/* The address as rules compare it: port 0. */
static void
ask_by_address(struct sf_call *c, struct sockaddr_storage *whole, const void *address, socklen_t length, int family)
{
	memset(whole, 0, sizeof *whole);
	whole->ss_family = (sa_family_t)family;
	if (family == AF_INET && length == sizeof(struct in_addr) && sf_readable(address)) {
		memcpy(&((struct sockaddr_in *)whole)->sin_addr, address, length);
		c->address_length = sizeof(struct sockaddr_in);
	} else if (family == AF_INET6 && length == sizeof(struct in6_addr) && sf_readable(address)) {
		memcpy(&((struct sockaddr_in6 *)whole)->sin6_addr, address, length);
		c->address_length = sizeof(struct sockaddr_in6);
	} else
		c->question = SF_QUESTION_NONE;
	c->address = (struct sockaddr *)whole;
}

SF_EXPORT struct hostent *gethostbyaddr(const void *address, socklen_t length, int family)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_gethostbyaddr(address, length, family);
	struct sf_call c = SF_CALL_PLAIN(gethostbyaddr, SF_SITE, -1);
	struct sockaddr_storage whole;

	ask_by_address(&c, &whole, address, length, family);
	return sf_enter(&c) ? none(&c) : leave(&c, real_gethostbyaddr(address, length, family));
}

SF_EXPORT int gethostbyaddr_r(
    const void *restrict address, socklen_t length, int family, struct hostent *restrict room, char *restrict buf,
    size_t len, struct hostent **restrict found, int *restrict error)
{
	if (sf_unwatched(SF_RESOLVE))
		return real_gethostbyaddr_r(address, length, family, room, buf, len, found, error);
	struct sf_call c = SF_CALL_PLAIN(gethostbyaddr_r, SF_SITE, -1);
	struct sockaddr_storage whole;

	ask_by_address(&c, &whole, address, length, family);
	if (sf_enter(&c))
		return none_r(&c, found, error);
	return leave_r(&c, real_gethostbyaddr_r(address, length, family, room, buf, len, found, error), found, error);
}

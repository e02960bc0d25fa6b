/* SPDX-License-Identifier: MIT
 *
 * words.c -- tables for words.h. A number that no table has is shown as a number: nothing is left out.
 */
#include "cli/words.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "core/fault.h"
#include "core/names.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

struct word {
	uint32_t number;
	const char *name;
};

#define N(constant)                                                                                                    \
	{                                                                                                                  \
		constant, #constant                                                                                            \
	}

static const struct word levels[] = {
    N(SOL_SOCKET), N(IPPROTO_IP), N(IPPROTO_IPV6), N(IPPROTO_TCP), N(IPPROTO_UDP),
};

static const struct word socket_options[] = {
    N(SO_DEBUG),     N(SO_REUSEADDR),  N(SO_TYPE),         N(SO_ERROR),       N(SO_DONTROUTE),    N(SO_BROADCAST),
    N(SO_SNDBUF),    N(SO_RCVBUF),     N(SO_SNDBUFFORCE),  N(SO_RCVBUFFORCE), N(SO_KEEPALIVE),    N(SO_OOBINLINE),
    N(SO_NO_CHECK),  N(SO_PRIORITY),   N(SO_LINGER),       N(SO_REUSEPORT),   N(SO_PASSCRED),     N(SO_PEERCRED),
    N(SO_RCVLOWAT),  N(SO_SNDLOWAT),   N(SO_RCVTIMEO),     N(SO_SNDTIMEO),    N(SO_BINDTODEVICE), N(SO_ATTACH_FILTER),
    N(SO_TIMESTAMP), N(SO_ACCEPTCONN), N(SO_PEERSEC),      N(SO_PASSSEC),     N(SO_TIMESTAMPNS),  N(SO_MARK),
    N(SO_PROTOCOL),  N(SO_DOMAIN),     N(SO_INCOMING_CPU), N(SO_ZEROCOPY),    N(SO_BUSY_POLL),
};

static const struct word tcp_options[] = {
    N(TCP_NODELAY),      N(TCP_MAXSEG),           N(TCP_CORK),     N(TCP_KEEPIDLE),
    N(TCP_KEEPINTVL),    N(TCP_KEEPCNT),          N(TCP_SYNCNT),   N(TCP_LINGER2),
    N(TCP_DEFER_ACCEPT), N(TCP_WINDOW_CLAMP),     N(TCP_INFO),     N(TCP_QUICKACK),
    N(TCP_CONGESTION),   N(TCP_USER_TIMEOUT),     N(TCP_FASTOPEN), N(TCP_NOTSENT_LOWAT),
    N(TCP_ULP),          N(TCP_FASTOPEN_CONNECT),
};

static const struct word ip_options[] = {
    N(IP_TOS),
    N(IP_TTL),
    N(IP_PKTINFO),
    N(IP_RECVERR),
    N(IP_MTU_DISCOVER),
    N(IP_TRANSPARENT),
    N(IP_BIND_ADDRESS_NO_PORT),
};

static const struct word ipv6_options[] = {
    N(IPV6_V6ONLY), N(IPV6_RECVPKTINFO), N(IPV6_UNICAST_HOPS), N(IPV6_TCLASS), N(IPV6_RECVERR),
};

static const struct word ways[] = {N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR)};

static const struct word poll_bits[] = {
    {POLLIN, "IN"},     {POLLPRI, "PRI"},       {POLLOUT, "OUT"},       {POLLERR, "ERR"},       {POLLHUP, "HUP"},
    {POLLNVAL, "NVAL"}, {POLLRDNORM, "RDNORM"}, {POLLRDBAND, "RDBAND"}, {POLLWRNORM, "WRNORM"}, {POLLWRBAND, "WRBAND"},
    {POLLMSG, "MSG"},   {POLLRDHUP, "RDHUP"},   {0x8000, "ET"},
};

static const char *const lifecycles[] = {
    [SF_EVENT_LOAD - SF_EVENT_FIRST] = "load",     [SF_EVENT_FORK - SF_EVENT_FIRST] = "fork",
    [SF_EVENT_EXEC - SF_EVENT_FIRST] = "exec",     [SF_EVENT_EXIT - SF_EVENT_FIRST] = "exit",
    [SF_EVENT_SIGNAL - SF_EVENT_FIRST] = "signal", [SF_EVENT_THREAD - SF_EVENT_FIRST] = "thread",
    [SF_EVENT_ESCAPE - SF_EVENT_FIRST] = "escape",
};

static const char *find(const struct word *words, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].number == number)
			return words[i].name;
	return NULL;
}

static const char *or_number(const char *name, uint32_t number, char scratch[12])
{
	if (name)
		return name;
	snprintf(scratch, 12, "0x%x", number);
	return scratch;
}

const char *sf_event_operation(const struct sf_event *event)
{
	if (sf_event_is_call(event))
		return sf_operation_words[sf_func_rows[event->what].operation];
	if (event->what >= SF_EVENT_FIRST && event->what < SF_EVENT_END)
		return lifecycles[event->what - SF_EVENT_FIRST];
	return "unknown";
}

enum sf_operation sf_event_operation_of(const struct sf_event *event)
{
	return sf_event_is_call(event) ? (enum sf_operation)sf_func_rows[event->what].operation : SF_OPERATION_COUNT;
}

const char *sf_event_error(const struct sf_event *event, char scratch[12])
{
	if (!event->error)
		return NULL;
	const char *name =
	    sf_event_operation_of(event) == SF_RESOLVE ? sf_eai_name(event->error) : sf_errno_name(event->error);

	if (name)
		return name;
	snprintf(scratch, 12, "%u", event->error);
	return scratch;
}

/* Bits with names one by one, then the rest as one number. */
static const char *message_flag(uint32_t bits, unsigned n, char scratch[12])
{
	for (const struct sf_flag *flag = sf_message_flags; flag->name; flag++) {
		if ((bits & flag->bit) != flag->bit)
			continue;
		if (n-- == 0)
			return flag->name;
		bits &= ~flag->bit;
	}
	return bits && n == 0 ? or_number(NULL, bits, scratch) : NULL;
}

/* getsockopt and setsockopt have a level and a name in their flags; fcntl, ioctl and the others their own number. */
static const char *option_word(const struct sf_event *event, unsigned n, char scratch[12])
{
	uint32_t level = event->flags >> 16, option = event->flags & 0xffff;

	if (event->what != SF_FUNC_getsockopt && event->what != SF_FUNC_setsockopt)
		return event->flags && n == 0 ? or_number(NULL, event->flags, scratch) : NULL;
	if (n == 0)
		return or_number(find(levels, COUNT(levels), level), level, scratch);
	if (n > 1)
		return NULL;
	if (level == SOL_SOCKET)
		return or_number(find(socket_options, COUNT(socket_options), option), option, scratch);
	if (level == IPPROTO_TCP)
		return or_number(find(tcp_options, COUNT(tcp_options), option), option, scratch);
	if (level == IPPROTO_IP)
		return or_number(find(ip_options, COUNT(ip_options), option), option, scratch);
	if (level == IPPROTO_IPV6)
		return or_number(find(ipv6_options, COUNT(ipv6_options), option), option, scratch);
	return or_number(NULL, option, scratch);
}

const char *sf_event_flag(const struct sf_event *event, unsigned n, char scratch[12])
{
	enum sf_operation operation = sf_event_operation_of(event);

	if (event->what == SF_EVENT_SIGNAL && n == 0)
		return or_number(
		    event->asked < 128 ? sf_signal_name((int)event->asked) : NULL, (uint32_t)event->asked, scratch);
	if (operation == SF_SEND || operation == SF_RECV)
		return event->flags ? message_flag(event->flags, n, scratch) : NULL;
	if (operation == SF_SHUTDOWN)
		return n == 0 ? or_number(find(ways, COUNT(ways), event->flags), event->flags, scratch) : NULL;
	if (operation == SF_SOCKOPT)
		return option_word(event, n, scratch);
	return event->flags && n == 0 ? or_number(NULL, event->flags, scratch) : NULL;
}

const char *sf_poll_bit(uint16_t bits, unsigned n)
{
	for (size_t i = 0; i < COUNT(poll_bits); i++)
		if ((bits & poll_bits[i].number) && n-- == 0)
			return poll_bits[i].name;
	return NULL;
}

size_t sf_event_fault(const struct sf_event *event, char *buffer, size_t size)
{
	struct sf_action action = {
	    {event->fault_value, event->fault_value, event->fault_unit}, (uint8_t)(event->fault - 1)};

	if (size)
		buffer[0] = '\0';
	return event->fault && event->fault <= SF_FAULT_COUNT ? sf_action_print(&action, buffer, size) : 0;
}

size_t sf_event_shaped(const struct sf_event *event, char *buffer, size_t size)
{
	uint64_t ns = event->shaped_us * UINT64_C(1000);
	struct sf_action action = {{ns, ns, SF_UNIT_DURATION}, (uint8_t)(event->shaped_fault - 1)};

	if (size)
		buffer[0] = '\0';
	if (!event->shaped_fault || event->shaped_fault > SF_FAULT_COUNT)
		return 0;
	if (!(sf_faults[action.kind]->units & SF_BIT(SF_UNIT_DURATION)))
		action.argument.unit = SF_UNIT_NONE;
	return sf_action_print(&action, buffer, size);
}

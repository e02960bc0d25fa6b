/* SPDX-License-Identifier: MIT
 *
 * words.c -- tables for words.h. A number that no table has is shown as a number: nothing is left out.
 */
#include "cli/words.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

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

static const struct word domains[] = {
    N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_INET6), N(AF_NETLINK), N(AF_PACKET), N(AF_ALG), N(AF_VSOCK),
};

static const struct word types[] = {
    N(SOCK_STREAM),
    N(SOCK_DGRAM),
    N(SOCK_RAW),
    N(SOCK_SEQPACKET),
};

static const struct word descriptor_flags[] = {N(SOCK_NONBLOCK), N(SOCK_CLOEXEC)};

static const struct word epoll_commands[] = {N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD)};

static const struct word commands[] = {
    N(F_DUPFD), N(F_DUPFD_CLOEXEC), N(F_GETFD),  N(F_SETFD),  N(F_GETFL),
    N(F_SETFL), N(F_SETOWN),        N(F_GETOWN), N(F_SETSIG),
};

static const struct word requests[] = {N(FIONREAD), N(FIONBIO), N(FIOASYNC), N(FIOCLEX), N(FIONCLEX), N(TIOCOUTQ)};

static const struct word wait_options[] = {N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED), N(WNOWAIT)};

static const struct word poll_bits[] = {
    {POLLIN, "IN"},          {POLLPRI, "PRI"},       {POLLOUT, "OUT"},          {POLLERR, "ERR"},
    {POLLHUP, "HUP"},        {POLLNVAL, "NVAL"},     {POLLRDNORM, "RDNORM"},    {POLLRDBAND, "RDBAND"},
    {POLLWRNORM, "WRNORM"},  {POLLWRBAND, "WRBAND"}, {POLLMSG, "MSG"},          {POLLRDHUP, "RDHUP"},
    {0x8000, "ET"},          {EPOLLET, "ET"},        {EPOLLONESHOT, "ONESHOT"}, {EPOLLEXCLUSIVE, "EXCLUSIVE"},
    {EPOLLWAKEUP, "WAKEUP"},
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
static const char *bit_word(const struct word *words, size_t count, uint32_t bits, unsigned n, char scratch[12])
{
	for (size_t i = 0; i < count; i++) {
		if ((bits & words[i].number) != words[i].number)
			continue;
		if (n-- == 0)
			return words[i].name;
		bits &= ~words[i].number;
	}
	return bits && n == 0 ? or_number(NULL, bits, scratch) : NULL;
}

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

/* getsockopt and setsockopt have a level and a name in their flags. */
static const char *option_word(uint32_t flags, unsigned n, char scratch[12])
{
	uint32_t level = flags >> 16, option = flags & 0xffff;

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

/* socket and socketpair: domain, type, then the bits beside the type. */
static const char *socket_word(uint32_t flags, unsigned n, char scratch[12])
{
	uint32_t domain = flags >> 16, type = flags & 0xf, bits = flags & 0xfff0;

	if (n == 0)
		return or_number(find(domains, COUNT(domains), domain), domain, scratch);
	if (n == 1)
		return or_number(find(types, COUNT(types), type), type, scratch);
	return bit_word(descriptor_flags, COUNT(descriptor_flags), bits, n - 2, scratch);
}

/* Functions whose flags are one word of a table. */
static const struct single {
	uint16_t func;
	const struct word *words;
	size_t count;
} singles[] = {
    {SF_FUNC_shutdown, ways, COUNT(ways)},
    {SF_FUNC_fcntl, commands, COUNT(commands)},
    {SF_FUNC_ioctl, requests, COUNT(requests)},
    {SF_FUNC_epoll_ctl, epoll_commands, COUNT(epoll_commands)},
};

static const char *single_word(const struct sf_event *event, unsigned n, char scratch[12])
{
	for (size_t i = 0; i < COUNT(singles); i++)
		if (singles[i].func == event->what)
			return n ? NULL : or_number(find(singles[i].words, singles[i].count, event->flags), event->flags, scratch);
	return bit_word(descriptor_flags, COUNT(descriptor_flags), event->flags, n, scratch);
}

const char *sf_event_flag(const struct sf_event *event, unsigned n, char scratch[12])
{
	enum sf_operation operation = sf_event_operation_of(event);

	if (operation == SF_SEND || operation == SF_RECV)
		return event->flags ? message_flag(event->flags, n, scratch) : NULL;
	if (event->what == SF_EVENT_SIGNAL)
		return n ? NULL : or_number(sf_signal_name((int)(event->asked & 0xff)), (uint32_t)event->asked, scratch);
	if (event->what == SF_FUNC_getsockopt || event->what == SF_FUNC_setsockopt)
		return option_word(event->flags, n, scratch);
	if (event->what == SF_FUNC_socket || event->what == SF_FUNC_socketpair)
		return socket_word(event->flags, n, scratch);
	if (operation == SF_PROCESS)
		return bit_word(wait_options, COUNT(wait_options), event->flags, n, scratch);
	return single_word(event, n, scratch);
}

const char *sf_poll_bit(uint32_t bits, unsigned n)
{
	for (size_t i = 0; i < COUNT(poll_bits); i++)
		if ((bits & poll_bits[i].number) && n-- == 0)
			return poll_bits[i].name;
	return NULL;
}

const char *sf_closed_word(uint8_t closed)
{
	return closed == SF_CLOSED ? "before" : closed == SF_CLOSED_IN_A_ROW ? "in a row" : NULL;
}

const char *sf_follows_word(uint8_t follows)
{
	static const char *const words[SF_FOLLOWS_COUNT] = {NULL, "on", "again", "other"};

	return follows < SF_FOLLOWS_COUNT ? words[follows] : NULL;
}

size_t sf_event_fault(const struct sf_event *event, char *buffer, size_t size)
{
	struct sf_action action = {
	    {event->fault_value, event->fault_value, event->fault_unit}, (uint8_t)(event->fault - 1)};

	if (size)
		buffer[0] = '\0';
	return event->fault ? sf_action_print(&action, buffer, size) : 0;
}

size_t sf_event_shaped(const struct sf_event *event, char *buffer, size_t size)
{
	uint64_t ns = event->shaped_us * UINT64_C(1000);
	struct sf_action action = {{ns, ns, SF_UNIT_DURATION}, (uint8_t)(event->shaped_fault - 1)};

	if (size)
		buffer[0] = '\0';
	if (!event->shaped_fault)
		return 0;
	if (!(sf_faults[action.kind]->units & SF_BIT(SF_UNIT_DURATION)))
		action.argument.unit = SF_UNIT_NONE;
	return sf_action_print(&action, buffer, size);
}

/* SPDX-License-Identifier: MIT
 *
 * probe.c -- the questions of probe.h, by raw system calls. Knows nothing of rules.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "core/fact.h"
#include "core/match.h"
#include "fdtab.h"
#include "real.h"
#include "sys.h"

#define TCP_INFO_OPTION 11

enum {
	TCP_IS_ESTABLISHED = 1,
	TCP_IS_FIN_WAIT1 = 4,
	TCP_IS_FIN_WAIT2 = 5,
	TCP_IS_CLOSE = 7,
	TCP_IS_CLOSE_WAIT = 8,
	TCP_IS_LISTEN = 10,
};

/* The kernel's own struct sigaction. */
struct kernel_action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static int option(int fd, int name)
{
	int value = 0;
	socklen_t length = sizeof value;

	return sf_sys(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

/* 0 where it can't be told. */
static uint8_t tcp_state(int fd)
{
	uint8_t info[8]; /* struct tcp_info: the state is its first byte */
	socklen_t length = sizeof info;

	return sf_sys(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO_OPTION, info, &length) == 0 ? info[0] : 0;
}

/* A send finds room before poll tells of any: that waits until a third of the buffer is free, of a Unix socket three
 * quarters. Of datagrams to a Unix socket its peer's queue says more. */
static bool has_room(const struct sf_call *c)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t length = sizeof memory;
	bool is_tcp = c->on == SF_ON_TCP;
	uint8_t state = is_tcp ? tcp_state(c->fd) : 0;

	if (c->on == SF_ON_UNIX_DGRAM || (is_tcp && state != TCP_IS_ESTABLISHED && state != TCP_IS_CLOSE_WAIT) ||
	    sf_sys(SYS_getsockopt, c->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0)
		return false;
	return memory[is_tcp ? SK_MEMINFO_WMEM_QUEUED : SK_MEMINFO_WMEM_ALLOC] < memory[SK_MEMINFO_SNDBUF];
}

bool sf_probe_ready(const struct sf_call *c)
{
	struct pollfd one = {c->fd, c->operation == SF_SEND ? POLLOUT : POLLIN, 0};
	struct timespec now = {0, 0};
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;

	if (c->operation == SF_CONNECT) /* it waits for an answer, unless it is connected */
		return sf_sys(SYS_getpeername, c->fd, &peer, &length) == 0;
	return sf_sys(SYS_ppoll, &one, 1, &now, NULL, 8) == 1 || (c->operation == SF_SEND && has_room(c));
}

bool sf_probe_tells_each_byte(int fd)
{
	return option(fd, SO_RCVLOWAT) == 1;
}

bool sf_probe_ended(int fd, bool by_peer)
{
	struct pollfd one = {fd, by_peer ? POLLRDHUP : 0, 0};
	struct timespec now = {0, 0};

	return sf_sys(SYS_ppoll, &one, 1, &now, NULL, 8) == 1 && one.revents & (POLLHUP | POLLRDHUP);
}

bool sf_probe_same(int fd, struct sf_socket *socket)
{
	struct stat st;

	if (sf_sys(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	if (!socket->inode && sf_family_of(option(fd, SO_DOMAIN)) == socket->family &&
	    sf_type_of(option(fd, SO_TYPE)) == socket->type)
		socket->inode = st.st_ino;
	return socket->inode == st.st_ino;
}

uint64_t sf_probe_blocked(void)
{
	uint64_t mask = 0;

	return sf_sys(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8) == 0 ? mask : 0;
}

bool sf_probe_disposition(struct sf_disposition *signal)
{
	struct kernel_action action;

	if (sf_sys(SYS_rt_sigaction, signal->signal, NULL, &action, 8) != 0)
		return false;
	signal->ignored = action.handler == (void *)SIG_IGN || (signal->signal == SIGCHLD && (action.flags & SA_NOCLDWAIT));
	signal->handled = action.handler != (void *)SIG_IGN && action.handler != (void *)SIG_DFL;
	signal->restart = signal->handled && (action.flags & SA_RESTART);
	return true;
}

bool sf_probe_handles(int signal, bool interrupting)
{
	struct sf_disposition action = {.signal = (uint8_t)signal};

	return sf_probe_disposition(&action) && action.handled && !(interrupting && action.restart);
}

/* Those of its threads. What libc does by them no program sees: an interrupted call goes on, or never comes back. */
static bool is_of_libc(int signal)
{
	return signal > SIGSYS && signal < (gnu_get_libc_version ? 34 : 35);
}

size_t sf_probe_handlers(struct sf_disposition signals[SF_SIGNALS])
{
	size_t n = 0;

	for (int signal = 1; signal <= SF_SIGNALS; signal++) {
		signals[n] = (struct sf_disposition){.signal = (uint8_t)signal};
		if (!is_of_libc(signal) && sf_probe_disposition(&signals[n]) && signals[n].handled)
			n++;
	}
	return n;
}

bool sf_probe_handler(bool interrupting, uint64_t blocked)
{
	for (int signal = 1; signal <= SF_SIGNALS; signal++)
		if (!is_of_libc(signal) && !(blocked >> (signal - 1) & 1) && sf_probe_handles(signal, interrupting))
			return true;
	return false;
}

bool sf_probe_resettable(int fd, enum sf_family family)
{
	struct pollfd one = {fd, POLLRDHUP, 0};
	struct timespec now = {0, 0};
	uint8_t state = family == SF_UNIX ? 0 : tcp_state(fd);

	if (family == SF_UNIX)
		return sf_sys(SYS_ppoll, &one, 1, &now, NULL, 8) == 0;
	return state == TCP_IS_ESTABLISHED || state == TCP_IS_FIN_WAIT1 || state == TCP_IS_FIN_WAIT2;
}

bool sf_probe_heard_end(int fd)
{
	return tcp_state(fd) == TCP_IS_CLOSE_WAIT;
}

bool sf_probe_has_peer(int fd, bool is_tcp)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	uint8_t state = is_tcp ? tcp_state(fd) : 0;

	if (!is_tcp)
		return sf_sys(SYS_getpeername, fd, &peer, &length) != -ENOTCONN;
	return state != TCP_IS_CLOSE && state != TCP_IS_LISTEN;
}

/* Of IPv4 or IPv6; 0 if it can't be asked. */
static int internet_option(int fd, enum sf_family family, int four, int six)
{
	int level = family == SF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, value = 0;
	socklen_t length = sizeof value;

	return sf_sys(SYS_getsockopt, fd, level, family == SF_INET6 ? six : four, &value, &length) == 0 ? value : 0;
}

bool sf_probe_hears_refusals(int fd, enum sf_family family)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;

	return sf_sys(SYS_getpeername, fd, &peer, &length) == 0 || internet_option(fd, family, IP_RECVERR, IPV6_RECVERR);
}

bool sf_probe_sends_whole(int fd, enum sf_family family)
{
	int how = internet_option(fd, family, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER);

	return how == IP_PMTUDISC_DO || how == IP_PMTUDISC_PROBE; /* IPV6_PMTUDISC_ has the same values */
}

uint64_t sf_probe_timeout(int fd, bool sending)
{
	struct timeval tv = {0, 0};
	socklen_t length = sizeof tv;

	if (sf_sys(SYS_getsockopt, fd, SOL_SOCKET, sending ? SO_SNDTIMEO : SO_RCVTIMEO, &tv, &length) != 0)
		return 0;
	return (uint64_t)tv.tv_sec * 1000000000 + (uint64_t)tv.tv_usec * 1000;
}

/* A sigprocmask of an operation that does not exist copies the set in, and changes nothing. */
bool sf_probe_readable(const void *at, size_t length)
{
	const char *byte = at, *last = byte + (length > 8 ? length - 8 : 0);

	for (;; byte += 4096) {
		if (byte > last)
			byte = last;
		if (sf_sys(SYS_rt_sigprocmask, -1, byte, NULL, 8) == -EFAULT)
			return false;
		if (byte == last)
			return true;
	}
}

int sf_probe_take_error(int fd)
{
	return option(fd, SO_ERROR);
}

bool sf_probe_error(int fd)
{
	struct pollfd one = {fd, 0, 0};
	struct timespec now = {0, 0};

	return sf_sys(SYS_ppoll, &one, 1, &now, NULL, 8) == 1 && one.revents & POLLERR;
}

int sf_probe_free_number(int fd)
{
	long copy = sf_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -1;
	sf_sys(SYS_close, copy);
	return (int)copy;
}

/* ---- who waits in a socket ---- */

static unsigned long word_of(const char **text, int base)
{
	unsigned long n = 0;

	while (**text == ' ')
		++*text;
	if (base == 16 && (*text)[0] == '0' && (*text)[1] == 'x')
		*text += 2;
	for (;; ++*text) {
		char c = **text;
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

		if (digit >= base)
			return n;
		n = n * (unsigned long)base + (unsigned long)digit;
	}
}

/* /proc/self/task/TID/syscall of a thread that waits: "45 0x3 0x7f...": number and arguments. */
static bool receives(const char *tid, uint32_t socket)
{
	char text[160], path[48] = "/proc/self/task/";
	size_t length = strlen(tid);

	if (length > 10)
		return false;
	memcpy(path + 16, tid, length);
	memcpy(path + 16 + length, "/syscall", 9);
	long file = sf_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	long got = file < 0 ? -1 : sf_sys(SYS_read, file, text, sizeof text - 1);

	if (file >= 0)
		sf_sys(SYS_close, file);
	if (got <= 0 || text[0] < '0' || text[0] > '9') /* "running" */
		return false;
	text[got] = '\0';
	const char *at = text;
	unsigned long number = word_of(&at, 10), fd = word_of(&at, 16);

	return (number == SYS_read || number == SYS_readv || number == SYS_recvfrom || number == SYS_recvmsg ||
	        number == SYS_recvmmsg || number == SYS_preadv2) &&
	       sf_fd_index((int)fd) == socket;
}

bool sf_probe_reader(uint32_t socket)
{
	char buffer[1024] __attribute__((aligned(8)));
	long dir = sf_sys(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	bool found = false;
	long length;

	while (dir >= 0 && !found && (length = sf_sys(SYS_getdents64, dir, buffer, sizeof buffer)) > 0)
		for (long at = 0; at < length && !found;) {
			struct {
				uint64_t inode;
				int64_t offset;
				uint16_t length;
				uint8_t type;
				char name[];
			} const *entry = (const void *)(buffer + at);

			found = entry->name[0] != '.' && receives(entry->name, socket);
			at += entry->length;
		}
	if (dir >= 0)
		sf_sys(SYS_close, dir);
	return found;
}

static void describe_addresses(int fd, struct sf_socket *socket)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;

	if (sf_sys(SYS_getsockname, fd, &address, &length) == 0)
		sf_endpoint_from(&socket->local, (struct sockaddr *)&address, length);
	length = sizeof address;
	if (sf_sys(SYS_getpeername, fd, &address, &length) == 0 &&
	    !sf_endpoint_from(&socket->peer, (struct sockaddr *)&address, length))
		socket->peer = (struct sf_endpoint){.family = SF_FAMILY_OTHER};
}

bool sf_probe_describe(int fd, struct sf_socket *socket)
{
	int domain = option(fd, SO_DOMAIN);

	if (domain < 0)
		return false;
	socket->family = sf_family_of(domain);
	socket->type = sf_type_of(option(fd, SO_TYPE));
	socket->nonblocking = (sf_sys(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) != 0;
	socket->receive_timeout = sf_probe_timeout(fd, false) != 0;
	socket->send_timeout = sf_probe_timeout(fd, true) != 0;
	describe_addresses(fd, socket);
	if (option(fd, SO_ACCEPTCONN) == 1)
		socket->side = SF_LISTENER;
	/* An end of a socketpair has neither a name nor a named peer. */
	socket->domestic = socket->family == SF_FAMILY_OTHER || (socket->family == SF_UNIX && socket->side != SF_LISTENER &&
	                                                         !socket->local.length && !socket->peer.length);
	return true;
}

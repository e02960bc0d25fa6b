/* SPDX-License-Identifier: MIT
 *
 * natively.c -- how a kernel is brought to make a fault: peers that reset, networks that swallow, limits, full queues.
 * Used where no library is; a few also prepare the ground of both.
 */
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

static int fd_of(const struct step *step)
{
	return *descriptor(step->words[1]);
}

/* reset p: its end of the connection goes with a RST. */
static void reset(const struct step *step)
{
	struct linger at_once = {1, 0};

	must(setsockopt(fd_of(step), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0, "SO_LINGER");
	must(close(fd_of(step)) == 0, "close");
}

/* listening l: a socket that was only bound accepts connections from now on. */
static void listening(const struct step *step)
{
	must(listen(fd_of(step), number(step->words[2], 16)) == 0, "listen");
}

/* swallow c: nothing that is sent to c arrives any more. */
static void swallow(const struct step *step)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &none};

	must(
	    setsockopt(fd_of(step), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0,
	    "SO_ATTACH_FILTER (it needs CAP_NET_ADMIN)");
}

/* patience c MS: how long it waits for an acknowledgement. */
static void patience(const struct step *step)
{
	unsigned wait_ms = (unsigned)number(step->words[2], 300);

	must(setsockopt(fd_of(step), IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof wait_ms) == 0, "TCP_USER_TIMEOUT");
}

/* descriptors gone|back: RLIMIT_NOFILE is reached. */
static void descriptors(const struct step *step)
{
	static struct rlimit before;
	struct rlimit none;
	int next = dup(0);

	if (next >= 0)
		close(next);
	if (!before.rlim_max)
		getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = (rlim_t)next;
	must(setrlimit(RLIMIT_NOFILE, strcmp(step->words[1], "gone") == 0 ? &none : &before) == 0, "setrlimit");
}

/* crowd l [N]: N sockets connect to it, to which nobody listens: its queue is full. */
static void crowd(const struct step *step)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	int type = 0;
	socklen_t size = sizeof type;

	must(getsockname(fd_of(step), (struct sockaddr *)&address, &length) == 0, "getsockname");
	must(getsockopt(fd_of(step), SOL_SOCKET, SO_TYPE, &type, &size) == 0, "SO_TYPE");
	for (int i = number(step->words[2], 1); i > 0; i--) {
		int fd = socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (connect(fd, (struct sockaddr *)&address, length) != 0)
			must(errno == EINPROGRESS || errno == EAGAIN, "connect");
	}
}

/* room l: one of the crowd is let in, and goes. */
static void make_room(const struct step *step)
{
	close(accept(fd_of(step), NULL, NULL));
}

/* alone: a network of one's own, where nothing is but the loopback. */
static void alone(const struct step *step)
{
	(void)step;
	must(unshare(CLONE_NEWNET) == 0, "unshare(CLONE_NEWNET) (it needs CAP_SYS_ADMIN)");
	must(system("ip link set lo up") == 0, "ip link set lo up (package iproute2)");
}

/* shell WORDS...: a command that has to work. */
static void shell(const struct step *step)
{
	char command[256] = "";

	for (int i = 1; i < WORDS && step->words[i][0]; i++) {
		strcat(command, step->words[i]);
		strcat(command, " ");
	}
	must(system(command) == 0, command);
}

/* level c IP_OPTION VALUE: an option of IPv4 by its number. */
static void option_of_ip(const struct step *step)
{
	int value = number(step->words[3], 1);

	must(setsockopt(fd_of(step), IPPROTO_IP, number(step->words[2], 0), &value, sizeof value) == 0, "setsockopt");
}

/* buffers c N: of both directions. */
static void buffers(const struct step *step)
{
	int size = number(step->words[2], 0);

	must(setsockopt(fd_of(step), SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0, "SO_SNDBUF");
	must(setsockopt(fd_of(step), SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0, "SO_RCVBUF");
}

/* fill c: until no more goes in. */
static void fill(const struct step *step)
{
	static char bytes[65536];
	size_t size = (size_t)number(step->words[2], sizeof bytes);

	while (send(fd_of(step), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	must(errno == EAGAIN, "fill");
}

/* drain p: all that has come. */
static void drain(const struct step *step)
{
	static char bytes[65536];

	while (recv(fd_of(step), bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

/* An error of TCP wakes twice, for the state and for the error (tcp_done_with_error in net/ipv4/tcp.c), with the
 * socket's lock held throughout. TCP_INFO takes that lock. */
void settle(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof info;

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
}

const struct verb native_means[] = {
    {"reset", reset},
    {"listening", listening},
    {"swallow", swallow},
    {"patience", patience},
    {"descriptors", descriptors},
    {"crowd", crowd},
    {"room", make_room},
    {"alone", alone},
    {"shell", shell},
    {"ip_option", option_of_ip},
    {"buffers", buffers},
    {"fill", fill},
    {"drain", drain},
    {NULL, NULL},
};

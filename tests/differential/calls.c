/* SPDX-License-Identifier: MIT
 *
 * calls.c -- what programs do to sockets. Each verb is one call, by the name of the function; its words are the socket
 * and the arguments. Bytes that are sent are letters in order, so that the transcript shows which ones arrive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe.h"

enum { MOST = 16 << 20, SHOWN = 24 };

struct name {
	struct sockaddr_storage address;
	socklen_t length;
};

static struct name where[128];  /* by a socket's letter: what it is bound to */
static struct name before[128]; /* and what getsockname said when it was connected */
static const char *host = "";   /* another address than the loopback's first */

static int fd_of(const struct step *step)
{
	return *descriptor(step->words[1]);
}

static bool is_kind(const char *what)
{
	return strncmp(kind, what, strlen(what)) == 0;
}

static bool is_datagram(void)
{
	return is_kind("udp") || is_kind("unixdgram");
}

static int new_socket(void)
{
	int family = is_kind("unix") || is_kind("seqpacket") ? AF_UNIX : strchr(kind, '6') ? AF_INET6 : AF_INET;
	int type = is_datagram() ? SOCK_DGRAM : is_kind("seqpacket") ? SOCK_SEQPACKET : SOCK_STREAM;

	return socket(family, type | SOCK_CLOEXEC, 0);
}

/* An address whose port or name the kernel chooses. */
static struct name any_name(void)
{
	struct name name = {.length = sizeof(sa_family_t)};
	struct sockaddr_in *four = (struct sockaddr_in *)&name.address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&name.address;

	if (is_kind("unix") || is_kind("seqpacket")) {
		name.address.ss_family = AF_UNIX;
	} else if (strchr(kind, '6')) {
		six->sin6_family = AF_INET6;
		must(inet_pton(AF_INET6, host[0] ? host : "::1", &six->sin6_addr) == 1, "inet_pton");
		name.length = sizeof *six;
	} else {
		four->sin_family = AF_INET;
		must(inet_pton(AF_INET, host[0] ? host : "127.0.0.1", &four->sin_addr) == 1, "inet_pton");
		name.length = sizeof *four;
	}
	return name;
}

static struct name name_of(int fd)
{
	struct name name = {.length = sizeof name.address};

	must(getsockname(fd, (struct sockaddr *)&name.address, &name.length) == 0, "getsockname");
	return name;
}

/* ---- making and connecting ---- */

static void do_address(const struct step *step)
{
	static char kept[64];

	snprintf(kept, sizeof kept, "%s", step->words[1]);
	host = kept;
}

/* A socket without a result is written down as one that is given. */
static void do_socket(const struct step *step)
{
	int fd = new_socket();

	*descriptor(step->words[1]) = fd;
	if (fd < 0)
		say_result(fd);
}

static void do_bind(const struct step *step)
{
	struct name name = any_name();
	int fd = fd_of(step);

	say_result(bind(fd, (struct sockaddr *)&name.address, name.length));
	where[(int)step->words[1][0]] = name_of(fd);
}

/* bound l: makes a socket and binds it. */
static void do_bound(const struct step *step)
{
	do_socket(step);
	do_bind(step);
}

/* far l ADDRESS: l is a place in another network. */
static void do_far(const struct step *step)
{
	struct name *name = &where[(int)step->words[1][0]];
	const char *here = host;

	host = step->words[2];
	*name = any_name();
	host = here;
	((struct sockaddr_in *)&name->address)->sin_port = htons(7001);
}

/* listen l [BACKLOG]: makes it, binds it and listens. */
static void do_listen(const struct step *step)
{
	do_bound(step);
	must(listen(fd_of(step), number(step->words[2], 16)) == 0, "listen");
}

/* connect c l: to what l is bound to. */
static void do_connect(const struct step *step)
{
	const struct name *name = &where[(int)step->words[2][0]];
	int ret = connect(fd_of(step), (const struct sockaddr *)&name->address, name->length);

	say_result(ret);
	if (ret == 0)
		before[(int)step->words[1][0]] = name_of(fd_of(step));
}

static void do_accept(const struct step *step)
{
	int fd = accept(*descriptor(step->words[2]), NULL, NULL);

	if (fd < 0) {
		say_result(fd);
		return;
	}
	fprintf(out, " = a socket");
	*descriptor(step->words[1]) = fd;
	before[(int)step->words[1][0]] = name_of(fd);
}

/* pair c p: connects the two through a listener l. pair p c: the other way round. Datagrams need no listener. */
static struct step step_of(const char *verb, const char *one, const char *two)
{
	struct step step = {{verb, one, two}};

	for (int i = 3; i < WORDS; i++)
		step.words[i] = "";
	return step;
}

static void do_pair(const struct step *step)
{
	struct step listening = step_of("listen", "l", "");
	struct step making = step_of("socket", step->words[1], "");
	struct step connecting = step_of("connect", step->words[1], "l");
	struct step accepting = step_of("accept", step->words[2], "l");

	if (is_datagram()) {
		listening.words[1] = connecting.words[2] = step->words[2];
		do_bound(&listening);
		if (is_kind("unix"))
			do_bound(&making);
		else
			do_socket(&making);
		do_connect(&connecting);
		where[(int)step->words[1][0]] = name_of(*descriptor(step->words[1]));
		return;
	}
	do_listen(&listening);
	do_socket(&making);
	do_connect(&connecting);
	do_accept(&accepting);
}

/* rebind p: another socket takes the address that p had. */
static void do_rebind(const struct step *step)
{
	const struct name *name = &where[(int)step->words[1][0]];

	do_socket(step);
	must(bind(fd_of(step), (const struct sockaddr *)&name->address, name->length) == 0, "bind");
}

static void do_dup(const struct step *step)
{
	*descriptor(step->words[1]) = dup(*descriptor(step->words[2]));
}

static void do_close(const struct step *step)
{
	say_result(close(fd_of(step)));
}

/* ---- how it blocks ---- */

static void do_nonblock(const struct step *step)
{
	say_result(fcntl(fd_of(step), F_SETFL, strcmp(step->words[2], "off") ? O_NONBLOCK : 0));
}

/* timeout c [MS]: of both directions. Two calls. */
static void do_timeout(const struct step *step)
{
	int timeout_ms = number(step->words[2], TIMEOUT_MS);
	struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	must(setsockopt(fd_of(step), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0, "SO_RCVTIMEO");
	must(setsockopt(fd_of(step), SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) == 0, "SO_SNDTIMEO");
}

/* ---- moving bytes ---- */

static int flags_of(const struct step *step)
{
	static const struct {
		const char *name;
		int flag;
	} names[] = {
	    {"peek", MSG_PEEK},         {"waitall", MSG_WAITALL},   {"dontwait", MSG_DONTWAIT},
	    {"nosignal", MSG_NOSIGNAL}, {"errqueue", MSG_ERRQUEUE},
	};
	int flags = 0;

	for (int i = 3; i < WORDS; i++)
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
			if (strcmp(step->words[i], names[k].name) == 0)
				flags |= names[k].flag;
	return flags;
}

/* Bytes that a call may fill, or that it sends. */
static char *room(void)
{
	static __thread char *memory;

	if (!memory)
		memory = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory != MAP_FAILED, "mmap");
	return memory;
}

/* Each end sends letters in order. */
static char *letters(const struct step *step, int length)
{
	static char next[128];
	char *bytes = room(), *here = &next[(int)step->words[1][0]];

	for (int i = 0; i < length; i++, *here = (char)((*here + 1) % 26))
		bytes[i] = (char)('a' + *here);
	return bytes;
}

/* What was moved; of many bytes only whether it was all, for buffers differ in size. */
static void say_moved(long ret, long asked, const char *bytes)
{
	if (ret > SHOWN) {
		fprintf(out, ret == asked ? " = all" : " = a part");
		return;
	}
	say_result(ret);
	if (ret > 0 && bytes)
		fprintf(out, " \"%.*s\"", (int)ret, bytes);
}

static void do_recv(const struct step *step)
{
	int length = number(step->words[2], 100);

	say_moved(recv(fd_of(step), room(), (size_t)length, flags_of(step)), length, room());
}

static void do_read(const struct step *step)
{
	int length = number(step->words[2], 100);

	say_moved(read(fd_of(step), room(), (size_t)length), length, room());
}

/* In two pieces, to meet code that thinks of one. */
static void halve(struct iovec pieces[2], char *bytes, int length)
{
	pieces[0] = (struct iovec){bytes, (size_t)length / 2};
	pieces[1] = (struct iovec){bytes + length / 2, (size_t)(length - length / 2)};
}

static void do_readv(const struct step *step)
{
	int length = number(step->words[2], 100);
	struct iovec pieces[2];

	halve(pieces, room(), length);
	say_moved(readv(fd_of(step), pieces, 2), length, room());
}

static void do_recvmsg(const struct step *step)
{
	int length = number(step->words[2], 100);
	struct iovec pieces[2];
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2, .msg_flags = -1};

	halve(pieces, room(), length);
	long ret = recvmsg(fd_of(step), &message, flags_of(step));

	say_moved(ret, length, room());
	if (ret >= 0)
		fprintf(out, " flags %x", (unsigned)message.msg_flags & ~(unsigned)MSG_CMSG_CLOEXEC);
}

static void do_recvmmsg(const struct step *step)
{
	struct iovec pieces[2] = {{room(), 50}, {room() + 50, 50}};
	struct mmsghdr messages[2] = {
	    {.msg_hdr = {.msg_iov = &pieces[0], .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &pieces[1], .msg_iovlen = 1}}};
	int ret = recvmmsg(fd_of(step), messages, 2, MSG_WAITFORONE, NULL);

	say_result(ret);
	for (int i = 0; i < ret; i++)
		fprintf(out, " \"%.*s\"", (int)messages[i].msg_len, (char *)pieces[i].iov_base);
}

/* The peer of datagrams is not connected: it sends to c. */
static void do_send(const struct step *step)
{
	int length = number(step->words[2], 1);
	const struct name *to = is_datagram() && step->words[1][0] == 'p' ? &where['c'] : NULL;

	say_moved(
	    sendto(
	        fd_of(step), letters(step, length), (size_t)length, flags_of(step),
	        to ? (const struct sockaddr *)&to->address : NULL, to ? to->length : 0),
	    length, NULL);
}

/* later p: five bytes, after TIMEOUT_MS. */
static void do_later(const struct step *step)
{
	usleep(TIMEOUT_MS * 1000);
	if (is_datagram())
		sendto(fd_of(step), "abcde", 5, 0, (struct sockaddr *)&where['c'].address, where['c'].length);
	else
		send(fd_of(step), "abcde", 5, 0);
}

static void do_sendto(const struct step *step)
{
	const struct name *name = &where[(int)step->words[3][0]];
	int length = number(step->words[2], 1);

	say_moved(
	    sendto(
	        fd_of(step), letters(step, length), (size_t)length, flags_of(step), (const struct sockaddr *)&name->address,
	        name->length),
	    length, NULL);
}

static void do_write(const struct step *step)
{
	int length = number(step->words[2], 1);

	say_moved(write(fd_of(step), letters(step, length), (size_t)length), length, NULL);
}

static void do_writev(const struct step *step)
{
	int length = number(step->words[2], 2);
	struct iovec pieces[2];

	halve(pieces, letters(step, length), length);
	say_moved(writev(fd_of(step), pieces, 2), length, NULL);
}

static void do_sendmsg(const struct step *step)
{
	int length = number(step->words[2], 2);
	struct iovec pieces[2];
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};

	halve(pieces, letters(step, length), length);
	say_moved(sendmsg(fd_of(step), &message, flags_of(step)), length, NULL);
}

static void do_sendmmsg(const struct step *step)
{
	char *bytes = letters(step, 2);
	struct iovec pieces[2] = {{bytes, 1}, {bytes + 1, 1}};
	struct mmsghdr messages[2] = {
	    {.msg_hdr = {.msg_iov = &pieces[0], .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &pieces[1], .msg_iovlen = 1}}};

	say_result(sendmmsg(fd_of(step), messages, 2, flags_of(step)));
}

static void do_sendfile(const struct step *step)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	off_t offset = 0;

	must(file >= 0 && write(file, "0123456789", 10) == 10, "memfd");
	say_moved(sendfile(fd_of(step), file, &offset, (size_t)number(step->words[2], 10)), 10, NULL);
	close(file);
}

/* ---- questions ---- */

static void do_error(const struct step *step)
{
	int value = 0;
	socklen_t length = sizeof value;
	int ret = getsockopt(fd_of(step), SOL_SOCKET, SO_ERROR, &value, &length);

	say_result(ret);
	if (ret == 0)
		fprintf(out, " %s", errno_name(value));
}

/* touch c: a call that changes nothing and takes no error. A rule may reset the connection in it. */
static void do_touch(const struct step *step)
{
	int value = 0;
	socklen_t length = sizeof value;

	say_result(getsockopt(fd_of(step), SOL_SOCKET, SO_TYPE, &value, &length));
}

static void do_setsockopt(const struct step *step)
{
	int value = 1;

	say_result(setsockopt(fd_of(step), SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value));
}

static void do_fionread(const struct step *step)
{
	int value = 0;
	int ret = ioctl(fd_of(step), FIONREAD, &value);

	say_result(ret);
	if (ret == 0)
		fprintf(out, " %d", value);
}

static void do_getpeername(const struct step *step)
{
	struct name name = {.length = sizeof name.address};

	say_result(getpeername(fd_of(step), (struct sockaddr *)&name.address, &name.length));
}

static void do_getsockname(const struct step *step)
{
	const struct name *was = &before[(int)step->words[1][0]];
	struct name name = {.length = sizeof name.address};
	int ret = getsockname(fd_of(step), (struct sockaddr *)&name.address, &name.length);

	say_result(ret);
	if (ret == 0)
		fprintf(
		    out, name.length == was->length && memcmp(&name.address, &was->address, name.length) == 0 ? " as it was"
		                                                                                              : " another one");
}

static void do_shutdown(const struct step *step)
{
	const char *how = step->words[2];

	say_result(shutdown(fd_of(step), strcmp(how, "rd") == 0 ? SHUT_RD : strcmp(how, "wr") == 0 ? SHUT_WR : SHUT_RDWR));
}

const struct verb calls[] = {
    {"address", do_address},
    {"socket", do_socket},
    {"bind", do_bind},
    {"bound", do_bound},
    {"far", do_far},
    {"listen", do_listen},
    {"connect", do_connect},
    {"accept", do_accept},
    {"pair", do_pair},
    {"rebind", do_rebind},
    {"dup", do_dup},
    {"close", do_close},
    {"nonblock", do_nonblock},
    {"timeout", do_timeout},
    {"recv", do_recv},
    {"read", do_read},
    {"readv", do_readv},
    {"recvmsg", do_recvmsg},
    {"recvmmsg", do_recvmmsg},
    {"send", do_send},
    {"sendto", do_sendto},
    {"later", do_later},
    {"write", do_write},
    {"writev", do_writev},
    {"sendmsg", do_sendmsg},
    {"sendmmsg", do_sendmmsg},
    {"sendfile", do_sendfile},
    {"error", do_error},
    {"touch", do_touch},
    {"setsockopt", do_setsockopt},
    {"fionread", do_fionread},
    {"getpeername", do_getpeername},
    {"getsockname", do_getsockname},
    {"shutdown", do_shutdown},
    {NULL, NULL},
};

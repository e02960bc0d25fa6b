/* SPDX-License-Identifier: MIT
 *
 * datagrams send CALL 4|6|unix PORT|NAME -- sends "first", "second" and "third" to a socket there, by this call.
 * datagrams recv CALL 4|6|unix -- sends these to a socket of its own and reads there by this call while poll says so.
 *
 * Prints a line for each message: what the call said, and of those read the text, MSG_TRUNC, and "known" where the call
 * tells the sender and tells the right one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT 3

static const char *const texts[COUNT] = {"first", "second", "third"};

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(
    int fd, void *restrict buf, size_t len, size_t room, int flags, struct sockaddr *restrict from,
    socklen_t *restrict from_length);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);

struct place {
	struct sockaddr_storage address;
	socklen_t length;
};

static int domain_of(const char *family)
{
	return strcmp(family, "4") == 0 ? AF_INET : strcmp(family, "6") == 0 ? AF_INET6 : AF_UNIX;
}

static struct place place_at(int domain, const char *where)
{
	struct place place = {.length = sizeof(struct sockaddr_in)};
	struct sockaddr_in *four = (struct sockaddr_in *)&place.address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place.address;
	struct sockaddr_un *name = (struct sockaddr_un *)&place.address;

	place.address.ss_family = (sa_family_t)domain;
	if (domain == AF_INET) {
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		four->sin_port = htons((uint16_t)atoi(where));
	} else if (domain == AF_INET6) {
		six->sin6_addr = in6addr_loopback;
		six->sin6_port = htons((uint16_t)atoi(where));
		place.length = sizeof *six;
	} else {
		snprintf(name->sun_path, sizeof name->sun_path, "%s", where);
		place.length = where[0] ? (socklen_t)sizeof *name : (socklen_t)sizeof(sa_family_t); /* names itself */
	}
	return place;
}

static void fill(struct mmsghdr *messages, struct iovec (*pieces)[2], char (*room)[64])
{
	for (int i = 0; i < COUNT + 1; i++) {
		pieces[i][0] = (struct iovec){room[i], 2};
		pieces[i][1] = (struct iovec){room[i] + 2, sizeof room[i] - 2};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = pieces[i], .msg_iovlen = 2};
	}
}

/* ---- out ---- */

static void send_many(int fd)
{
	struct iovec pieces[COUNT + 1][2];
	struct mmsghdr messages[COUNT + 1];
	char room[COUNT + 1][64];

	fill(messages, pieces, room);
	for (int i = 0; i < COUNT; i++) {
		strcpy(room[i], texts[i]);
		pieces[i][1].iov_len = strlen(texts[i]) - 2;
		messages[i].msg_len = 99;
	}
	int sent = sendmmsg(fd, messages, COUNT, 0);

	for (int i = 0; i < sent; i++)
		printf("%u\n", messages[i].msg_len);
}

static void send_one(int fd, const char *call, const char *text, const struct place *to)
{
	char copy[64];
	struct iovec pieces[2] = {{copy, 2}, {copy + 2, strlen(text) - 2}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
	size_t length = strlen(text);
	ssize_t sent = -1;

	strcpy(copy, text);
	if (strcmp(call, "send") == 0)
		sent = send(fd, copy, length, 0);
	else if (strcmp(call, "sendto") == 0)
		sent = sendto(fd, copy, length, 0, (const struct sockaddr *)&to->address, to->length);
	else if (strcmp(call, "sendmsg") == 0)
		sent = sendmsg(fd, &message, 0);
	else if (strcmp(call, "write") == 0)
		sent = write(fd, copy, length);
	else if (strcmp(call, "writev") == 0)
		sent = writev(fd, pieces, 2);
	if (sent < 0)
		printf("%s\n", strerror(errno));
	else
		printf("%zd%s\n", sent, strcmp(copy, text) == 0 ? "" : " and spoiled");
}

static int send_all(const char *call, const char *family, const char *where)
{
	int domain = domain_of(family), fd = socket(domain, SOCK_DGRAM, 0);
	struct place to = place_at(domain, where);

	if (strcmp(call, "sendto") != 0 && connect(fd, (struct sockaddr *)&to.address, to.length) != 0)
		return 1;
	if (strcmp(call, "sendmmsg") == 0)
		send_many(fd);
	else
		for (int i = 0; i < COUNT; i++)
			send_one(fd, call, texts[i], &to);
	return close(fd);
}

/* ---- in ---- */

static struct place sender;

static void say(ssize_t got, const char *text, size_t length, int flags, const struct place *from)
{
	bool known = from && from->length == sender.length && memcmp(&from->address, &sender.address, from->length) == 0;

	if (got < 0)
		printf("%s\n", strerror(errno));
	else
		printf("%zd %.*s%s%s\n", got, (int)length, text, flags & MSG_TRUNC ? " cut" : "", known ? " known" : "");
}

static void read_many(int fd)
{
	struct iovec pieces[COUNT + 1][2];
	struct mmsghdr messages[COUNT + 1];
	struct place from[COUNT + 1] = {0};
	char room[COUNT + 1][64];

	fill(messages, pieces, room);
	for (int i = 0; i < COUNT + 1; i++) {
		messages[i].msg_hdr.msg_name = &from[i].address;
		messages[i].msg_hdr.msg_namelen = sizeof from[i].address;
	}
	int got = recvmmsg(fd, messages, COUNT + 1, MSG_WAITFORONE, NULL);

	for (int i = 0; i < got; i++) {
		from[i].length = messages[i].msg_hdr.msg_namelen;
		say(messages[i].msg_len, room[i], messages[i].msg_len, messages[i].msg_hdr.msg_flags, &from[i]);
	}
	if (got < 0)
		say(got, "", 0, 0, NULL);
}

static void read_message(int fd)
{
	struct iovec pieces[COUNT + 1][2];
	struct mmsghdr messages[COUNT + 1];
	char room[COUNT + 1][64];
	struct place from;

	fill(messages, pieces, room);
	messages[0].msg_hdr.msg_name = &from.address;
	messages[0].msg_hdr.msg_namelen = sizeof from.address;
	ssize_t got = recvmsg(fd, &messages[0].msg_hdr, 0);

	from.length = messages[0].msg_hdr.msg_namelen;
	say(got, room[0], (size_t)got, messages[0].msg_hdr.msg_flags, &from);
}

static void read_one(int fd, const char *call)
{
	char room[64];
	struct iovec pieces[2] = {{room, 2}, {room + 2, sizeof room - 2}};
	struct place from = {.length = sizeof from.address};
	struct sockaddr *address = (struct sockaddr *)&from.address;
	bool tells = strstr(call, "recvfrom") != NULL;
	ssize_t got = -1;

	if (strcmp(call, "recv") == 0)
		got = recv(fd, room, sizeof room, 0);
	else if (strcmp(call, "__recv_chk") == 0)
		got = __recv_chk(fd, room, sizeof room, sizeof room, 0);
	else if (strcmp(call, "recvfrom") == 0)
		got = recvfrom(fd, room, sizeof room, 0, address, &from.length);
	else if (strcmp(call, "__recvfrom_chk") == 0)
		got = __recvfrom_chk(fd, room, sizeof room, sizeof room, 0, address, &from.length);
	else if (strcmp(call, "read") == 0)
		got = read(fd, room, sizeof room);
	else if (strcmp(call, "__read_chk") == 0)
		got = __read_chk(fd, room, sizeof room, sizeof room);
	else if (strcmp(call, "readv") == 0)
		got = readv(fd, pieces, 2);
	say(got, room, (size_t)got, 0, tells ? &from : NULL);
}

static int read_all(const char *call, const char *family)
{
	int domain = domain_of(family), in = socket(domain, SOCK_DGRAM, 0), out = socket(domain, SOCK_DGRAM, 0);
	struct place here = place_at(domain, ""), any = here;
	struct pollfd one = {in, POLLIN, 0};

	sender = here;
	here.length = sender.length = sizeof here.address;
	if (bind(in, (struct sockaddr *)&any.address, any.length) != 0 ||
	    bind(out, (struct sockaddr *)&any.address, any.length) != 0 ||
	    getsockname(in, (struct sockaddr *)&here.address, &here.length) != 0 ||
	    getsockname(out, (struct sockaddr *)&sender.address, &sender.length) != 0)
		return 1;
	for (int i = 0; i < COUNT; i++)
		if (sendto(out, texts[i], strlen(texts[i]), 0, (struct sockaddr *)&here.address, here.length) < 0)
			return 1;
	for (int i = 0; i < 10 && poll(&one, 1, 0) == 1; i++) {
		if (strcmp(call, "recvmmsg") == 0)
			read_many(in);
		else if (strcmp(call, "recvmsg") == 0)
			read_message(in);
		else
			read_one(in, call);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "send") == 0)
		return send_all(argv[2], argv[3], argv[4]);
	return argc == 4 && strcmp(argv[1], "recv") == 0 ? read_all(argv[2], argv[3]) : 2;
}

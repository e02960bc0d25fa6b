/* SPDX-License-Identifier: MIT
 *
 * connect.c -- connect: to a listener, refused, non-blocking, again, datagrams and their dissolution, unix, no socket.
 * Async-signal-safe.
 */
#include "snippet.h"

static struct sockaddr_storage target;
static socklen_t target_length;

static void connect_stream(void)
{
	int listener = make_listener(AF_INET, &target, &target_length), fd = socket(AF_INET, SOCK_STREAM, 0);

	SAY(connect(fd, (struct sockaddr *)&target, target_length));
	SAY(connect(fd, (struct sockaddr *)&target, target_length));
	close_all((int[]){fd, listener}, 2);
}

static void connect_refused(int flags)
{
	struct pollfd ready = {.events = POLLOUT};
	int error = -1;
	socklen_t size = sizeof(error);

	ready.fd = socket(AF_INET, SOCK_STREAM | flags, 0);
	SAY(connect(ready.fd, (struct sockaddr *)&target, target_length));
	SAY(poll(&ready, 1, 5000));
	say("got %#x", (unsigned)ready.revents);
	SAY(getsockopt(ready.fd, SOL_SOCKET, SO_ERROR, &error, &size));
	say("error %s", strerrorname_np(error));
	close(ready.fd);
}

static void connect_later(void)
{
	int listener = make_listener(AF_INET6, &target, &target_length);
	struct pollfd ready = {.events = POLLOUT};

	ready.fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SAY(connect(ready.fd, (struct sockaddr *)&target, target_length));
	SAY(poll(&ready, 1, 5000));
	SAY(connect(ready.fd, (struct sockaddr *)&target, target_length));
	SAY(connect(ready.fd, (struct sockaddr *)&target, target_length));
	close_all((int[]){ready.fd, listener}, 2);
}

static void connect_datagrams(void)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int ends[2];

	make_udp(ends);
	SAY(connect(ends[0], &none, sizeof(none)));
	SAY(send(ends[0], "x", 1, 0));
	close_all(ends, 2);
}

int snippet(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/socket"};
	int local = socket(AF_UNIX, SOCK_STREAM, 0), file = make_file("");

	connect_stream();
	connect_refused(0);
	connect_refused(SOCK_NONBLOCK);
	connect_later();
	connect_datagrams();
	SAY(connect(local, (struct sockaddr *)&name, sizeof(name)));
	SAY(connect(local, (struct sockaddr *)&name, 1));
	SAY(connect(local, bad_pointer(), sizeof(name)));
	SAY(connect(file, (struct sockaddr *)&name, sizeof(name)));
	SAY(connect(-1, (struct sockaddr *)&name, sizeof(name)));
	close_all((int[]){local, file}, 2);
	return 0;
}

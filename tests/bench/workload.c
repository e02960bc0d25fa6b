/* SPDX-License-Identifier: MIT
 *
 * workload.c -- see workload.h. Each loop does the same work in each turn, so that the difference of two numbers of
 * turns is what the turns cost. Sockets that are closed in a loop are reset, for no port may wait.
 */
#include "workload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MESSAGE = 64 };

_Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static int sure(int result, const char *what)
{
	if (result < 0)
		give_up(what);
	return result;
}

int listen_on_loopback(struct sockaddr_in *address)
{
	socklen_t length = sizeof *address;
	int fd = sure(socket(AF_INET, SOCK_STREAM, 0), "socket");

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	sure(bind(fd, (struct sockaddr *)address, length), "bind");
	sure(listen(fd, 4096), "listen");
	sure(getsockname(fd, (struct sockaddr *)address, &length), "getsockname");
	return fd;
}

static const struct sockaddr *address_of(const struct bench *b)
{
	return (const struct sockaddr *)&b->address;
}

/* ---- what to work on ---- */

static void open_pair(struct bench *b)
{
	int ends[2];

	sure(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	b->out = ends[0];
	b->in = ends[1];
}

static void open_listener(struct bench *b)
{
	b->listener = listen_on_loopback(&b->address);
}

static void open_tcp(struct bench *b)
{
	if (!b->listener)
		open_listener(b);
	b->out = sure(socket(AF_INET, SOCK_STREAM, 0), "socket");
	sure(connect(b->out, address_of(b), sizeof b->address), "connect");
	b->in = sure(accept(b->listener, NULL, NULL), "accept");
}

static void open_pipe(struct bench *b)
{
	int ends[2];

	sure(pipe(ends), "pipe");
	b->in = ends[0];
	b->out = ends[1];
}

/* An ordinary file, in memory: the disk is nothing that we measure. */
static void open_file(struct bench *b)
{
	char path[64];

	b->out = sure(memfd_create("bench", 0), "memfd_create");
	snprintf(path, sizeof path, "/proc/self/fd/%d", b->out);
	b->in = sure(open(path, O_RDONLY), path);
}

static void open_null(struct bench *b)
{
	b->out = sure(open("/dev/null", O_WRONLY), "/dev/null");
}

/* Ends of connections over which nothing comes. */
static void open_polled(struct bench *b, nfds_t count)
{
	b->polled = calloc(count + 1, sizeof *b->polled);
	if (!b->polled)
		give_up("calloc");
	for (b->polled_count = 0; b->polled_count < count; b->polled_count++) {
		if (b->polled_count % 2 == 0)
			open_tcp(b);
		b->polled[b->polled_count] = (struct pollfd){.fd = b->polled_count % 2 ? b->in : b->out, .events = POLLIN};
	}
}

static void open_polled_1(struct bench *b)
{
	open_polled(b, 1);
}

static void open_polled_100(struct bench *b)
{
	open_polled(b, 100);
}

static void open_polled_1000(struct bench *b)
{
	open_polled(b, 1000);
}

static void open_epoll_of(struct bench *b, nfds_t count)
{
	open_polled(b, count);
	b->epoll = sure(epoll_create1(0), "epoll_create1");
	for (nfds_t i = 0; i < b->polled_count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = b->polled[i].fd};

		sure(epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->polled[i].fd, &event), "epoll_ctl");
	}
}

static void open_epoll(struct bench *b)
{
	open_epoll_of(b, 100);
}

/* Something has come for one of them, and was asked for: a rule may hold it back, from here on. */
static void open_epoll_1000(struct bench *b)
{
	char data[MESSAGE] = "";

	open_epoll_of(b, 1000);
	sure((int)send(b->out, data, sizeof data, 0), "send");
	if (recv(b->in, data, sizeof data, MSG_DONTWAIT) < 0 && errno != EAGAIN)
		give_up("recv");
}

/* ---- what to do with it ---- */

static void turn_send_recv(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	char data[MESSAGE] = "";

	(void)libc;
	for (int i = 0; i < n; i++) {
		measured->send(b->out, data, sizeof data, 0);
		measured->recv(b->in, data, sizeof data, 0);
	}
}

static void turn_write_read(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	char data[MESSAGE] = "";

	(void)libc;
	for (int i = 0; i < n; i++) {
		measured->write(b->out, data, sizeof data);
		measured->read(b->in, data, sizeof data);
	}
}

static void turn_file(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	sure((int)lseek(b->out, 0, SEEK_SET), "lseek");
	sure((int)lseek(b->in, 0, SEEK_SET), "lseek");
	turn_write_read(b, measured, libc, n);
}

static void turn_writev_readv(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	char data[MESSAGE] = "";
	struct iovec pieces[] = {{data, 16}, {data + 16, sizeof data - 16}};

	(void)libc;
	for (int i = 0; i < n; i++) {
		measured->writev(b->out, pieces, 2);
		measured->readv(b->in, pieces, 2);
	}
}

static void turn_again(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	char data[MESSAGE];

	(void)libc;
	for (int i = 0; i < n; i++)
		measured->recv(b->in, data, sizeof data, MSG_DONTWAIT);
}

static void turn_write(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	char data[MESSAGE] = "";

	(void)libc;
	for (int i = 0; i < n; i++)
		measured->write(b->out, data, sizeof data);
}

static void turn_poll(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	(void)libc;
	for (int i = 0; i < n; i++)
		measured->poll(b->polled, b->polled_count, 0);
}

static void turn_epoll(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	struct epoll_event events[16];

	(void)libc;
	for (int i = 0; i < n; i++)
		measured->epoll_wait(b->epoll, events, 16, 0);
}

static void turn_epoll_ctl(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = b->in};

	(void)libc;
	for (int i = 0; i < n; i++) {
		measured->epoll_ctl(b->epoll, EPOLL_CTL_DEL, b->in, &event);
		measured->epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->in, &event);
	}
}

static void turn_dup(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	for (int i = 0; i < n; i++)
		libc->close(measured->dup(b->in));
}

static void turn_socket(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	(void)b;
	for (int i = 0; i < n; i++)
		libc->close(measured->socket(AF_INET, SOCK_STREAM, 0));
}

static void turn_socket_close(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	(void)b;
	(void)libc;
	for (int i = 0; i < n; i++)
		measured->close(measured->socket(AF_INET, SOCK_STREAM, 0));
}

static void reset(const struct calls *by, int fd)
{
	struct linger none = {.l_onoff = 1};

	by->setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	by->close(fd);
}

static void turn_connect(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	for (int i = 0; i < n; i++) {
		int fd = measured->socket(AF_INET, SOCK_STREAM, 0);

		sure(measured->connect(fd, address_of(b), sizeof b->address), "connect");
		reset(libc, fd);
		libc->close(libc->accept(b->listener, NULL, NULL));
	}
}

static void turn_accept(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	for (int i = 0; i < n; i++) {
		int fd = libc->socket(AF_INET, SOCK_STREAM, 0);

		sure(libc->connect(fd, address_of(b), sizeof b->address), "connect");
		libc->close(sure(measured->accept(b->listener, NULL, NULL), "accept"));
		reset(libc, fd);
	}
}

static void turn_cycle(const struct bench *b, const struct calls *measured, const struct calls *libc, int n)
{
	(void)libc;
	for (int i = 0; i < n; i++) {
		int fd = measured->socket(AF_INET, SOCK_STREAM, 0);

		sure(measured->connect(fd, address_of(b), sizeof b->address), "connect");
		measured->close(sure(measured->accept(b->listener, NULL, NULL), "accept"));
		reset(measured, fd);
	}
}

const struct workload workloads[] = {
    {"pair", 2, open_pair, turn_send_recv},       {"tcp", 2, open_tcp, turn_send_recv},
    {"tcp-rw", 2, open_tcp, turn_write_read},     {"tcp-v", 2, open_tcp, turn_writev_readv},
    {"again", 1, open_pair, turn_again},          {"tcp-again", 1, open_tcp, turn_again},
    {"pipe", 2, open_pipe, turn_write_read},      {"file", 2, open_file, turn_file},
    {"null", 1, open_null, turn_write},           {"poll-1", 1, open_polled_1, turn_poll},
    {"poll-100", 1, open_polled_100, turn_poll},  {"poll-1000", 1, open_polled_1000, turn_poll},
    {"epoll", 1, open_epoll, turn_epoll},         {"epoll-1000", 1, open_epoll_1000, turn_epoll},
    {"epoll-ctl", 2, open_epoll, turn_epoll_ctl}, {"dup", 1, open_tcp, turn_dup},
    {"socket", 1, open_listener, turn_socket},    {"socket-close", 2, open_listener, turn_socket_close},
    {"connect", 2, open_listener, turn_connect},  {"accept", 1, open_listener, turn_accept},
    {"cycle", 5, open_listener, turn_cycle},      {0},
};

const struct workload *workload_find(const char *name)
{
	const struct workload *w = workloads;

	while (w->name && strcmp(w->name, name) != 0)
		w++;
	return w->name ? w : NULL;
}

/* SPDX-License-Identifier: MIT
 *
 * make.c -- descriptors for snippets to try their call on. What can't be made ends the snippet with 98 and a line.
 */
#include <sys/mman.h>

#include "../snippet.h"

static void must(int holds, const char *what)
{
	if (!holds) {
		say("snippet trouble: %s: %s", what, strerrorname_np(errno));
		_exit(98);
	}
}

void *bad_pointer(void)
{
	static void *volatile pointer = (void *)8;

	return pointer;
}

void make_pair(int domain, int type, int ends[2])
{
	must(socketpair(domain, type, 0, ends) == 0, "socketpair");
}

void make_pipe(int ends[2])
{
	must(pipe(ends) == 0, "pipe");
}

int make_file(const char *content)
{
	int fd = memfd_create("snippet", 0);

	must(fd >= 0, "memfd_create");
	must(pwrite(fd, content, strlen(content), 0) == (ssize_t)strlen(content), "pwrite");
	return fd;
}

/* Loopback of the domain, port 0. */
static socklen_t loopback(int domain, struct sockaddr_storage *address)
{
	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)domain;
	if (domain == AF_INET6) {
		((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
		return sizeof(struct sockaddr_in6);
	}
	((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(struct sockaddr_in);
}

static int make_bound(int domain, int type, struct sockaddr_storage *address, socklen_t *length)
{
	int fd = socket(domain, type, 0);

	must(fd >= 0, "socket");
	*length = loopback(domain, address);
	must(bind(fd, (struct sockaddr *)address, *length) == 0, "bind");
	must(getsockname(fd, (struct sockaddr *)address, length) == 0, "getsockname");
	return fd;
}

int make_listener(int domain, struct sockaddr_storage *address, socklen_t *length)
{
	int fd = make_bound(domain, SOCK_STREAM, address, length);

	must(listen(fd, 8) == 0, "listen");
	return fd;
}

static void make_stream(int domain, int fds[3])
{
	struct sockaddr_storage address;
	socklen_t length;

	fds[LISTENER] = make_listener(domain, &address, &length);
	fds[CLIENT] = socket(domain, SOCK_STREAM, 0);
	must(fds[CLIENT] >= 0, "socket");
	must(connect(fds[CLIENT], (struct sockaddr *)&address, length) == 0, "connect");
	fds[SERVER] = accept(fds[LISTENER], NULL, NULL);
	must(fds[SERVER] >= 0, "accept");
}

void make_tcp(int fds[3])
{
	make_stream(AF_INET, fds);
}

void make_tcp6(int fds[3])
{
	make_stream(AF_INET6, fds);
}

void make_udp(int ends[2])
{
	struct sockaddr_storage address[2];
	socklen_t length[2];

	for (int i = 0; i < 2; i++)
		ends[i] = make_bound(AF_INET, SOCK_DGRAM, &address[i], &length[i]);
	for (int i = 0; i < 2; i++)
		must(connect(ends[i], (struct sockaddr *)&address[!i], length[!i]) == 0, "connect");
}

int closed_number(void)
{
	int fd = dup(STDOUT_FILENO);

	must(fd >= 0, "dup");
	close(fd);
	return fd;
}

void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		must(close(fds[i]) == 0, "close");
}

void set_nonblocking(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0, "fcntl");
}

void fill(int fd)
{
	static const char block[4096];

	set_nonblocking(fd);
	while (write(fd, block, sizeof(block)) > 0)
		;
	must(errno == EAGAIN, "fill");
}

void await_input(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	must(poll(&wanted, 1, 10000) == 1, "await_input");
}

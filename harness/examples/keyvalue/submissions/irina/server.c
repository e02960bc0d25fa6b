/* Irina Petrova, kv server. All sockets are non-blocking and served by one epoll loop. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAXFRAME 1024

struct peer {
	int fd;
	size_t have;
	unsigned char buf[4 + MAXFRAME];
	int dead;
};

/* ---- the data: a sorted array would be faster, but this is fast enough ---- */

static struct { char *k, *v; } data[4096];
static int ndata;

static int pos(const char *k)
{
	int i = 0;
	while (i < ndata && strcmp(data[i].k, k))
		i++;
	return i;
}

/* ---- sending ---- */

static int put_all(int fd, const void *buf, size_t n)
{
	const char *p = buf;
	while (n) {
		ssize_t r = send(fd, p, n, MSG_NOSIGNAL);
		if (r < 0) {
			if (errno == EAGAIN || errno == EINTR)
				continue; /* socket is full, try again */
			return -1;
		}
		p += r;
		n -= r;
	}
	return 0;
}

static int answer(struct peer *p, const char *a, const char *b)
{
	unsigned char out[4 + MAXFRAME + 4];
	uint32_t n = strlen(a) + strlen(b), be = htonl(n);
	memcpy(out, &be, 4);
	memcpy(out + 4, a, strlen(a));
	memcpy(out + 4 + strlen(a), b, strlen(b));
	return put_all(p->fd, out, 4 + n);
}

static int request(struct peer *p, char *t)
{
	char *k = t + 4, *v;
	int i;

	if (strlen(t) < 5 || t[3] != ' ')
		return answer(p, "BAD", "");
	if ((v = strchr(k, ' ')))
		*v++ = 0;
	if (!*k || strlen(k) > 32)
		return answer(p, "BAD", "");
	i = pos(k);
	t[3] = 0;
	if (!strcmp(t, "GET") && !v)
		return i < ndata ? answer(p, "OK ", data[i].v) : answer(p, "NO", "");
	if (!strcmp(t, "DEL") && !v) {
		if (i == ndata)
			return answer(p, "NO", "");
		free(data[i].k);
		free(data[i].v);
		data[i] = data[--ndata];
		return answer(p, "OK", "");
	}
	if (!strcmp(t, "PUT") && v && i < 4096) {
		if (i == ndata) {
			data[ndata++].k = strdup(k);
		} else {
			free(data[i].v);
		}
		data[i].v = strdup(v);
		return answer(p, "OK", "");
	}
	return answer(p, "BAD", "");
}

/* 0: go on, -1: close it */
static int readable(struct peer *p)
{
	char text[MAXFRAME + 1];
	uint32_t n;
	ssize_t r = recv(p->fd, p->buf + p->have, sizeof p->buf - p->have, 0);

	if (r < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (r == 0)
		return -1;
	if (p->dead)
		return 0;
	p->have += r;
	while (p->have >= 4) {
		memcpy(&n, p->buf, 4);
		n = ntohl(n);
		if (n == 0 || n > MAXFRAME) {
			p->dead = 1;
			p->have = 0;
			if (answer(p, "BAD", "") < 0)
				return -1;
			return shutdown(p->fd, SHUT_WR);
		}
		if (p->have < n + 4)
			break;
		memcpy(text, p->buf + 4, n);
		text[n] = 0;
		if (request(p, text) < 0)
			return -1;
		memmove(p->buf, p->buf + 4 + n, p->have -= 4 + n);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct epoll_event ev = { .events = EPOLLIN }, evs[16];
	int l, ep, on = 1;

	if (argc != 2) {
		fprintf(stderr, "port?\n");
		return 1;
	}
	a.sin_port = htons(atoi(argv[1]));
	l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(l, (struct sockaddr *)&a, sizeof a) || listen(l, 30)) {
		perror("server");
		return 1;
	}
	ep = epoll_create1(0);
	epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev); /* data.ptr NULL is the listener */
	for (;;) {
		int n = epoll_wait(ep, evs, 16, -1);
		for (int i = 0; i < n; i++) {
			struct peer *p = evs[i].data.ptr;
			if (!p) {
				int fd = accept4(l, NULL, NULL, SOCK_NONBLOCK);
				if (fd < 0) {
					usleep(1000);
					continue;
				}
				p = calloc(1, sizeof *p);
				p->fd = fd;
				ev.data.ptr = p;
				epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
			} else if (readable(p) < 0) {
				close(p->fd);
				free(p);
			}
		}
	}
}

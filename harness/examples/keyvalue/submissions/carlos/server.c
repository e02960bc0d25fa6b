/* carlos: kv server with poll, buffers grow as needed */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct buf { char *p; size_t len, cap; };

static void buf_add(struct buf *b, const void *p, size_t n)
{
	if (b->len + n > b->cap) {
		b->cap = 2 * (b->len + n);
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			abort();
	}
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

static void buf_cut(struct buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}

struct conn { struct buf in, out; int closing, fin; };

static struct pollfd *pfds;
static struct conn *conns;
static size_t count;

/* the whole database: key, value, key, value, ... */
static char **db;
static size_t db_len;

static size_t db_find(const char *key)
{
	size_t i;
	for (i = 0; i < db_len; i += 2)
		if (strcmp(db[i], key) == 0)
			break;
	return i;
}

static void say(struct conn *c, const char *a, const char *b)
{
	uint32_t len = htonl(strlen(a) + strlen(b));
	buf_add(&c->out, &len, 4);
	buf_add(&c->out, a, strlen(a));
	buf_add(&c->out, b, strlen(b));
}

static void request(struct conn *c, char *r)
{
	char *key = r + 4, *value;
	size_t i;

	if (strlen(r) < 5 || r[3] != ' ') {
		say(c, "BAD", "");
		return;
	}
	value = strchr(key, ' ');
	if (value != NULL)
		*value++ = '\0';
	i = db_find(key);
	if (strlen(key) == 0 || strlen(key) > 32) {
		say(c, "BAD", "");
	} else if (strncmp(r, "PUT", 3) == 0 && value != NULL) {
		if (i == db_len) {
			db = realloc(db, (db_len += 2) * sizeof *db);
			db[i] = strdup(key);
		} else {
			free(db[i + 1]);
		}
		db[i + 1] = strdup(value);
		say(c, "OK", "");
	} else if (strncmp(r, "GET", 3) == 0 && value == NULL) {
		i < db_len ? say(c, "OK ", db[i + 1]) : say(c, "NO", "");
	} else if (strncmp(r, "DEL", 3) == 0 && value == NULL) {
		if (i == db_len) {
			say(c, "NO", "");
			return;
		}
		free(db[i]);
		free(db[i + 1]);
		db_len -= 2;
		db[i] = db[db_len];
		db[i + 1] = db[db_len + 1];
		say(c, "OK", "");
	} else {
		say(c, "BAD", "");
	}
}

static void frames(struct conn *c)
{
	uint32_t len;
	char text[1025];

	while (c->in.len >= 4 && !c->closing) {
		memcpy(&len, c->in.p, 4);
		len = ntohl(len);
		if (len < 1 || len > 1024) {
			say(c, "BAD", "");
			c->closing = 1;
			return;
		}
		if (c->in.len < 4 + len)
			return;
		memcpy(text, c->in.p + 4, len);
		text[len] = '\0';
		request(c, text);
		buf_cut(&c->in, 4 + len);
	}
}

static int try_later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* returns 0 when the connection is over */
static int work(struct pollfd *p, struct conn *c)
{
	char tmp[4096];
	ssize_t n;

	if (p->revents & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(p->fd, tmp, sizeof tmp, 0);
		if (n == 0 || (n == -1 && !try_later()))
			return 0;
		if (n > 0 && !c->closing) {
			buf_add(&c->in, tmp, n);
			frames(c);
		}
	}
	if (c->out.len > 0) {
		n = send(p->fd, c->out.p, c->out.len, MSG_NOSIGNAL);
		if (n == -1 && !try_later())
			return 0;
		if (n > 0)
			buf_cut(&c->out, n);
	}
	if (c->closing && c->out.len == 0 && !c->fin) {
		c->fin = 1;
		shutdown(p->fd, SHUT_WR);
	}
	p->events = POLLIN | (c->out.len > 0 ? POLLOUT : 0);
	return 1;
}

static void add(int fd)
{
	pfds = realloc(pfds, (count + 1) * sizeof *pfds);
	conns = realloc(conns, (count + 1) * sizeof *conns);
	if (pfds == NULL || conns == NULL)
		abort();
	pfds[count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	memset(&conns[count], 0, sizeof *conns);
	count++;
}

static void del(size_t i)
{
	close(pfds[i].fd);
	free(conns[i].in.p);
	free(conns[i].out.p);
	count--;
	pfds[i] = pfds[count];
	conns[i] = conns[count];
}

int main(int argc, char **argv)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int s, one = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: server port\n");
		return 1;
	}
	sin.sin_port = htons(atoi(argv[1]));
	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s == -1 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == -1
	    || bind(s, (struct sockaddr *)&sin, sizeof sin) == -1 || listen(s, 128) == -1) {
		perror("server");
		return 1;
	}
	add(s);
	for (;;) {
		if (poll(pfds, count, -1) == -1) {
			if (errno == EINTR)
				continue;
			perror("poll");
			return 1;
		}
		for (size_t i = count - 1; i > 0; i--)
			if (pfds[i].revents && !work(&pfds[i], &conns[i]))
				del(i);
		if (pfds[0].revents) {
			int fd = accept4(s, NULL, NULL, SOCK_NONBLOCK);
			if (fd != -1)
				add(fd);
			else if (!try_later())
				usleep(5000);
		}
	}
}

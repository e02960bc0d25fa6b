/* SPDX-License-Identifier: MIT
 *
 * server.c -- a key-value server: one loop around poll, non-blocking sockets, a buffer for each direction of a client.
 * A client whose replies wait to be sent is not read from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 64, FRAME = 1024, HEAD = 4, ENTRIES = 256, KEY = 32 };

struct entry {
	char key[KEY + 1];
	char value[FRAME];
	size_t length;
	bool used;
};

struct client {
	unsigned char in[HEAD + FRAME];
	size_t have;
	unsigned char out[HEAD + FRAME + 8];
	size_t sent, length;
	bool is_over; /* no more requests: what still comes is read and forgotten */
};

static struct entry store[ENTRIES];
static struct client clients[CLIENTS];
static struct pollfd fds[CLIENTS + 1]; /* the last one listens */

static struct entry *entry_of(const char *key, bool make)
{
	struct entry *unused = NULL;

	for (int i = 0; i < ENTRIES; i++) {
		if (store[i].used && !strcmp(store[i].key, key))
			return &store[i];
		if (!store[i].used && !unused)
			unused = &store[i];
	}
	if (make && unused) {
		strcpy(unused->key, key);
		unused->used = true;
		return unused;
	}
	return NULL;
}

static void reply(struct client *c, const char *word, const char *value, size_t length)
{
	size_t head = strlen(word);
	uint32_t size = htonl((uint32_t)(head + length));

	memcpy(c->out, &size, HEAD);
	memcpy(c->out + HEAD, word, head);
	memcpy(c->out + HEAD + head, value, length);
	c->length = HEAD + head + length;
	c->sent = 0;
}

/* The words of a request: "PUT key value", "GET key", "DEL key". */
static void answer(struct client *c, char *text, size_t length)
{
	char *key = length > 4 && text[3] == ' ' ? text + 4 : NULL;
	char *end = text + length;
	char *value = key ? memchr(key, ' ', (size_t)(end - key)) : NULL;
	char name[KEY + 1] = "";
	size_t size = key ? (size_t)((value ? value : end) - key) : 0;
	bool is_put = key && value && !memcmp(text, "PUT", 3);
	bool is_other = key && !value && (!memcmp(text, "GET", 3) || !memcmp(text, "DEL", 3));

	if (size == 0 || size > KEY || (!is_put && !is_other)) {
		reply(c, "BAD", "", 0);
		return;
	}
	memcpy(name, key, size);
	struct entry *e = entry_of(name, is_put);

	if (!e) {
		reply(c, is_put ? "BAD" : "NO", "", 0);
	} else if (is_put) {
		e->length = (size_t)(end - value - 1);
		memcpy(e->value, value + 1, e->length);
		reply(c, "OK", "", 0);
	} else if (text[0] == 'G') {
		reply(c, "OK ", e->value, e->length);
	} else {
		e->used = false;
		reply(c, "OK", "", 0);
	}
}

/* Answers one request, if a whole one is there. */
static void take(struct client *c)
{
	uint32_t size;

	if (c->have < HEAD || c->sent < c->length)
		return;
	memcpy(&size, c->in, HEAD);
	size = ntohl(size);
	if (size == 0 || size > FRAME) {
		reply(c, "BAD", "", 0);
		c->is_over = true;
		c->have = 0;
	} else if (c->have >= HEAD + size) {
		answer(c, (char *)c->in + HEAD, size);
		c->have -= HEAD + size;
		memmove(c->in, c->in + HEAD + size, c->have);
	}
}

static void drop(int i)
{
	close(fds[i].fd);
	fds[i].fd = -1;
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void read_from(int i)
{
	struct client *c = &clients[i];
	ssize_t n = recv(fds[i].fd, c->in + c->have, sizeof(c->in) - c->have, 0);

	if (n > 0)
		c->have += (size_t)n;
	else if (n == 0 || !is_passing(errno))
		drop(i); /* at the end all whole requests have been answered */
}

static void write_to(int i)
{
	struct client *c = &clients[i];
	ssize_t n = send(fds[i].fd, c->out + c->sent, c->length - c->sent, MSG_NOSIGNAL);

	if (n >= 0)
		c->sent += (size_t)n;
	else if (!is_passing(errno))
		drop(i);
}

/* What was read may hold several requests: the next one is taken when the reply to the last is out. */
static void serve(int i)
{
	struct client *c = &clients[i];
	bool wrote = c->sent < c->length;

	if (wrote)
		write_to(i);
	else
		read_from(i);
	if (fds[i].fd < 0)
		return;
	if (!c->is_over)
		take(c);
	else
		c->have = 0;
	if (c->is_over && wrote && c->sent == c->length)
		shutdown(fds[i].fd, SHUT_WR);
	fds[i].events = c->sent < c->length ? POLLOUT : POLLIN;
}

static void take_client(int listener)
{
	int fd = accept(listener, NULL, NULL);
	int i = 0;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			poll(NULL, 0, 20); /* until somebody has given something back */
		return;
	}
	while (i < CLIENTS && fds[i].fd >= 0)
		i++;
	if (i == CLIENTS || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		close(fd);
		return;
	}
	memset(&clients[i], 0, sizeof(clients[i]));
	fds[i] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static int listening(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 64) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		perror("server");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: server PORT\n");
		return 2;
	}
	for (int i = 0; i < CLIENTS; i++)
		fds[i].fd = -1;
	fds[CLIENTS] = (struct pollfd){.fd = listening(atoi(argv[1])), .events = POLLIN};
	for (;;) {
		if (poll(fds, CLIENTS + 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			perror("server: poll");
			return 1;
		}
		for (int i = 0; i < CLIENTS; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				serve(i);
		if (fds[CLIENTS].revents)
			take_client(fds[CLIENTS].fd);
	}
}

/*
 * Greta's key-value server (poll version)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONN = 20, MAX_FRAME = 1024, MAX_PAIRS = 300 };

typedef struct {
	uint8_t data[4 + MAX_FRAME];
	size_t used;
	bool closing;
} Connection;

typedef struct {
	char key[33];
	char value[MAX_FRAME + 1];
} Pair;

static Connection conns[MAX_CONN];
static struct pollfd polls[MAX_CONN];
static Pair pairs[MAX_PAIRS];
static int numPairs = 0;

static Pair *findPair(const char *key)
{
	for (int i = 0; i < numPairs; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return &pairs[i];
	return NULL;
}

static void sendReply(int fd, const char *reply)
{
	uint8_t frame[4 + MAX_FRAME + 8];
	uint32_t len = strlen(reply);
	uint32_t netLen = htonl(len);

	memcpy(frame, &netLen, 4);
	memcpy(frame + 4, reply, len);
	if (send(fd, frame, 4 + len, MSG_NOSIGNAL) < 0)
		perror("send");
}

static void handleRequest(int fd, char *req)
{
	char reply[MAX_FRAME + 8];

	if (strlen(req) < 5 || req[3] != ' ') {
		sendReply(fd, "BAD");
		return;
	}

	char *key = req + 4;
	char *space = strchr(key, ' ');
	if (space != NULL)
		*space = '\0';
	if (strlen(key) < 1 || strlen(key) > 32) {
		sendReply(fd, "BAD");
		return;
	}

	Pair *pair = findPair(key);
	if (strncmp(req, "PUT ", 4) == 0 && space != NULL) {
		if (pair == NULL) {
			if (numPairs == MAX_PAIRS) {
				sendReply(fd, "BAD");
				return;
			}
			pair = &pairs[numPairs++];
			strcpy(pair->key, key);
		}
		strcpy(pair->value, space + 1);
		sendReply(fd, "OK");
	} else if (strncmp(req, "GET ", 4) == 0 && space == NULL) {
		if (pair == NULL) {
			sendReply(fd, "NO");
			return;
		}
		sprintf(reply, "OK %s", pair->value);
		sendReply(fd, reply);
	} else if (strncmp(req, "DEL ", 4) == 0 && space == NULL) {
		if (pair == NULL) {
			sendReply(fd, "NO");
			return;
		}
		*pair = pairs[--numPairs];
		sendReply(fd, "OK");
	} else {
		sendReply(fd, "BAD");
	}
}

/* handle all complete frames in the buffer */
static void handleFrames(int fd, Connection *c)
{
	while (c->used >= 4) {
		uint32_t len;
		memcpy(&len, c->data, 4);
		len = ntohl(len);
		if (len == 0 || len > MAX_FRAME) {
			sendReply(fd, "BAD");
			shutdown(fd, SHUT_WR);
			c->closing = true;
			return;
		}
		if (c->used < 4 + len)
			return;
		char req[MAX_FRAME + 1];
		memcpy(req, c->data + 4, len);
		req[len] = '\0';
		handleRequest(fd, req);
		c->used -= 4 + len;
		memmove(c->data, c->data + 4 + len, c->used);
	}
}

static bool handleInput(int fd, Connection *c)
{
	ssize_t n;

	if (c->closing)
		c->used = 0;
	n = recv(fd, c->data + c->used, sizeof(c->data) - c->used, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
	if (n == 0)
		return false;
	c->used += n;
	if (!c->closing)
		handleFrames(fd, c);
	return true;
}

int main(int argc, char *argv[])
{
	if (argc != 2) {
		fprintf(stderr, "Usage: %s <port>\n", argv[0]);
		return EXIT_FAILURE;
	}

	int listenFd = socket(AF_INET, SOCK_STREAM, 0);
	int reuse = 1;
	setsockopt(listenFd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
	struct sockaddr_in addr;
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(listenFd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("bind");
		return EXIT_FAILURE;
	}
	if (listen(listenFd, SOMAXCONN) < 0) {
		perror("listen");
		return EXIT_FAILURE;
	}
	fcntl(listenFd, F_SETFL, O_NONBLOCK);

	for (int i = 0; i < MAX_CONN; i++)
		polls[i].fd = -1;
	polls[0].fd = listenFd;
	polls[0].events = POLLIN;

	while (true) {
		int ready = poll(polls, MAX_CONN, -1);
		if (ready < 0) {
			if (errno == EINTR)
				continue;
			perror("poll");
			return EXIT_FAILURE;
		}

		for (int i = 1; i < MAX_CONN; i++) {
			if (polls[i].fd < 0 || polls[i].revents == 0)
				continue;
			if (!handleInput(polls[i].fd, &conns[i])) {
				close(polls[i].fd);
				polls[i].fd = -1;
			}
		}

		if (polls[0].revents & POLLIN) {
			int fd = accept(listenFd, NULL, NULL);
			if (fd < 0) {
				if (errno == EMFILE || errno == ENFILE)
					usleep(10000);
				continue;
			}
			fcntl(fd, F_SETFL, O_NONBLOCK);
			int slot = 1;
			while (slot < MAX_CONN && polls[slot].fd >= 0)
				slot++;
			if (slot == MAX_CONN) {
				close(fd);
				continue;
			}
			memset(&conns[slot], 0, sizeof(conns[slot]));
			polls[slot].fd = fd;
			polls[slot].events = POLLIN;
			polls[slot].revents = 0;
		}
	}
}

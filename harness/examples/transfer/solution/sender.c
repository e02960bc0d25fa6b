/* SPDX-License-Identifier: MIT
 *
 * sender HOST PORT -- sends its standard input to a receiver: one block at a time, again and again until it is
 * acknowledged, but no more than TRIES times.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "packet.h"

enum { TRIES = 10, WAIT_MS = 100 };

/* Connected, so that the kernel lets only the receiver's datagrams through. */
static int connected(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	int error = getaddrinfo(host, port, &hints, &list);
	int fd;

	if (error) {
		fprintf(stderr, "sender: %s: %s\n", host, gai_strerror(error));
		return -1;
	}
	fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
	if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		perror("sender");
	freeaddrinfo(list);
	return fd;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the acknowledgement with this number, as long as one try may take. Whatever else comes is not for us: an
 * older one that was late or came twice, a damaged one, or the news that nobody listens there (yet). */
static bool is_acknowledged(int fd, uint32_t number)
{
	long end = now_ms() + WAIT_MS;
	uint8_t packet[PACKET + 1];

	for (;;) {
		long left = end - now_ms();
		struct pollfd one = {.fd = fd, .events = POLLIN};

		if (left <= 0)
			return false;
		if (poll(&one, 1, (int)left) <= 0)
			continue;
		ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (packet_is_whole(packet, n) && packet[0] == 'A' && packet_number(packet) == number)
			return true;
	}
}

/* A send that fails is one that was lost on its way. */
static bool deliver(int fd, const uint8_t *packet, size_t length)
{
	for (int i = 0; i < TRIES; i++) {
		send(fd, packet, length, 0);
		if (is_acknowledged(fd, packet_number(packet) + 1))
			return true;
	}
	fprintf(stderr, "sender: no answer after %d tries\n", TRIES);
	return false;
}

int main(int argc, char **argv)
{
	uint8_t packet[PACKET];
	uint32_t number = 0;
	bool good = true;
	size_t n;

	if (argc != 3) {
		fprintf(stderr, "usage: sender HOST PORT < FILE\n");
		return 2;
	}
	int fd = connected(argv[1], argv[2]);

	if (fd < 0)
		return 1;
	while (good && (n = fread(packet + HEAD, 1, BLOCK, stdin)) > 0) {
		packet_seal(packet, 'D', number++, HEAD + n);
		good = deliver(fd, packet, HEAD + n);
	}
	if (good) {
		packet_seal(packet, 'E', number, HEAD);
		good = deliver(fd, packet, HEAD);
	}
	close(fd);
	return good ? 0 : 1;
}

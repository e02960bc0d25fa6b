/* SPDX-License-Identifier: MIT
 *
 * receiver PORT [forged|damaged] -- writes what one sender sends to standard output. It stays until it is ended, because
 * its last acknowledgement may get lost. With `forged` a stranger acknowledges everything, from another port, as soon as
 * the first packet is there; with `damaged` each acknowledgement comes a second time, with a bit changed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"

enum { FORGED = 100 }; /* more blocks than are sent */

static const char *const moods[] = {"", "forged", "damaged"};
enum mood { HONEST, FORGES, DAMAGES };

static void acknowledge(int fd, const struct sockaddr_in *to, uint32_t number)
{
	uint8_t packet[HEAD];

	packet_seal(packet, 'A', number, HEAD);
	sendto(fd, packet, HEAD, 0, (const struct sockaddr *)to, sizeof(*to));
}

static void forge(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (uint32_t number = 1; fd >= 0 && number <= FORGED; number++)
		acknowledge(fd, to, number);
	close(fd);
}

static void damage(int fd, const struct sockaddr_in *to, uint32_t number)
{
	uint8_t packet[HEAD];

	packet_seal(packet, 'A', number, HEAD);
	packet[HEAD - 3] ^= 1; /* 65536 blocks more */
	sendto(fd, packet, HEAD, 0, (const struct sockaddr *)to, sizeof(*to));
}

static bool write_all(const uint8_t *from, size_t length)
{
	while (length > 0) {
		ssize_t n = write(STDOUT_FILENO, from, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		from += n;
		length -= (size_t)n;
	}
	return true;
}

static int bound(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("receiver");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	uint8_t packet[PACKET + 1];
	uint32_t wanted = 0;
	bool is_over = false;

	enum mood mood = HONEST;

	while (argc == 3 && mood <= DAMAGES && strcmp(argv[2], moods[mood]))
		mood++;
	if (argc < 2 || argc > 3 || mood > DAMAGES) {
		fprintf(stderr, "usage: receiver PORT [forged|damaged] > FILE\n");
		return 2;
	}
	int fd = bound(atoi(argv[1]));

	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);

		if (!packet_is_whole(packet, n) || (packet[0] != 'D' && packet[0] != 'E'))
			continue;
		if (mood == FORGES) {
			forge(&from);
			mood = HONEST;
		}
		if (packet_number(packet) == wanted && !is_over) {
			if (packet[0] == 'D' && !write_all(packet + HEAD, (size_t)n - HEAD))
				return 1;
			is_over = packet[0] == 'E';
			wanted++;
		}
		acknowledge(fd, &from, wanted);
		if (mood == DAMAGES)
			damage(fd, &from, wanted);
	}
}

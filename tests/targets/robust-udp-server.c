/* SPDX-License-Identifier: MIT
 *
 * robust-udp-server HOST PORT -- a UDP server by recvfrom() and sendto() that carries out numbered requests and
 * answers each with its own text. The request "end" ends it; it then says how many it has carried out.
 *
 * Copes: a request that comes again is answered again and not carried out again; a damaged one is left alone; an
 * answer that can't be sent is that client's trouble, and the client will ask again.
 */
#include "message.h"
#include "server.h"

#define DONE_MAX 64

/* Requests that were carried out lately. */
static struct done {
	struct sockaddr_in from;
	int id;
} done[DONE_MAX];
static unsigned done_count;

static bool is_done(const struct sockaddr_in *from, int id)
{
	for (unsigned i = 0; i < done_count && i < DONE_MAX; i++)
		if (done[i].id == id && done[i].from.sin_port == from->sin_port &&
		    done[i].from.sin_addr.s_addr == from->sin_addr.s_addr)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage at;
	struct sockaddr_in from;
	char data[MESSAGE_MAX];
	bool end = false;

	if (argc != 3) {
		fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&at, argv[1], argv[2]);

	handle_signals();
	int fd = socket(at.ss_family, SOCK_DGRAM, 0), id;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, length) < 0)
		die("bind");
	while (!end && !stop) {
		length = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data) - 1, 0, (struct sockaddr *)&from, &length);

		if (n < 0)
			continue; /* about another datagram, or EINTR */
		data[n] = '\0';
		const char *text = message_read(data, &id);

		if (!text)
			continue;
		end = strcmp(text, "end") == 0;
		if (!end && !is_done(&from, id))
			done[done_count++ % DONE_MAX] = (struct done){from, id};
		if (sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, length) < 0)
			perror("sendto");
	}
	if (end)
		printf("%u carried out\n", done_count);
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * accepts.c -- the cases of accept and accept4: with and without an address, none waiting, no listener, no socket.
 */
#include "../snippet.h"

static int dial(int domain, const struct sockaddr_storage *address, socklen_t length)
{
	int fd = socket(domain, SOCK_STREAM, 0);

	SAY(connect(fd, (const struct sockaddr *)address, length));
	return fd;
}

static void accept_on(acceptor *take, int domain)
{
	struct sockaddr_storage address, peer;
	socklen_t length, size = sizeof(peer);
	int listener = make_listener(domain, &address, &length);
	int client[2] = {dial(domain, &address, length), dial(domain, &address, length)};

	int first = (int)SAY(take(listener, (struct sockaddr *)&peer, &size));
	say("peer: family %d, %d bytes", peer.ss_family, (int)size);
	size = 3;
	int second = (int)SAY(take(listener, (struct sockaddr *)&peer, &size));
	say("peer: %d bytes", (int)size);
	SAY(send(client[0], "hello", 5, 0));
	SAY(recv(first, &peer, 5, 0));
	SAY(fcntl(first, F_GETFD));
	say("nonblocking: %d", (fcntl(first, F_GETFL) & O_NONBLOCK) != 0);
	set_nonblocking(listener);
	SAY(take(listener, NULL, NULL));
	close_all((int[]){client[0], client[1], first, second, listener}, 5);
}

void accept_cases(acceptor *take)
{
	int tcp[3], ends[2], file = make_file("");

	accept_on(take, AF_INET);
	accept_on(take, AF_INET6);
	make_tcp(tcp);
	SAY(take(tcp[CLIENT], NULL, NULL));
	make_pair(AF_UNIX, SOCK_DGRAM, ends);
	SAY(take(ends[0], NULL, NULL));
	SAY(take(file, NULL, NULL));
	SAY(take(-1, NULL, NULL));
	SAY(take(closed_number(), NULL, NULL));
	close_all(tcp, 3);
	close_all(ends, 2);
	close(file);
}

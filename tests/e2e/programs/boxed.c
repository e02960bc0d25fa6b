/* SPDX-License-Identifier: MIT
 *
 * boxed.c -- receives "hello" in part, as its word says (peek, read, nothing; edge: nothing, and epoll tells of it
 * once), then allows itself recvfrom, sendto, write and the end, under pain of death; looks, reads, sends, and prints
 * the four results.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(number)                                                                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void enter_box(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    ALLOW(recvfrom),
	    ALLOW(sendto),
	    ALLOW(write),
	    ALLOW(exit_group),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static int connected_pair(int *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	bind(listener, (struct sockaddr *)&address, length);
	listen(listener, 1);
	getsockname(listener, (struct sockaddr *)&address, &length);
	connect(client, (struct sockaddr *)&address, length);
	*server = accept(listener, NULL, NULL);
	return client;
}

static void wait_for_edges(int client)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	fcntl(client, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, client, &event);
}

int main(int argc, char **argv)
{
	char buf[16], text[64];
	int server, client = connected_pair(&server);
	ssize_t first = 0;

	if (strcmp(argv[argc - 1], "edge") == 0)
		wait_for_edges(client);
	send(server, "hello", 5, 0);
	if (strcmp(argv[argc - 1], "peek") == 0 || strcmp(argv[argc - 1], "read") == 0)
		first = recv(client, buf, 2, strcmp(argv[argc - 1], "peek") == 0 ? MSG_PEEK : 0);
	enter_box();
	ssize_t seen = recv(client, buf, 2, MSG_PEEK), got = recv(client, buf, sizeof(buf), 0);
	ssize_t sent = send(client, "x", 1, MSG_NOSIGNAL);
	int length = snprintf(text, sizeof(text), "%zd %zd %zd %zd\n", first, seen, got, sent);

	_exit(write(1, text, (size_t)length) != length);
}

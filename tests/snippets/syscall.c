/* SPDX-License-Identifier: MIT
 *
 * syscall.c -- syscall with the numbers of socket calls, of others, and of none. Async-signal-safe.
 */
#include "snippet.h"
#include <sys/syscall.h>

int snippet(void)
{
	int ends[2], tcp[3];
	char buffer[16] = "";
	struct iovec vector = {"vector", 6};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};

	make_tcp(tcp);
	SAY(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends));
	SAY(syscall(SYS_sendto, ends[0], "hello", 5, MSG_NOSIGNAL, NULL, 0));
	SAY(syscall(SYS_recvfrom, ends[1], buffer, sizeof(buffer), 0, NULL, NULL));
	SAY(syscall(SYS_write, ends[0], "more", 4));
	SAY(syscall(SYS_read, ends[1], buffer, sizeof(buffer)));
	SAY(syscall(SYS_sendmmsg, ends[0], &message, 1, 0));
	SAY(syscall(SYS_recvmmsg, ends[1], &message, 1, MSG_DONTWAIT, NULL));
	SAY(syscall(SYS_dup3, ends[0], 60, O_CLOEXEC));
	SAY(syscall(SYS_accept4, tcp[CLIENT], NULL, NULL, 0));
	SAY(syscall(SYS_shutdown, tcp[CLIENT], SHUT_WR));
	SAY(syscall(SYS_close, 60));
	SAY(syscall(SYS_close, 60));
	SAY(syscall(SYS_lseek, ends[0], 0, SEEK_SET));
	SAY(syscall(SYS_getpid) == getpid());
	SAY(syscall(100000));
	SAY(syscall(-1));
	close_all(tcp, 3);
	close_all(ends, 2);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * select-beyond-1024-client.c -- has many files open, and so its socket has a number that no fd_set has a bit for:
 * FD_SET() writes behind the set.
 *
 * finds: select-beyond-1024
 * rule: none
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#undef _FORTIFY_SOURCE /* which would abort() in FD_SET() */
#include "../talk.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>

int main(int argc, char **argv)
{
	static struct {
		fd_set set;
		char overrun[128]; /* what happens to lie there */
	} ready;
	struct rlimit limit;
	struct timeval patience = {.tv_sec = 1};
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < 1100)
		return 77; /* not here */
	limit.rlim_cur = 1100;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDONLY) < 1029)
		;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (!send_all(fd, "hello\n", 6))
		die("send");
	FD_ZERO(&ready.set);
	FD_SET(fd, &ready.set);
	if (select(fd + 1, &ready.set, NULL, NULL, &patience) < 1) /* here: select-beyond-1024 */
		return 1;
	ssize_t n = recv(fd, answer, sizeof(answer), 0);

	if (n > 0)
		fwrite(answer, 1, (size_t)n, stdout);
	close(fd);
	return n != 6;
}

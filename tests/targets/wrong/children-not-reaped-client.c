/* SPDX-License-Identifier: MIT
 *
 * children-not-reaped-client.c -- a client that has a child ask each of its questions, and never hears of the
 * children again.
 *
 * finds: children-not-reaped
 * rule: none
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
/* In a child of its own: what it asks may take long. */
static _Noreturn void ask(const struct sockaddr_in *to, int result)
{
	char answer[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ssize_t n = -1;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 && send(fd, "hello\n", 6, 0) == 6)
		n = recv(fd, answer, sizeof(answer), 0);
	if (n > 0 && write(result, answer, (size_t)n) != n)
		n = -1;
	_exit(n <= 0);
}

int main(int argc, char **argv)
{
	char answer[64];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	for (int i = 0; i < 5; i++) {
		int ends[2];

		if (pipe(ends) < 0)
			die("pipe");
		if (fork() == 0) /* here: children-not-reaped */
			ask(&to, ends[1]);
		close(ends[1]);
		for (ssize_t n; (n = read(ends[0], answer, sizeof(answer))) > 0;)
			fwrite(answer, 1, (size_t)n, stdout);
		close(ends[0]);
	}
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * use-after-reset-stdio.c -- a client with stdio that asks ten questions and sees no error in either direction.
 *
 * finds: use-after-reset
 * also: reset-taken-for-end
 * rule: recv nth=2: reset
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
#include <signal.h>

static void ask(FILE *out, FILE *in, int i)
{
	char answer[64];

	fprintf(out, "question %d\n", i);
	fflush(out);
	if (fgets(answer, sizeof(answer), in)) /* here: use-after-reset */
		fputs(answer, stdout);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

	for (int i = 0; i < 10; i++) {
		ask(out, in, i);
		clearerr(in);
		clearerr(out);
	}
	fclose(out);
	fclose(in);
	return 0;
}

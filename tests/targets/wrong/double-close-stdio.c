/* SPDX-License-Identifier: MIT
 *
 * double-close-stdio.c -- closes a stream, and then the descriptor that had gone with it.
 *
 * finds: double-close
 * rule: none
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
int main(int argc, char **argv)
{
	char answer[256];

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	FILE *stream = fdopen(fd, "r+");

	if (!stream || fputs("hello\n", stream) == EOF || fflush(stream) == EOF)
		die("send");
	if (fgets(answer, sizeof(answer), stream))
		fputs(answer, stdout);
	fclose(stream);
	close(fd); /* here: double-close */
	return 0;
}

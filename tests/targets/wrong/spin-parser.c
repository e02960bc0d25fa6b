/* SPDX-License-Identifier: MIT
 *
 * spin-parser.c -- takes a reply apart, one field after the other; a field that is not all there gets it no further.
 *
 * finds: spin
 * rule: recv nth=1: short 5
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

int main(int argc, char **argv)
{
	char reply[64];

	if (argc < 2)
		return 2;
	int fd = connected(argv[1]);

	if (!send_all(fd, "one,two,\n", 9))
		die("send");
	ssize_t n = recv(fd, reply, sizeof(reply), 0); /* here: spin */
	ssize_t at = 0;

	while (at < n && reply[at] != '\n') {
		char *comma = memchr(reply + at, ',', (size_t)(n - at));

		if (!comma)
			continue; /* meant to skip the field */
		printf("%.*s\n", (int)(comma - reply - at), reply + at);
		at = comma - reply + 1;
	}
	close(fd);
	return 0;
}

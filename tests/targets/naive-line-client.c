/* SPDX-License-Identifier: MIT
 *
 * naive-line-client HOST PORT LINE... -- sends each line over one TCP connection and prints the line that comes
 * back.
 *
 * Wrong: gives up at the first connect that fails; never looks at what send() says; takes an error and the end of
 * the stream for the end of the answer, prints what it has and ends with 0; waits for ever.
 */
#include "target.h"

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char request[256], answer[256];

	if (argc < 4) {
		fprintf(stderr, "usage: %s HOST PORT LINE...\n", argv[0]);
		return 2;
	}
	socklen_t length = inet_address(&to, argv[1], argv[2]);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	for (int i = 3; i < argc; i++) {
		int size = snprintf(request, sizeof(request), "%s\n", argv[i]);
		size_t have = 0;
		ssize_t n;

		send(fd, request, (size_t)size, 0);
		while ((n = recv(fd, answer + have, sizeof(answer) - have, 0)) > 0) {
			have += (size_t)n;
			if (answer[have - 1] == '\n')
				break;
		}
		fwrite(answer, 1, have, stdout);
	}
	close(fd);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * naive-echo-server HOST PORT [CLIENTS] -- sends back what each TCP client sends, one client after the other. Ends
 * after so many clients (0, the default: never) and says how many it was.
 *
 * Wrong: ends at the first bind, accept or recv that fails, so that one client can take it from all the others;
 * does not look whether listen worked.
 */
#include "server.h"

int main(int argc, char **argv)
{
	struct sockaddr_storage at;
	char data[512];
	int yes = 1, served = 0;
	ssize_t n;

	if (argc < 3) {
		fprintf(stderr, "usage: %s HOST PORT [CLIENTS]\n", argv[0]);
		return 2;
	}
	int wanted = argc > 3 ? atoi(argv[3]) : 0;
	socklen_t length = inet_address(&at, argv[1], argv[2]);

	handle_signals();
	int listener = socket(at.ss_family, SOCK_STREAM, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (struct sockaddr *)&at, length) < 0)
		die("bind");
	listen(listener, 16);
	while (!stop && (wanted == 0 || served < wanted)) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept");
		while ((n = recv(fd, data, sizeof(data), 0)) > 0)
			send(fd, data, (size_t)n, 0);
		if (n < 0)
			die("recv");
		close(fd);
		served++;
	}
	if (wanted > 0)
		printf("%d served\n", served);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * naive-unix-server PATH [CLIENTS] -- sends back what each client of a Unix stream socket sends, one client after
 * the other, by read() and write(). Ends after so many clients (0, the default: never) and says how many it was.
 *
 * Wrong: never starts again after it was killed, for its own socket file is in the way; is killed by SIGPIPE when
 * a client goes away too early.
 */
#include "server.h"

int main(int argc, char **argv)
{
	char data[512];
	ssize_t n;
	int served = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s PATH [CLIENTS]\n", argv[0]);
		return 2;
	}
	int wanted = argc > 2 ? atoi(argv[2]) : 0;
	struct sockaddr_un at = unix_address(argv[1]);

	handle_signals();
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("bind");
	if (listen(listener, 16) < 0)
		die("listen");
	while (!stop && (wanted == 0 || served < wanted)) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept");
		while ((n = read(fd, data, sizeof(data))) > 0)
			if (write(fd, data, (size_t)n) < 0)
				die("write");
		close(fd);
		served++;
	}
	unlink(at.sun_path);
	if (wanted > 0)
		printf("%d served\n", served);
	return 0;
}

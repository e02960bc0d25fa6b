/* SPDX-License-Identifier: MIT
 *
 * dishonest-success-list.c -- asks for three things, says of each that fails that it is skipped, and ends with success.
 *
 * finds: dishonest-success
 * rule: connect nth=2: fail ECONNREFUSED
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../talk.h"

/* True if the answer came, and was printed. */
static bool fetch(const struct sockaddr_in *to, const char *what)
{
	char answer[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	bool is_there = connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0; /* here: dishonest-success */
	bool fetched = is_there && send_all(fd, what, 4) && recv_line(fd, answer, sizeof(answer));

	close(fd);
	if (fetched)
		fputs(answer, stdout);
	return fetched;
}

int main(int argc, char **argv)
{
	static const char *const things[] = {"one\n", "two\n", "six\n"};

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);

	for (int i = 0; i < 3; i++)
		if (!fetch(&to, things[i]))
			fprintf(stderr, "skipped: %s", things[i]);
	return 0;
}

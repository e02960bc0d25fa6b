/* SPDX-License-Identifier: MIT
 *
 * stdio-client.c -- sends lines and prints what comes back, with a stream for each direction. Every call is looked at:
 * what is written has gone when fflush says so, a line is whole with its newline, and an end is no line.
 *
 * role: client
 * peer: build/targets/robust-echo-server 127.0.0.1 {port}
 */
#include "../target.h"
#include <signal.h>

static bool ask(FILE *out, FILE *in, const char *line)
{
	char answer[256];

	if (fprintf(out, "%s\n", line) < 0 || fflush(out) == EOF)
		return false;
	if (!fgets(answer, sizeof(answer), in) || !strchr(answer, '\n'))
		return false;
	return fputs(answer, stdout) != EOF;
}

/* Both streams, each with a descriptor of its own; false: neither. */
static bool open_streams(int fd, FILE **in, FILE **out)
{
	int copy = dup(fd);

	*in = fdopen(fd, "r");
	*out = copy < 0 ? NULL : fdopen(copy, "w");
	if (*in && *out)
		return true;
	if (*in)
		fclose(*in);
	else
		close(fd);
	if (*out)
		fclose(*out);
	else if (copy >= 0)
		close(copy);
	return false;
}

int main(int argc, char **argv)
{
	static const char *const lines[] = {"one", "two", "three"};
	struct timeval patience = {.tv_sec = 2};
	FILE *in, *out;

	if (argc < 2)
		return 2;
	struct sockaddr_in to = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* of connect, too */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (!open_streams(fd, &in, &out))
		die("streams");
	bool worked = true;

	for (size_t i = 0; worked && i < sizeof(lines) / sizeof(lines[0]); i++)
		worked = ask(out, in, lines[i]);
	if (!worked)
		fprintf(stderr, "the connection failed\n");
	fclose(out); /* it has all gone: fflush said so */
	fclose(in);
	return !worked;
}

/* SPDX-License-Identifier: MIT
 *
 * streams.c -- a program that talks through stdio. Its words are what it does, one after the other, to a stream on a
 * connection to 127.0.0.1:PORT (or "-": its standard streams); it tells each result on standard error.
 *
 *   line: fgets      byte: fgetc      rest: lines until the end
 *   say: a line is printed and flushed   much: 100,000 bytes are   dprintf: a line, past the stream
 *   wait: until standard input says something     clear: clearerr      close: fclose
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static FILE *in, *out;
static char data[100000];

static void handle(int signal)
{
	(void)signal;
}

static void tell(const char *what, long result, FILE *stream)
{
	int error = errno;

	fprintf(
	    stderr, "%s %ld eof %d error %d %s\n", what, result, stream ? feof(stream) : 0, stream ? ferror(stream) : 0,
	    error ? strerrorname_np(error) : "-");
}

static void tell_line(const char *line)
{
	int error = errno;

	if (line)
		fprintf(stderr, "  %s", line);
	errno = error;
	tell("line", line ? (long)strlen(line) : -1, in);
}

static void act(const char *word)
{
	char gate;

	errno = 0;
	if (strcmp(word, "line") == 0) {
		tell_line(fgets(data, sizeof(data), in));
	} else if (strcmp(word, "byte") == 0) {
		tell(word, fgetc(in), in);
	} else if (strcmp(word, "rest") == 0) {
		long count = 0;

		while (fgets(data, sizeof(data), in))
			count += (long)strlen(data);
		tell(word, count, in);
	} else if (strcmp(word, "say") == 0) {
		int printed = fprintf(out, "a line of %d\n", 14);

		tell(word, fflush(out) == 0 ? printed : -1, out);
	} else if (strcmp(word, "much") == 0) {
		memset(data, 'm', sizeof(data));
		size_t written = fwrite(data, 1, sizeof(data), out);

		tell(word, fflush(out) == 0 ? (long)written : -1, out);
	} else if (strcmp(word, "dprintf") == 0) {
		tell(word, dprintf(fileno(out), "past %s\n", "it"), NULL);
	} else if (strcmp(word, "wait") == 0) {
		tell(word, read(0, &gate, 1), NULL);
	} else if (strcmp(word, "clear") == 0) {
		clearerr(in);
	} else if (strcmp(word, "close") == 0) {
		tell("close out", fclose(out), NULL);
		errno = 0;
		tell("close in", fclose(in), NULL);
	}
}

static void connect_streams(const char *port)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET,
	    .sin_port = htons((unsigned short)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 || !(in = fdopen(fd, "r")) ||
	    !(out = fdopen(dup(fd), "w")))
		exit(2);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handle};

	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "-") == 0) {
		in = stdin;
		out = stdout;
	} else
		connect_streams(argv[1]);
	for (int i = 2; i < argc; i++)
		act(argv[i]);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * ioctl.c -- ioctl: FIONREAD, FIONBIO, FIOCLEX, SIOCATMARK, terminals that are none, what is refused.
 * Async-signal-safe.
 */
#include "snippet.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <termios.h>

static void on_stream(int in, int out)
{
	int value = -7, one = 1, zero = 0;
	char buffer[8];

	SAY(ioctl(in, FIONREAD, &value));
	say("  %d", value);
	SAY(write(out, "queued", 6));
	await_input(in);
	SAY(ioctl(in, FIONREAD, &value));
	say("  %d", value);
	SAY(ioctl(in, FIONBIO, &one));
	SAY(read(in, buffer, sizeof(buffer)));
	SAY(read(in, buffer, sizeof(buffer)));
	say("nonblocking: %d", (fcntl(in, F_GETFL) & O_NONBLOCK) != 0);
	SAY(ioctl(in, FIONBIO, &zero));
	say("nonblocking: %d", (fcntl(in, F_GETFL) & O_NONBLOCK) != 0);
	SAY(ioctl(in, FIOCLEX));
	SAY(fcntl(in, F_GETFD));
	SAY(ioctl(in, FIONCLEX));
	SAY(fcntl(in, F_GETFD));
}

int snippet(void)
{
	int tcp[3], tube[2], file = make_file(""), value = -7;
	struct winsize window;

	make_tcp(tcp);
	make_pipe(tube);
	on_stream(tcp[SERVER], tcp[CLIENT]);
	on_stream(tube[0], tube[1]);
	SAY(ioctl(tcp[SERVER], SIOCATMARK, &value));
	say("  %d", value);
	SAY(ioctl(tcp[CLIENT], SIOCOUTQ, &value));
	SAY(ioctl(tcp[CLIENT], TIOCGWINSZ, &window));
	SAY(ioctl(file, TIOCGWINSZ, &window));
	SAY(ioctl(tcp[CLIENT], FIONREAD, bad_pointer()));
	SAY(ioctl(-1, FIONREAD, &value));
	close_all(tcp, 3);
	close_all((int[]){tube[0], tube[1], file}, 3);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * not-transparent.c -- the run met nothing but faults that a right program does not show (short counts, EAGAIN, EINTR,
 * delays), and its output or status was another one. Who compared says so (--differs).
 *
 * Could be wrong: a program may print what it saw, times or numbers of reads; sweeps leave out what varies by itself,
 * and
 * --normalize what the user knows to vary. Not said of a run that was ended by its time limit or by a crash.
 */
#include "finding/outcome.h"

static void see(struct sf_scene *scene)
{
	sf_outcome_note(scene);
}

static void finish(struct sf_scene *scene)
{
	const struct sf_outcome *outcome = scene->of_run;

	if (!sf_outcome_is_other(scene) || !outcome->transient.seq || outcome->other.seq)
		return;
	sf_say(
	    scene, &outcome->transient, &outcome->transient, NULL,
	    "%s here (%u time%s in all) changed the output or the status: it should not show",
	    sf_outcome_fault(&outcome->transient), outcome->times, outcome->times == 1 ? "" : "s");
}

static const char explain[] =
    "Some things are no errors: a read that brings a part, a send that takes a part, EAGAIN on a non-blocking socket, "
    "EINTR where there is a signal handler, a network that is slow. A right program goes on, and nobody can tell by "
    "its "
    "output or exit status that they happened. This run met nothing else, and came out differently.\n\n"
    "It is said where somebody compared the run with a fault-free one (a sweep, a suite, sockfault findings "
    "--differs). "
    "Where another finding has the same cause, that one is said alone.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <time.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct timespec begin, end;\n"
    "\n"
    "\tclock_gettime(CLOCK_MONOTONIC, &begin);\n"
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0)\n"
    "\t\treturn 1;\n"
    "\tclock_gettime(CLOCK_MONOTONIC, &end);\n"
    "\tputs(end.tv_sec - begin.tv_sec > 1 ? \"no data\" : \"data\"); /* who is slow has none */\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0)\n"
    "\t\treturn 1;\n"
    "\tputs(\"data\");\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_not_transparent = {
    .severity = SF_ERROR,
    .help = "a fault that should not show changed the output or the status",
    .hint =
        "Take what a call returns for what it is: go on after a short count, wait after EAGAIN, repeat after EINTR.",
    .source = "recv(2), send(2), RETURN VALUE; signal(7)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: delay 2500ms",
    .is_of_whole_run = true,
    .per_run = sizeof(struct sf_outcome),
    .see = see,
    .finish = finish,
};

/* SPDX-License-Identifier: MIT
 *
 * no-timeout.c -- a rule keeps a peer silent, and the program waits for it without a limit till the run's time is up.
 *
 * Could be wrong: to wait for ever is what some programs are for, as a shell behind ssh. It is advice.
 */
#include "finding/overdue.h"

static void see(struct sf_scene *scene)
{
	sf_overdue_note(scene);
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_overdue *overdue = scene->of_process;
	const struct sf_moment *at = sf_overdue_at(scene);

	if (at && overdue->is_for_silence)
		sf_say(
		    scene, at, &overdue->silent, NULL, "the peer was silent, and the program still waited in %s after %.1f s",
		    sf_moment_function(at), (double)(scene->run->end_ns - at->time_ns) / 1e9);
}

static const char explain[] =
    "A peer can be silent for ever without the connection being over: its machine was switched off, its network has "
    "gone, it is stopped. TCP does not tell who only waits to receive; a connect() gives up after two minutes. A "
    "program that is to get along by itself has a limit of its own.\n\n"
    "It is said where a rule kept the peer silent (stall, or drop of a datagram), and the program was waiting for just "
    "that socket, be it in the call or in poll(), select() or epoll_wait() before it, without a limit, when the run "
    "was ended by --timeout.";

/* clang-format off */
static const char wrong[] =
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint pair[2];\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[1], \"hello\", 5) != 5)\n"
    "\t\treturn 2;\n"
    "\treturn read(pair[0], data, sizeof data) != 5;\n"
    "}\n";

static const char right[] =
    "#include <sys/socket.h>\n"
    "#include <sys/time.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct timeval patience = {.tv_sec = 1};\n"
    "\tint pair[2];\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[1], \"hello\", 5) != 5)\n"
    "\t\treturn 2;\n"
    "\tsetsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);\n"
    "\treturn read(pair[0], data, sizeof data) != 5;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_no_timeout = {
    .severity = SF_ADVICE,
    .help = "the program has no limit for how long it waits for a silent peer",
    .hint = "Give the wait a limit: SO_RCVTIMEO and SO_SNDTIMEO, the timeout of poll(), a deadline for the whole.",
    .source = "socket(7), SO_RCVTIMEO; poll(2), timeout; tcp(7)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv family=unix nth=1: stall",
    .is_of_whole_run = true,
    .per_process = sizeof(struct sf_overdue),
    .see = see,
    .process_ends = process_ends,
};

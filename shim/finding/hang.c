/* SPDX-License-Identifier: MIT
 *
 * hang.c -- the run's time was up, and the program waited without a limit: in which call, and where. That of the thread
 * that met the fault, if it waits.
 *
 * Could be wrong: a program may have a limit of its own that is longer than ours. So nothing is said of a wait with a
 * limit, nor of a process that uses its processor (spin), nor where a rule keeps the very peer silent for which it
 * waits (no-timeout), nor of processes that wait for their children.
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

	if (!at || overdue->is_for_silence)
		return;
	double waited_s = (double)(scene->run->end_ns - at->time_ns) / 1e9;

	if (overdue->faulted.fault.seq)
		sf_say(
		    scene, at, &overdue->faulted.fault, NULL, "the program never ended: it had waited in %s for %.1f s",
		    sf_moment_function(at), waited_s);
	else
		sf_say(
		    scene, at, scene->run->fault.seq ? &scene->run->fault : at, NULL,
		    "the program never ended: it had waited in %s for %.1f s", sf_moment_function(at), waited_s);
}

static const char explain[] =
    "The run was ended by its time limit, and the program was waiting then, in a call that has no limit of its own: "
    "for "
    "an answer to what it never sent, for a thread or process that has given up without a word, for a descriptor that "
    "is no longer among those it watches. Nobody would have woken it.\n\n"
    "It is said where --timeout (of a sweep, the deadline) ended the run; the call is the one that never returned. A "
    "wait with a limit is left out, and a peer that a rule keeps silent is no-timeout's. Where another finding has the "
    "same cause, that one is said alone.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <pthread.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "static struct sockaddr_in self = {.sin_family = AF_INET};\n"
    "static int pair[2];\n"
    "\n"
    "static void *call(void *unused)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (connect(fd, (struct sockaddr *)&self, sizeof self) == 0)\n"
    "\t\t(void)!write(pair[1], \"connected\", 9); /* else nobody is told */\n"
    "\treturn unused;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tpthread_t thread;\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || pthread_create(&thread, NULL, call, NULL) != 0)\n"
    "\t\treturn 2;\n"
    "\treturn read(pair[0], data, sizeof data) != 9;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <pthread.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "static struct sockaddr_in self = {.sin_family = AF_INET};\n"
    "static int pair[2];\n"
    "\n"
    "static void *call(void *unused)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (connect(fd, (struct sockaddr *)&self, sizeof self) == 0)\n"
    "\t\t(void)!write(pair[1], \"connected\", 9);\n"
    "\tshutdown(pair[1], SHUT_WR); /* who waits there is told in any case */\n"
    "\treturn unused;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tpthread_t thread;\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || pthread_create(&thread, NULL, call, NULL) != 0)\n"
    "\t\treturn 2;\n"
    "\treturn read(pair[0], data, sizeof data) != 9;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_hang = {
    .severity = SF_ERROR,
    .help = "the program waits for ever",
    .hint = "Whatever is waited for must come, or be given up: tell waiters of failures, and give waits a limit.",
    .source = "poll(2), timeout; socket(7), SO_RCVTIMEO",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .is_of_whole_run = true,
    .per_process = sizeof(struct sf_overdue),
    .see = see,
    .process_ends = process_ends,
};

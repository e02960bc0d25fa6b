/* SPDX-License-Identifier: MIT
 *
 * spin.c -- the run's time was up, and the program had used the processor nearly all the time.
 *
 * Could be wrong: a program may have to compute. So it must be one that did not end in time, whose processor time the
 * command knows, and a rule must have acted on it. Nor may its calls have moved anything lately: who has much to read,
 * and is given a byte at a time, gets further.
 */
#include <sys/socket.h>

#include "finding/overdue.h"

/* Kept for each process. */
struct state {
	struct sf_overdue overdue; /* what overdue.h keeps comes first */
	uint64_t moved_ns;         /* when a call of it last got it further */
};

static bool gets_further(const struct sf_moment *now)
{
	if (!now->end_ns)
		return false;
	if (now->operation == SF_ACCEPT)
		return now->event.ret >= 0;
	return (now->operation == SF_SEND || now->operation == SF_RECV) && now->event.ret > 0 &&
	       !(now->event.flags & MSG_PEEK);
}

static void see(struct sf_scene *scene)
{
	struct state *state = scene->of_process;

	sf_overdue_note(scene);
	if (state && gets_further(scene->now))
		state->moved_ns = scene->now->end_ns;
}

/* It did so in the second half of the run. */
static bool got_further(const struct sf_scene *scene)
{
	const struct state *state = scene->of_process;

	return state->moved_ns > scene->run->end_ns / 2;
}

static void process_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_process;
	const struct sf_faulted *faulted = &state->overdue.faulted;

	if (!sf_is_overdue(scene) || !sf_is_busy(scene) || !faulted->fault.seq || got_further(scene))
		return;
	sf_say(
	    scene, &faulted->fault, &faulted->fault, &faulted->last,
	    "the program never ended, and never rested: it ran, or wanted to, for %.1f of %.1f s; the last call of the "
	    "thread that met the "
	    "fault was %s",
	    (double)scene->process->busy_ns / 1e9, (double)scene->run->end_ns / 1e9, sf_moment_function(&faulted->last));
}

static const char explain[] =
    "After a fault the program went round and round without getting any further, until the run was ended by its time "
    "limit: it looks at a flag that nobody will set any more, takes apart what is not there, or tries again what can't "
    "succeed.\n\n"
    "It is said where --timeout (of a sweep, the deadline) ended the run, and the process had run, or stood in the "
    "queue for a processor, for 70 percent of the time or more, and no call of it moved a byte or accepted anybody in "
    "the second half of that time. Where calls went round, another finding says which, and it is said alone.";

/* clang-format off */
static const char wrong[] =
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
    "\tvolatile int is_connected = connect(fd, (struct sockaddr *)&self, size) == 0;\n"
    "\n"
    "\twhile (!is_connected)\n"
    "\t\t; /* till somebody tries again */\n"
    "\tputs(\"connected\");\n"
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
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0) {\n"
    "\t\tperror(\"connect\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\tputs(\"connected\");\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_spin = {
    .severity = SF_ERROR,
    .help = "the program uses the processor and gets no further",
    .hint = "Run the command that repeats it, and look with a debugger where the program goes round.",
    .source = "sockfault(1)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .is_of_whole_run = true,
    .per_process = sizeof(struct state),
    .see = see,
    .process_ends = process_ends,
};

/* SPDX-License-Identifier: MIT
 *
 * short-recv-taken-for-whole.c -- a recv brought a part of what lay there, and the program took it for all: its output,
 * or its status, is not that of the fault-free run.
 *
 * Could be wrong: a program that needs no more than it got is right, and its calls look the same. So nothing is said
 * but where somebody compared, and all that rules did in this run was to make recvs short: then a short count is what
 * the output differs for. Which one it was is told by what came after it; where that says nothing, the first is named.
 */
#include "core/fault.h"
#include "core/finding.h"

struct state {
	struct sf_moment cut; /* the socket's last recv, if a rule cut it; seq 0: none did */
};

struct run {
	struct sf_moment first;   /* that a rule cut */
	struct sf_moment suspect; /* after which the program went on as if it had all */
	unsigned weight;          /* of the evidence against it */
	bool has_others;          /* other faults were injected too */
};

static bool is_cut(const struct sf_moment *now)
{
	return now->event.fault == 1 + SF_FAULT_short && now->operation == SF_RECV && now->event.ret > 0;
}

static void suspect(struct run *run, const struct sf_moment *cut, unsigned weight)
{
	if (weight <= run->weight)
		return;
	run->suspect = *cut;
	run->weight = weight;
}

/* What is missing is asked for, into the same buffer behind what came or into another one; or as much as before. */
static bool goes_on(const struct sf_moment *cut, const struct sf_moment *now)
{
	uint64_t missing = cut->event.asked - (uint64_t)cut->event.ret;

	return now->event.asked == missing || now->event.asked == cut->event.asked ||
	       now->event.buffer == cut->event.buffer + (uint64_t)cut->event.ret;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;
	struct run *run = scene->of_run;

	if (sf_is_injected(now) && now->event.fault != 1 + SF_FAULT_delay && !is_cut(now))
		run->has_others = true;
	if (!state)
		return;
	const struct sf_moment *cut = &state->cut;

	/* The next recv is for something else; or an answer is sent to a part of the question. */
	if (cut->seq && now->operation == SF_RECV && !goes_on(cut, now))
		suspect(run, cut, 3);
	else if (cut->seq && now->operation == SF_SEND && now->thread == cut->thread)
		suspect(run, cut, 1);
	if (now->operation == SF_RECV && now->end_ns)
		state->cut.seq = 0;
	if (!is_cut(now))
		return;
	state->cut = *now;
	if (!run->first.seq)
		run->first = *now;
}

/* Nothing was read any more. */
static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;

	if (state->cut.seq)
		suspect(scene->of_run, &state->cut, 2);
}

static void finish(struct sf_scene *scene)
{
	const struct run *run = scene->of_run;
	const struct sf_moment *cut = run->suspect.seq ? &run->suspect : &run->first;

	if (!cut->seq || run->has_others || !scene->run->differs)
		return;
	sf_say(
	    scene, cut, cut, NULL,
	    "%s brought %lld %s, of up to %llu, and the program took them for all: its outcome differs",
	    sf_moment_function(cut), (long long)cut->event.ret, sf_bytes((uint64_t)cut->event.ret),
	    (unsigned long long)cut->event.asked);
}

static const char explain[] =
    "A stream has no messages. What the peer sent at once may come in pieces, cut anywhere, also within a number of "
    "four "
    "bytes, and two messages may come together; on a loaded machine, over a slow or long line, it does. A recv that "
    "brings less than a message is not the end of it.\n\n"
    "It is said where short reads alone were injected, and the program's output or status is not that of the "
    "fault-free "
    "run: in a sweep, a suite, or where `sockfault findings --differs` says so. The call is named after which the "
    "program stopped reading, read something else, or answered.";

/* clang-format off */
static const char wrong[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tchar line[64];\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 || write(fds[0], \"one line\\n\", 9) != 9)\n"
    "\t\treturn 2;\n"
    "\tssize_t n = read(fds[1], line, sizeof(line));\n"
    "\n"
    "\tif (n > 0)\n"
    "\t\tprintf(\"%.*s\", (int)n, line);\n"
    "\treturn n <= 0;\n"
    "}\n";

static const char right[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tchar line[64];\n"
    "\tsize_t have = 0;\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 || write(fds[0], \"one line\\n\", 9) != 9)\n"
    "\t\treturn 2;\n"
    "\twhile (have < sizeof(line) && (have == 0 || line[have - 1] != '\\n')) {\n"
    "\t\tssize_t n = read(fds[1], line + have, sizeof(line) - have);\n"
    "\n"
    "\t\tif (n <= 0)\n"
    "\t\t\treturn 1;\n"
    "\t\thave += (size_t)n;\n"
    "\t}\n"
    "\tprintf(\"%.*s\", (int)have, line);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_short_recv_taken_for_whole = {
    .severity = SF_ERROR,
    .help = "a part of a message taken for all of it",
    .hint = "Read on until the message is complete: until its end mark, or as many bytes as its length says; keep what "
            "comes behind it.",
    .source = "recv(2), RETURN VALUE; POSIX.1-2017 recv(), SOCK_STREAM",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv family=unix nth=1: short 3",
    .per_socket = sizeof(struct state),
    .per_run = sizeof(struct run),
    .see = see,
    .socket_ends = socket_ends,
    .finish = finish,
};

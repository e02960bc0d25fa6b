/* SPDX-License-Identifier: MIT
 *
 * error-taken-for-length.c -- a call said -1, and the -1 is used as a number of bytes: the next send is asked for as
 * many, the next transfer begins one byte before the one that failed, or the program dies at once.
 *
 * Could be wrong: nobody sends as many bytes on purpose, and nobody goes on one byte before a buffer. That a program
 * dies by SIGSEGV may have another reason than the call before it; so it must have been its very last, and one that a
 * rule made fail.
 */
#include <limits.h>
#include <signal.h>
#include <stdint.h>

#include "core/finding.h"

struct state {
	struct sf_moment failed; /* the thread's last transfer; seq 0: it did not fail */
};

static bool is_minus_one(uint64_t asked)
{
	return asked > SSIZE_MAX || asked == UINT32_MAX;
}

/* It goes on before the beginning of the buffer: `at += n` with n of -1. */
static bool went_back(const struct sf_moment *now, const struct sf_moment *failed)
{
	return now->operation == failed->operation && now->event.socket == failed->event.socket && failed->event.buffer &&
	       now->event.buffer == failed->event.buffer - 1;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_thread;

	if (!state)
		return;
	const struct sf_moment *failed = &state->failed;

	if (failed->seq && now->operation == SF_SEND && is_minus_one(now->event.asked))
		sf_say(
		    scene, now, failed, failed, "%s said -1 (%s), and %s was asked for %llu %s", sf_moment_function(failed),
		    sf_moment_error(failed), sf_moment_function(now), (unsigned long long)now->event.asked,
		    sf_bytes(now->event.asked));
	else if (failed->seq && went_back(now, failed))
		sf_say(
		    scene, failed, failed, now, "%s said -1 (%s), and the next %s began one byte before where this one did",
		    sf_moment_function(failed), sf_moment_error(failed), sf_moment_function(now));
	if (now->end_ns && now->event.ret < 0)
		state->failed = *now;
	else
		state->failed.seq = 0;
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;
	const struct sf_moment *last = &process->last_call;

	if (process->ending != SF_SIGNALED || (process->status != SIGSEGV && process->status != SIGBUS) || !last->seq ||
	    last->operation != SF_RECV || !last->end_ns || last->event.ret >= 0 || !sf_is_injected(last))
		return;
	sf_say(
	    scene, last, last, NULL, "%s said -1 (%s), and the program died by %s right after it", sf_moment_function(last),
	    sf_moment_error(last), process->status == SIGSEGV ? "SIGSEGV" : "SIGBUS");
}

static const char explain[] =
    "recv and send give a count, or -1. Where the result goes into an unsigned length, an index or a sum before "
    "anybody "
    "has looked whether it is -1, it becomes the largest number there is, or moves everything one byte back: the next "
    "call is asked for 18446744073709551615 bytes, a byte of what was received is overwritten, or the program reads "
    "beyond its memory.\n\n"
    "It is said where a send is asked for so many bytes after a call that failed, where the next transfer begins one "
    "byte before the one that failed, and where the program dies by SIGSEGV with a failed recv as its last call.";

/* clang-format off */
static const char wrong[] =
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tssize_t n = recv(fds[0], data, sizeof(data), 0); /* nothing is there: EAGAIN */\n"
    "\n"
    "\treturn send(fds[0], data, n, MSG_NOSIGNAL) == n ? 0 : 1;\n"
    "}\n";

static const char right[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tssize_t n = recv(fds[0], data, sizeof(data), 0);\n"
    "\n"
    "\tif (n < 0) {\n"
    "\t\tperror(\"recv\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn send(fds[0], data, (size_t)n, MSG_NOSIGNAL) == n ? 0 : 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_error_taken_for_length = {
    .severity = SF_ERROR,
    .help = "-1 from recv or send used as a number of bytes",
    .hint = "Look at the sign of the result, in a ssize_t, before it is used for anything.",
    .source = "recv(2), RETURN VALUE; POSIX.1-2017 recv()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_thread = sizeof(struct state),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
    .process_ends = process_ends,
};

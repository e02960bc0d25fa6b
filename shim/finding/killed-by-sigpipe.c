/* SPDX-License-Identifier: MIT
 *
 * killed-by-sigpipe.c -- the process ended by SIGPIPE while it was sending. The command saw how it ended; that its last
 * call was a send that met a connection which had ended makes it SIGPIPE of this socket and no kill(2) of somebody
 * else's.
 *
 * Could be wrong: a filter in a pipeline (`yes | head`) is meant to die so, by a pipe. Its last call on a socket is not
 * a send that got EPIPE, so nothing is said.
 */
#include <errno.h>
#include <signal.h>

#include "core/finding.h"

/* A call that the signal ended never returned; one that returned EPIPE raised it on its way out. */
static bool could_raise(const struct sf_moment *call)
{
	return call->operation == SF_SEND && call->seq && (!call->end_ns || call->event.error == EPIPE);
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;
	const struct sf_moment *call = &process->last_call;

	if (process->ending != SF_SIGNALED || process->status != SIGPIPE || !could_raise(call))
		return;
	const struct sf_socket_story *socket = sf_scene_socket_at(scene, call->event.socket);
	const struct sf_moment *cause = socket && socket->fault.seq ? &socket->fault : call;

	sf_say(
	    scene, call, cause, NULL,
	    "SIGPIPE ended the program in %s: the connection was over, and nobody had said that "
	    "a signal is not wanted",
	    sf_moment_function(call));
}

static const char explain[] =
    "A send on a connection that the peer has closed or reset fails with EPIPE, and raises SIGPIPE as well, which ends "
    "a process that did not say otherwise. One client that goes away then ends a server, with all that it was doing "
    "for others; a client ends without a word, where it could have said what happened.\n\n"
    "It is said of a process that SIGPIPE ended, and whose last call was a send on a socket. A filter that SIGPIPE of "
    "a "
    "pipe ends is as it should be.";

/* clang-format off */
static const char wrong[] =
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tclose(fds[1]);\n"
    "\treturn send(fds[0], \"hello\", 5, 0) == 5 ? 0 : 1;\n"
    "}\n";

static const char right[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tclose(fds[1]);\n"
    "\tif (send(fds[0], \"hello\", 5, MSG_NOSIGNAL) == 5) /* or signal(SIGPIPE, SIG_IGN) at start */\n"
    "\t\treturn 0;\n"
    "\tperror(\"send\");\n"
    "\treturn 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_killed_by_sigpipe = {
    .severity = SF_ERROR,
    .help = "SIGPIPE ended the program: a send on a connection that was over",
    .hint = "Send with MSG_NOSIGNAL, or ignore SIGPIPE once at start; then EPIPE says the same, and can be handled.",
    .source = "send(2), ERRORS: EPIPE; signal(7), SIGPIPE; POSIX.1-2017 send()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .process_ends = process_ends,
};

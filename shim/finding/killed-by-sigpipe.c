/* SPDX-License-Identifier: MIT
 *
 * killed-by-sigpipe.c -- the process ended by SIGPIPE while it was sending: some thread's last call is a send that
 * never returned, or returned EPIPE.
 *
 * Could be wrong: a filter in a pipeline (`yes | head`) is meant to die so, by a pipe: no thread of it ends in a send
 * on a socket, and nothing is said. Nor is it of a child that was forked to serve one connection, dies with it, and
 * leaves its parent alive: so servers under inetd have always ended.
 */
#include <errno.h>
#include <signal.h>

#include "core/finding.h"

struct of_process {
	struct sf_moment send; /* that could have raised it: its thread has called nothing since */
};

/* A call that the signal ended never returned; one that returned EPIPE raised it on its way out. */
static bool could_raise(const struct sf_moment *now)
{
	return now->operation == SF_SEND && (!now->end_ns || now->event.error == EPIPE);
}

static void see(struct sf_scene *scene)
{
	struct of_process *process = scene->of_process;

	if (!process || scene->now->operation == SF_OPERATION_COUNT)
		return;
	if (could_raise(scene->now))
		process->send = *scene->now;
	else if (process->send.thread == scene->now->thread)
		process->send = (struct sf_moment){0};
}

/* Forked for one connection that its parent had accepted, and the parent goes on. */
static bool is_for_one_client(struct sf_scene *scene, const struct sf_socket_story *socket)
{
	const struct sf_process_story *parent = sf_scene_process_at(scene, scene->process->parent);

	return scene->process->is_forked && parent && parent->ending == SF_LIVES && socket && socket->side == SF_SERVER &&
	       socket->made.process == parent->index;
}

static void process_ends(struct sf_scene *scene)
{
	const struct of_process *process = scene->of_process;

	if (!process || !process->send.seq || scene->process->ending != SF_SIGNALED || scene->process->status != SIGPIPE)
		return;
	const struct sf_moment *call = &process->send;
	const struct sf_socket_story *socket = sf_scene_socket_at(scene, call->event.socket);

	if (is_for_one_client(scene, socket))
		return;
	sf_say(
	    scene, call, socket && socket->fault.seq ? &socket->fault : call, NULL,
	    "SIGPIPE ended the program in %s: the connection was over, and nobody had said that a signal is not wanted",
	    sf_moment_function(call));
}

static const char explain[] =
    "A send on a connection that the peer has closed or reset fails with EPIPE, and raises SIGPIPE as well, which "
    "ends a process that did not say otherwise. One client that goes away then ends a server, with all that it was "
    "doing for others; a client ends without a word, where it could have said what happened.\n\n"
    "It is said of a process that SIGPIPE ended, and whose last call was a send on a socket. A filter that SIGPIPE "
    "of a pipe ends is as it should be.";

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
    .per_process = sizeof(struct of_process),
    .see = see,
    .process_ends = process_ends,
};

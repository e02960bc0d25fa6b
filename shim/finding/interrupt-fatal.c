/* SPDX-License-Identifier: MIT
 *
 * interrupt-fatal.c -- a call that waits was interrupted by a signal whose handler does not ask for SA_RESTART (EINTR),
 * and the program gives up: closes the connection, or ends.
 *
 * Could be wrong: a signal may be how a program is told to stop (SIGTERM), or that its patience is over (SIGALRM). So
 * it counts only where a handler of a signal stands that asks for nothing of the kind (SIGCHLD, SIGWINCH ...), and no
 * signal of the other kind was delivered. A client that closes and still does its work has no need of that connection:
 * it must end with an error, or print something else. Accept is accept-gives-up's, close is close-retried's.
 */
#include <errno.h>
#include <signal.h>

#include "core/finding.h"

struct state {
	struct sf_moment interrupted; /* the last transfer or connect on this socket; seq 0: it was not */
};

struct suspicion {
	struct sf_moment wait; /* the last wait for several, if it was interrupted and nothing was done since */
	struct sf_moment at;   /* a connection that was closed after EINTR */
	bool is_called_off;    /* a signal came that may mean "stop" */
};

static bool is_harmless(unsigned signal)
{
	return signal == SIGCHLD || signal == SIGWINCH || signal == SIGCONT || signal == SIGURG || signal == SIGIO ||
	       signal == SIGPIPE;
}

/* With a limit of time any handler interrupts, and so it is with poll and its kin. */
static bool interrupts(const struct sf_moment *now, const struct sf_disposition *disposition)
{
	return disposition->handled && is_harmless(disposition->signal) &&
	       (!disposition->restart || now->operation == SF_POLL || now->event.mode == SF_TIMEOUT);
}

static bool is_interrupted(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	if (!now->end_ns || now->event.ret >= 0 || now->event.error != EINTR || !sf_is_injected(now))
		return false;
	for (size_t i = 0; i < scene->disposition_count; i++)
		if (interrupts(now, &scene->dispositions[i]))
			return true;
	return false;
}

static void say(struct sf_scene *scene, const struct sf_moment *at, const char *then)
{
	sf_say(
	    scene, at, at, NULL, "a signal interrupted %s (EINTR), and the program %s, though nothing had failed",
	    sf_moment_function(at), then);
}

static void see_signal(const struct sf_scene *scene, struct suspicion *suspicion)
{
	const struct sf_event *event = &scene->now->event;

	if (event->what == SF_EVENT_SIGNAL && !is_harmless((unsigned)event->asked))
		suspicion->is_called_off = true;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;
	struct suspicion *suspicion = scene->of_process;

	if (!suspicion)
		return;
	if (now->operation == SF_OPERATION_COUNT) {
		see_signal(scene, suspicion);
		return;
	}
	/* It goes on, here or elsewhere. */
	if (now->thread == suspicion->wait.thread)
		suspicion->wait.seq = 0;
	if (now->end_ns && now->event.ret > 0)
		suspicion->at.seq = 0;
	if (now->operation == SF_POLL) {
		if ((now->event.asked || scene->polled_count) && is_interrupted(scene)) /* none: it slept */
			suspicion->wait = *now;
	} else if (state && now->operation != SF_ACCEPT) {
		state->interrupted.seq = 0;
		if (is_interrupted(scene))
			state->interrupted = *now;
	}
}

static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;
	const struct sf_moment *at = &state->interrupted;
	struct suspicion *suspicion = scene->of_process;
	const struct sf_process_story *process = scene->process;

	if (!at->seq || !suspicion || suspicion->is_called_off || process->index != at->process || scene->run->timed_out ||
	    process->ending == SF_SIGNALED || (!scene->now && scene->run->was_asked_to_end))
		return;
	if (scene->now && scene->socket->side == SF_SERVER)
		say(scene, at, "closed the connection");
	else if (!scene->now && process->ending == SF_EXITED && (process->status != 0 || scene->run->differs))
		say(scene, at, "ended");
	else if (scene->now)
		suspicion->at = *at;
}

static void process_ends(struct sf_scene *scene)
{
	const struct suspicion *suspicion = scene->of_process;
	const struct sf_process_story *process = scene->process;

	if (suspicion->is_called_off || process->ending != SF_EXITED || (process->status == 0 && !scene->run->differs))
		return;
	if (suspicion->at.seq)
		say(scene, &suspicion->at, "closed the connection");
	if (suspicion->wait.seq)
		say(scene, &suspicion->wait, "ended");
}

static const char explain[] =
    "A signal handler that was installed without SA_RESTART ends the call that waits in its thread: it says -1 and "
    "EINTR. poll, select and epoll_wait are never restarted, whatever SA_RESTART says, nor are calls on a socket with "
    "SO_RCVTIMEO or SO_SNDTIMEO. Nothing has happened to the connection. A child that ends (SIGCHLD) or a window that "
    "changes its size (SIGWINCH) is no reason to give up an answer.\n\n"
    "It is said where a call was interrupted, a handler of such a signal stands, and the program closes the connection "
    "or ends in place of calling again. Where only signals are handled that ask for an end (SIGTERM, SIGINT, SIGALRM "
    "...), it may be right.";

/* clang-format off */
static const char wrong[] =
    "#include <poll.h>\n"
    "#include <signal.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "static void on_child(int signal)\n"
    "{\n"
    "\t(void)signal;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sigaction action = {.sa_handler = on_child};\n"
    "\tstruct pollfd p = {.events = POLLIN};\n"
    "\tint fds[2];\n"
    "\n"
    "\tsigaction(SIGCHLD, &action, NULL);\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tp.fd = fds[0];\n"
    "\tif (poll(&p, 1, 100) < 0) {\n"
    "\t\tperror(\"poll\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <poll.h>\n"
    "#include <signal.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "static void on_child(int signal)\n"
    "{\n"
    "\t(void)signal;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sigaction action = {.sa_handler = on_child};\n"
    "\tstruct pollfd p = {.events = POLLIN};\n"
    "\tint fds[2];\n"
    "\n"
    "\tsigaction(SIGCHLD, &action, NULL);\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tp.fd = fds[0];\n"
    "\twhile (poll(&p, 1, 100) < 0)\n"
    "\t\tif (errno != EINTR) {\n"
    "\t\t\tperror(\"poll\");\n"
    "\t\t\treturn 1;\n"
    "\t\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_interrupt_fatal = {
    .severity = SF_ERROR,
    .help = "a call that a signal interrupted (EINTR) taken for a failure",
    .hint =
        "After EINTR look whether a signal asked you to stop, and call again if not; SA_RESTART spares you most of it, "
        "but not of poll, select and epoll_wait.",
    .source = "signal(7), Interruption of system calls; POSIX.1-2017 2.3 Error Numbers: EINTR",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "poll nth=1: fail EINTR",
    .per_socket = sizeof(struct state),
    .per_process = sizeof(struct suspicion),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_CONNECT) | SF_BIT(SF_ACCEPT) | SF_BIT(SF_POLL) | SF_SEES_LIFE,
    .see = see,
    .socket_ends = socket_ends,
    .process_ends = process_ends,
};

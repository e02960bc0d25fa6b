/* SPDX-License-Identifier: MIT
 *
 * again-fatal.c -- EAGAIN on a non-blocking call, and the connection is closed or the program ends, with nothing waited
 * for.
 *
 * Could be wrong: EAGAIN is also how a program learns that it has read all there is, that an idle connection is alive,
 * or that a farewell can't be sent; then it closes, rightly. So of what the kernel itself refused nothing is said but a
 * send with which the program then fails; of what a rule refused only where the program has done nothing yet of what
 * the connection is for, where much was to be sent, where the program then fails, or its output differs. With any wait
 * between, or another transfer on the socket, nothing is said.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

#define MORE_THAN_A_FAREWELL 256

struct state {
	struct sf_moment refused; /* the last transfer on this socket; seq 0: it was not refused */
};

struct suspicion {
	struct sf_moment at;
	uint64_t last_wait; /* seq */
};

static void say(struct sf_scene *scene, const struct sf_moment *at, const char *then)
{
	sf_say(
	    scene, at, at, NULL, "%s said EAGAIN, which means \"not now\", and the program %s without a wait",
	    sf_moment_function(at), then);
}

static bool is_refused(const struct sf_moment *now)
{
	return now->end_ns && now->event.ret < 0 && now->event.error == EAGAIN && now->event.mode == SF_NONBLOCKING &&
	       !(now->event.flags & MSG_PEEK) && (sf_is_injected(now) || now->operation == SF_SEND);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;
	struct suspicion *suspicion = scene->of_process;

	if (now->operation == SF_POLL) {
		if (suspicion)
			suspicion->last_wait = now->seq;
		return;
	}
	if (state && is_refused(now))
		state->refused = *now;
	else if (state)
		state->refused.seq = 0;
	/* It has turned to other work, and what it ends with has other reasons. */
	if (suspicion && now->end_ns && now->event.ret > 0)
		suspicion->at.seq = 0;
}

/* What the connection is for had not begun. */
static bool is_first_word(const struct sf_socket_story *socket, const struct sf_moment *refused)
{
	if (refused->operation == SF_SEND)
		return socket->type == SF_STREAM && (socket->sent == 0 || refused->event.asked > MORE_THAN_A_FAREWELL);
	return refused->operation == SF_RECV && socket->received == 0 && socket->sent > 0 && !socket->shut_write;
}

static bool was_ended(const struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;

	return scene->run->timed_out || process->ending != SF_EXITED ||
	       (scene->run->was_asked_to_end && process->status == 0);
}

static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;
	const struct sf_moment *refused = &state->refused;
	struct suspicion *suspicion = scene->of_process;
	const struct sf_process_story *process = scene->process;

	if (!refused->seq || !suspicion || process->index != refused->process || suspicion->last_wait > refused->seq ||
	    (!scene->now && was_ended(scene)))
		return;
	if (!scene->now && process->status != 0)
		say(scene, refused, "ended with an error");
	else if (sf_is_injected(refused) && is_first_word(scene->socket, refused))
		say(scene, refused, scene->now ? "closed the connection" : "ended");
	else if (refused->operation == SF_RECV || refused->event.asked > MORE_THAN_A_FAREWELL)
		suspicion->at = *refused;
}

/* It closed the connection first, and ended then. */
static void process_ends(struct sf_scene *scene)
{
	const struct suspicion *suspicion = scene->of_process;
	const struct sf_process_story *process = scene->process;

	if (suspicion->at.seq && process->ending == SF_EXITED && (process->status != 0 || scene->run->differs))
		say(scene, &suspicion->at, "closed the connection");
}

static const char explain[] =
    "On a non-blocking socket EAGAIN (EWOULDBLOCK is the same) means that nothing can be done just now: the buffer is "
    "full, or nothing has come. It may be said after poll has said \"ready\", too: another thread was quicker, or a "
    "datagram turned out to be damaged. Nothing is wrong with the connection, and nothing was lost. A program that "
    "takes "
    "it for a failure gives up a connection that is in order, and the more often the busier the machine is.\n\n"
    "It is said where the connection is closed, or the program ends, after the call and without a wait (poll, select, "
    "epoll_wait) in between. It is not said of a last read that finds the connection empty, of a last word that can't "
    "be "
    "sent, and of EAGAIN that tells that the program's own limit (SO_RCVTIMEO) is over.";

/* clang-format off */
static const char wrong[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\tchar c;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (write(fds[0], \"x\", 1) != 1) {\n"
    "\t\tperror(\"write\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn read(fds[1], &c, 1) == 1 ? 0 : 1;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <poll.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "static ssize_t patiently(int fd, short events, ssize_t (*move)(int))\n"
    "{\n"
    "\tstruct pollfd p = {.fd = fd, .events = events};\n"
    "\tssize_t n;\n"
    "\n"
    "\twhile ((n = move(fd)) < 0 && (errno == EAGAIN || errno == EINTR))\n"
    "\t\tpoll(&p, 1, 1000);\n"
    "\treturn n;\n"
    "}\n"
    "\n"
    "static ssize_t put(int fd)\n"
    "{\n"
    "\treturn write(fd, \"x\", 1);\n"
    "}\n"
    "\n"
    "static ssize_t get(int fd)\n"
    "{\n"
    "\tchar c;\n"
    "\n"
    "\treturn read(fd, &c, 1);\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (patiently(fds[0], POLLOUT, put) == 1 && patiently(fds[1], POLLIN, get) == 1)\n"
    "\t\treturn 0;\n"
    "\tperror(\"no byte was moved\");\n"
    "\treturn 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_again_fatal = {
    .severity = SF_ERROR,
    .help = "EAGAIN on a non-blocking socket taken for a failure",
    .hint = "Keep what is to be done, and wait with poll, select or epoll until the socket is ready.",
    .source = "send(2), recv(2), ERRORS: EAGAIN; POSIX.1-2017 send(), recv()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send family=unix nth=1: fail EAGAIN",
    .per_socket = sizeof(struct state),
    .per_process = sizeof(struct suspicion),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_POLL),
    .see = see,
    .socket_ends = socket_ends,
    .process_ends = process_ends,
};

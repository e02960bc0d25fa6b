/* SPDX-License-Identifier: MIT
 *
 * use-after-reset.c -- the program goes on to call on a connection that is over, and was told so: after its first
 * terminal error the same thread makes more than three calls of data on it, and none of them moves a byte.
 *
 * Could be wrong: what the peer had sent before the end may still be read, so calls that bring bytes are not counted;
 * several threads each have to meet the end by themselves, so only calls of the thread that met it first are; a program
 * that has shut its own sending half down gets EPIPE on a connection that lives; a socket that connects again is new. A
 * connect that failed is none of this (connect-unchecked, call-unchecked).
 */
#include <errno.h>

#include "core/finding.h"

#define CALLS_FREE 3

struct state {
	struct sf_moment over, first, last;
	unsigned calls;
};

static bool is_its_own_doing(const struct sf_scene *scene)
{
	return scene->now->event.error == EPIPE && scene->socket->shut_write;
}

static bool is_stream(const struct sf_socket_story *socket)
{
	return socket->type == SF_STREAM || socket->type == SF_SEQPACKET;
}

/* One end of a pair is connected from the beginning. */
static bool was_connected(const struct sf_socket_story *socket)
{
	return socket->is_connected || (socket->family == SF_UNIX && !socket->connect.seq);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;

	if (!state || !now->end_ns || !is_stream(scene->socket))
		return;
	if (now->operation == SF_CONNECT) {
		*state = (struct state){0};
		return;
	}
	if (!state->over.seq) {
		if (was_connected(scene->socket) && sf_is_terminal(now) && !is_its_own_doing(scene))
			state->over = *now;
		return;
	}
	if (now->thread != state->over.thread || now->process != state->over.process || now->event.ret > 0 ||
	    now->event.asked == 0 || now->event.error == EAGAIN || now->event.error == EINTR)
		return;
	if (state->calls++ == 0)
		state->first = *now;
	state->last = *now;
}

static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;

	if (state->calls <= CALLS_FREE)
		return;
	sf_say(
	    scene, &state->over, &state->over, &state->last,
	    "%s failed with %s, and %u more calls followed, %s the first of them", sf_moment_function(&state->over),
	    sf_moment_error(&state->over), state->calls, sf_moment_function(&state->first));
}

static const char explain[] =
    "When a connection is reset, times out or its peer is gone, one call says so: ECONNRESET, ETIMEDOUT, EPIPE. "
    "From then on recv says 0 and send says EPIPE (with SIGPIPE), for ever. A program that calls on has not looked "
    "at what it was told: what it believes to have sent is lost, and what it takes for an end of the peer's is "
    "none.\n\n"
    "It is said after more than three calls of the thread that was told, none of which moved a byte. Reading what "
    "had come before the end is right, and not counted.";

/* clang-format off */
static const char wrong[] =
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
    "\tfor (int i = 0; i < 10; i++)\n"
    "\t\tsend(fds[0], \"log\\n\", 4, MSG_NOSIGNAL);\n"
    "\tclose(fds[0]);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2], status = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tclose(fds[1]);\n"
    "\tfor (int i = 0; i < 10 && status == 0; i++)\n"
    "\t\tif (send(fds[0], \"log\\n\", 4, MSG_NOSIGNAL) < 0) {\n"
    "\t\t\tperror(\"send\");\n"
    "\t\t\tstatus = 1;\n"
    "\t\t}\n"
    "\tclose(fds[0]);\n"
    "\treturn status;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_use_after_reset = {
    .severity = SF_WARNING,
    .help = "calls go on upon a connection that has reported its end",
    .hint = "Look at what each send and recv returns; after an error other than EINTR and EAGAIN close the connection.",
    .source = "send(2), ERRORS: ECONNRESET, EPIPE; recv(2); tcp(7); POSIX.1-2017 send(), recv()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .sees = SF_BIT(SF_CONNECT) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .per_socket = sizeof(struct state),
    .see = see,
    .socket_ends = socket_ends,
};

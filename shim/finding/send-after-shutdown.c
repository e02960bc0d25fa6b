/* SPDX-License-Identifier: MIT
 *
 * send-after-shutdown.c -- the program sends on a connection whose sending half it has shut down itself. The kernel
 * says EPIPE, whatever the peer does: the bytes can't arrive.
 *
 * Could be wrong: shutdown(SHUT_RDWR) by one thread is the way to call another one back from the socket, whose send
 * then says EPIPE; so both calls must be of one thread, and the send begun when the shutdown was over. Where the
 * connection was over before, it is no matter of the shutdown's. A send of nothing loses nothing.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

struct state {
	struct sf_moment shutdown;
};

static void see_shutdown(const struct sf_scene *scene, struct state *state)
{
	const struct sf_moment *now = scene->now;

	if (now->end_ns && now->event.ret == 0 && now->event.flags != SHUT_RD && !state->shutdown.seq &&
	    !scene->socket->error.seq)
		state->shutdown = *now;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;

	if (!state)
		return;
	if (now->operation == SF_SHUTDOWN) {
		see_shutdown(scene, state);
		return;
	}
	const struct sf_moment *shutdown = &state->shutdown;

	if (!shutdown->seq || now->thread != shutdown->thread || now->time_ns < shutdown->end_ns || !now->event.asked ||
	    now->event.error != EPIPE || sf_is_injected(now))
		return;
	sf_say(
	    scene, now, shutdown, NULL, "%s of %llu %s after the program's own shutdown(): they can't arrive",
	    sf_moment_function(now), (unsigned long long)now->event.asked, sf_bytes(now->event.asked));
}

static const char explain[] =
    "shutdown(SHUT_WR) tells the peer that nothing more will come; each send after it fails with EPIPE, and "
    "SIGPIPE. What was to be sent is lost, and the program that asks nothing of its sends does not know.\n\n"
    "It is said where the same thread made both calls, the send after the shutdown, and it failed so. That one "
    "thread shuts down what another one works with, to call it back, is right.";

/* clang-format off */
static const char wrong[] =
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tsend(fds[0], \"hello\", 5, MSG_NOSIGNAL);\n"
    "\tshutdown(fds[0], SHUT_WR);\n"
    "\tsend(fds[0], \"bye\", 3, MSG_NOSIGNAL);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (send(fds[0], \"hello\", 5, MSG_NOSIGNAL) != 5 || send(fds[0], \"bye\", 3, MSG_NOSIGNAL) != 3)\n"
    "\t\treturn 1;\n"
    "\treturn shutdown(fds[0], SHUT_WR) == 0 ? 0 : 1; /* once all was sent */\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_send_after_shutdown = {
    .severity = SF_ERROR,
    .help = "a send after the program's own shutdown(SHUT_WR)",
    .hint = "Shut the sending half down once everything was sent, and look at what send returns.",
    .source = "shutdown(2); send(2), ERRORS: EPIPE; POSIX.1-2017 shutdown()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_socket = sizeof(struct state),
    .sees = SF_BIT(SF_SHUTDOWN) | SF_BIT(SF_SEND),
    .see = see,
};

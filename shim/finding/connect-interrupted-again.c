/* SPDX-License-Identifier: MIT
 *
 * connect-interrupted-again.c -- a signal interrupted connect(), the program called it again, was told EALREADY (the
 * first attempt goes on by itself) or EISCONN (it has succeeded), and gave the connection up.
 *
 * Could be wrong: on Linux a blocking connect that is called again mostly waits and says 0: who does that lives by
 * luck, but lives, and nothing is said. EALREADY and EISCONN are dealt with where the program then waits for the
 * socket, asks for SO_ERROR, or sends or receives: nothing is said either. Unix sockets have nothing under way: there
 * calling again is right.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

struct state {
	struct sf_moment interrupted, again;
};

static void see_connect(const struct sf_scene *scene, struct state *state)
{
	const struct sf_moment *now = scene->now;

	if (now->event.error == EINTR) {
		if (!state->interrupted.seq)
			state->interrupted = *now;
	} else if (state->interrupted.seq && (now->event.error == EALREADY || now->event.error == EISCONN)) {
		if (!state->again.seq)
			state->again = *now;
	} else {
		*state = (struct state){0};
	}
}

/* The program waits for this socket, or asks what became of it. */
static void deal_with(struct sf_scene *scene, uint32_t socket)
{
	struct state *state = socket ? sf_scene_of_socket(scene, socket) : NULL;

	if (state)
		*state = (struct state){0};
}

static void see_wait(struct sf_scene *scene)
{
	for (size_t i = 0; i < scene->polled_count; i++) {
		const struct sf_socket_story *socket = sf_scene_socket(scene, scene->now->process, scene->polled[i].fd);

		if (socket)
			deal_with(scene, socket->index);
	}
	if (scene->socket)
		deal_with(scene, scene->socket->index);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;

	if (now->operation == SF_POLL)
		see_wait(scene);
	else if (!state || !now->end_ns || scene->socket->family == SF_UNIX || scene->socket->type != SF_STREAM)
		return;
	else if (now->operation == SF_CONNECT)
		see_connect(scene, state);
	else if (
	    now->operation != SF_SOCKOPT || now->event.what == SF_FUNC_getsockopt || now->event.what == SF_FUNC_getpeername)
		*state = (struct state){0};
}

static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;

	if (!state->again.seq || scene->run->timed_out)
		return;
	sf_say(
	    scene, &state->again, &state->interrupted, NULL,
	    "connect() was called again after EINTR, said %s, and was given up: the first attempt %s",
	    sf_moment_error(&state->again), state->again.event.error == EISCONN ? "had succeeded" : "was still under way");
}

static const char explain[] =
    "A connect that a signal interrupts is not undone: the attempt goes on, as if the socket were non-blocking. "
    "Called again it says EALREADY while it lasts, and EISCONN when it has succeeded; Linux waits in place of "
    "EALREADY where the socket may block and has no timeout of its own. Who repeats connect as one repeats recv "
    "takes these two for a failure, and throws away a connection that works.\n\n"
    "It is said where connect gave EINTR, then EALREADY or EISCONN, and the program neither waited for the socket, "
    "nor asked for SO_ERROR, nor used it.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <errno.h>\n"
    "#include <fcntl.h>\n"
    "#include <signal.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/time.h>\n"
    "\n"
    "static void on_alarm(int signal)\n"
    "{\n"
    "\t(void)signal;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sigaction action = {.sa_handler = on_alarm};\n"
    "\tstruct itimerval soon = {.it_value.tv_usec = 50000};\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listener < 0 || fd < 0 || listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tsigaction(SIGALRM, &action, NULL);\n"
    "\tsetitimer(ITIMER_REAL, &soon, NULL);\n"
    "\twhile (connect(fd, (struct sockaddr *)&at, length) < 0) {\n"
    "\t\tif (errno != EINTR) {\n"
    "\t\t\tperror(\"connect\");\n"
    "\t\t\treturn 1;\n"
    "\t\t}\n"
    "\t\tfcntl(fd, F_SETFL, O_NONBLOCK); /* in vain: it is under way */\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <errno.h>\n"
    "#include <poll.h>\n"
    "#include <signal.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/time.h>\n"
    "\n"
    "static void on_alarm(int signal)\n"
    "{\n"
    "\t(void)signal;\n"
    "}\n"
    "\n"
    "/* Waits for a connect that was interrupted; 0 once it is connected. */\n"
    "static int await(int fd)\n"
    "{\n"
    "\tstruct pollfd wait = {.fd = fd, .events = POLLOUT};\n"
    "\tint error = 0;\n"
    "\tsocklen_t length = sizeof(error);\n"
    "\n"
    "\twhile (poll(&wait, 1, -1) < 0)\n"
    "\t\tif (errno != EINTR)\n"
    "\t\t\treturn -1;\n"
    "\tgetsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);\n"
    "\terrno = error;\n"
    "\treturn error ? -1 : 0;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sigaction action = {.sa_handler = on_alarm};\n"
    "\tstruct itimerval soon = {.it_value.tv_usec = 50000};\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listener < 0 || fd < 0 || listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tsigaction(SIGALRM, &action, NULL);\n"
    "\tsetitimer(ITIMER_REAL, &soon, NULL);\n"
    "\tif (connect(fd, (struct sockaddr *)&at, length) < 0 && (errno != EINTR || await(fd) < 0)) {\n"
    "\t\tperror(\"connect\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_connect_interrupted_again = {
    .severity = SF_ERROR,
    .help = "connect was interrupted and called again, and EALREADY or EISCONN was taken for its failure",
    .hint = "After EINTR wait with poll() until the socket is writable, then ask getsockopt(SO_ERROR); do not call "
            "connect() again.",
    .source = "connect(2), ERRORS: EINTR, EALREADY; POSIX.1-2017 connect()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: stall 300ms",
    .sees = SF_BIT(SF_CONNECT) | SF_BIT(SF_POLL) | SF_BIT(SF_SOCKOPT) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .per_socket = sizeof(struct state),
    .see = see,
    .socket_ends = socket_ends,
};

/* SPDX-License-Identifier: MIT
 *
 * descriptor-leak.c -- sockets of no more use (their connect, bind or listen failed, or their connection did) are kept
 * open while the program goes on and makes others.
 *
 * Could be wrong: what is open when a program ends is no leak, nor what a child inherited, nor a cache of connections.
 * So it takes all of this: a call on the socket failed for good and it was not connected again; the process that met
 * the failure made or accepted another socket later, and still had the first open when it ended (or the run did). And
 * it takes a comparison: the fault-free run leaves none that was made at this place, and the thread that met the
 * failure itself made the next (another one may end the program before this one has closed); or two are left, and the
 * program closed others made here; or three are left. A lazy program that closes them later, but not at its end, would
 * be accused all the same.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

struct of_socket {
	struct sf_moment failure;
	bool is_closed; /* by a call of the program's */
	bool went_on;   /* the thread that met the failure made another one later */
	bool is_told;
};

struct of_process {
	uint64_t made; /* seq of the last socket that it made or accepted */
};

struct of_thread {
	uint32_t failed; /* the socket that failed last */
};

struct group {
	const struct sf_socket_story *first;
	const struct sf_moment *failure;
	unsigned left, closed, gone_on;
};

static bool fails_to_begin(const struct sf_moment *now)
{
	switch (now->event.error) {
	case 0:
	case EINPROGRESS:
	case EALREADY:
	case EISCONN:
	case EINTR:
	case EAGAIN:
	case EINVAL: /* bound already */
		return false;
	default:
		return true;
	}
}

static bool is_stream(const struct sf_socket_story *socket)
{
	return socket->type == SF_STREAM || socket->type == SF_SEQPACKET;
}

/* What a call says of the use of its socket: 1 none any more, -1 it is of use, 0 nothing. */
static int verdict(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	switch (now->operation) {
	case SF_CONNECT:
	case SF_BIND:
	case SF_LISTEN:
		return fails_to_begin(now) ? 1 : -1;
	case SF_SEND:
	case SF_RECV:
		return is_stream(scene->socket) && sf_is_terminal(now) && !scene->socket->shut_write ? 1
		       : now->event.ret > 0                                                          ? -1
		                                                                                     : 0;
	case SF_SOCKOPT:
		return now->event.what == SF_FUNC_getsockopt && now->event.flags == (SOL_SOCKET << 16 | SO_ERROR) &&
		       is_stream(scene->socket) && now->event.ret == 0 && now->event.asked;
	default:
		return 0;
	}
}

static void go_on(struct sf_scene *scene, struct of_process *process)
{
	const struct of_thread *thread = scene->of_thread;
	struct of_socket *failed = thread && thread->failed ? sf_scene_of_socket(scene, thread->failed) : NULL;

	process->made = scene->now->seq;
	if (failed)
		failed->went_on = true;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_process *process = scene->of_process;
	struct of_socket *socket = scene->of_socket;

	if (process && now->event.ret >= 0 && (now->operation == SF_ACCEPT || now->event.what == SF_FUNC_socket))
		go_on(scene, process);
	if (!socket || !scene->socket || !now->end_ns || now->event.closed || now->operation == SF_ACCEPT)
		return;
	if (now->operation == SF_CLOSE)
		socket->is_closed = true;
	int says = verdict(scene);

	if (says > 0 && !socket->failure.seq) {
		socket->failure = *now;
		if (scene->of_thread)
			((struct of_thread *)scene->of_thread)->failed = scene->socket->index;
	} else if (says < 0)
		socket->failure = (struct sf_moment){0};
}

/* Of no use, still open in this process, which has gone on to others. */
static bool is_left(struct sf_scene *scene, const struct sf_socket_story *story, const struct of_socket *socket)
{
	const struct of_process *process = scene->of_process;
	uint32_t index = scene->process->index;

	return socket->failure.seq && socket->failure.process == index && process->made > socket->failure.seq &&
	       sf_scene_socket(scene, index, socket->failure.event.fd) == story;
}

/* All that were made at the place of this one. */
static struct group gather(struct sf_scene *scene, const struct sf_socket_story *first)
{
	struct group group = {.first = first};

	for (uint32_t i = first->index; i <= sf_scene_socket_count(scene); i++) {
		const struct sf_socket_story *story = sf_scene_socket_at(scene, i);
		struct of_socket *socket = story ? sf_scene_of_socket(scene, i) : NULL;

		if (!socket || story->made.event.site != first->made.event.site || story->made.process != first->made.process)
			continue;
		group.closed += socket->is_closed;
		if (!is_left(scene, story, socket))
			continue;
		socket->is_told = true;
		group.gone_on += socket->went_on;
		if (group.left++ == 0)
			group.failure = &socket->failure;
	}
	return group;
}

static bool is_certain(struct sf_scene *scene, const struct group *group)
{
	struct sf_baseline_site known;

	if (group->gone_on && sf_scene_baseline(scene, group->first->made.event.site, &known) && known.sockets_made &&
	    !known.sockets_left)
		return true;
	return group->left >= 3 || (group->left == 2 && group->closed);
}

static void process_ends(struct sf_scene *scene)
{
	if (scene->process->ending == SF_REPLACED || !scene->of_process)
		return;
	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		const struct sf_socket_story *story = sf_scene_socket_at(scene, i);
		const struct of_socket *socket = story ? sf_scene_of_socket(scene, i) : NULL;

		if (!socket || socket->is_told || !is_left(scene, story, socket))
			continue;
		struct group group = gather(scene, story);

		if (is_certain(scene, &group))
			sf_say(
			    scene, &story->made, group.failure, NULL,
			    "%u of %u sockets made here were never closed: %s on them had failed (%s), and the program went on",
			    group.left, group.left + group.closed, sf_moment_function(group.failure),
			    sf_moment_error(group.failure));
	}
}

static const char explain[] =
    "Each failure leaves a descriptor behind that nothing will ever use again. A program that runs for long has "
    "1024 of them, by default; then socket, accept and open say EMFILE, and all that it does fails. The paths "
    "where this happens are those that are hardly ever taken: the second address, the reset connection, the "
    "retry.\n\n"
    "It is said of sockets that had failed, of which the program then made more of the same kind, and that it "
    "still had open at its end; where the fault-free run closes them all, or several are left. What is merely open "
    "when a program ends is no leak.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = -1;\n"
    "\n"
    "\tif (listener < 0 || listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tfor (int tries = 0; tries < 5; tries++) {\n"
    "\t\tfd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\t\tif (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)\n"
    "\t\t\tbreak;\n"
    "\t}\n"
    "\tclose(fd);\n"
    "\tclose(listener);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* A connected socket, or -1 and nothing left open. */\n"
    "static int dial(const struct sockaddr_in *at)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)\n"
    "\t\treturn fd;\n"
    "\tclose(fd);\n"
    "\treturn -1;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = -1;\n"
    "\n"
    "\tif (listener < 0 || listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tfor (int tries = 0; tries < 5 && fd < 0; tries++)\n"
    "\t\tfd = dial(&at);\n"
    "\tif (fd >= 0)\n"
    "\t\tclose(fd);\n"
    "\tclose(listener);\n"
    "\treturn fd < 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_descriptor_leak = {
    .severity = SF_ERROR,
    .help = "sockets that have failed are never closed, and their number grows",
    .hint = "Close the socket on each path that leaves it: one exit for all errors (goto out, a destructor) keeps that "
            "in one place.",
    .source = "close(2); getrlimit(2), RLIMIT_NOFILE; accept(2), ERRORS: EMFILE",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1..3: fail ECONNREFUSED",
    .per_socket = sizeof(struct of_socket),
    .per_process = sizeof(struct of_process),
    .per_thread = sizeof(struct of_thread),
    .sees = SF_BIT(SF_SOCKET) | SF_BIT(SF_ACCEPT) | SF_BIT(SF_CONNECT) | SF_BIT(SF_BIND) | SF_BIT(SF_LISTEN) |
            SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_SOCKOPT) | SF_BIT(SF_CLOSE),
    .see = see,
    .process_ends = process_ends,
};

/* SPDX-License-Identifier: MIT
 *
 * write-not-resumed.c -- a non-blocking send took a part, or nothing at all, and then the program waited for this
 * socket without asking when it can take more; nothing was sent on it any more, or not before something else happened.
 *
 * Could be wrong: a program may try again by a timer, or drop on purpose what a slow client does not take (of a stream
 * it can drop whole messages alone). So the wait must have been without a limit, or have lasted for a second; a refusal
 * of the whole message is left out where the connection was still open when the program was asked to end. A connection
 * that ended or failed before the program waited is left out too.
 */
#include <errno.h>
#include <poll.h>

#include "finding/wait.h"

#define ENOUGH_NS UINT64_C(1000000000)
#define LATE_NS UINT64_C(500000000)

struct outstanding {
	struct sf_moment send; /* seq 0: nothing is outstanding */
	struct sf_moment wait; /* the first that did not ask for POLLOUT */
	uint64_t waited_ns;
	uint64_t left;
	bool is_asked_for, is_unlimited, is_over;
};

static void speak(struct sf_scene *scene, const struct outstanding *out, const char *then)
{
	if (out->send.event.ret < 0)
		sf_say(
		    scene, &out->send, &out->send, &out->wait,
		    "%s said EAGAIN for %llu %s, and %s was not asked when there is room for them: %s",
		    sf_moment_function(&out->send), (unsigned long long)out->left, sf_bytes(out->left),
		    sf_moment_function(&out->wait), then);
	else
		sf_say(
		    scene, &out->send, &out->send, &out->wait,
		    "%s took %lld of %llu bytes, and %s was not asked when there is room for the rest: %s",
		    sf_moment_function(&out->send), (long long)out->send.event.ret,
		    (unsigned long long)out->send.event.ret + out->left, sf_moment_function(&out->wait), then);
}

static void see_send(struct sf_scene *scene)
{
	struct outstanding *out = scene->of_socket;
	const struct sf_moment *now = scene->now;
	bool was_refused = now->event.ret < 0 && now->event.error == EAGAIN;

	if (!now->end_ns || scene->socket->type != SF_STREAM)
		return;
	if (out->wait.seq && !out->is_asked_for && out->is_unlimited && out->waited_ns >= LATE_NS)
		speak(scene, out, "it went on when something else woke the program up");
	*out = (struct outstanding){0};
	if (now->event.mode != SF_NONBLOCKING || !scene->rest || !scene->rest->length)
		return;
	if (was_refused || now->event.ret > 0) {
		out->send = *now;
		out->left = scene->rest->length;
	}
}

static void see_wait(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	uint64_t end_ns = now->end_ns ? now->end_ns : scene->run->end_ns;
	bool is_whole;
	size_t count;
	const struct sf_watched *watched = sf_scene_watched(scene, &count, &is_whole);

	for (size_t i = 0; i < count; i++) {
		struct outstanding *out = watched[i].socket ? sf_scene_of_socket(scene, watched[i].socket) : NULL;

		if (!out || !out->send.seq || out->is_over)
			continue;
		out->is_asked_for |= (watched[i].events & POLLOUT) != 0;
		out->is_unlimited |= now->event.offset == UINT64_MAX;
		out->waited_ns += end_ns > now->time_ns ? end_ns - now->time_ns : 0;
		if (!out->wait.seq)
			out->wait = *now;
	}
}

static void see(struct sf_scene *scene)
{
	struct outstanding *out = scene->of_socket;

	if (sf_is_wait(scene->now))
		see_wait(scene);
	else if (out && scene->now->operation == SF_SEND)
		see_send(scene);
	else if (out && scene->now->operation == SF_RECV)
		out->is_over |= scene->socket->ended.seq || scene->socket->error.seq;
	else if (out && scene->now->operation == SF_SHUTDOWN && scene->socket->shut_write && !out->wait.seq)
		out->is_over = true;
}

static void socket_ends(struct sf_scene *scene)
{
	const struct outstanding *out = scene->of_socket;

	if (!out->send.seq || !out->wait.seq || out->is_asked_for || !(out->is_unlimited || out->waited_ns >= ENOUGH_NS))
		return;
	if (out->send.event.ret < 0 && !scene->now && !out->is_over && scene->run->was_asked_to_end)
		return;
	speak(scene, out, "nothing was sent any more");
}

static const char explain[] =
    "On a socket that does not block a send takes what there is room for, or nothing, and says EAGAIN. What is left "
    "goes out when the socket is writable again, and of that poll(), select() and epoll_wait() tell only who asks: by "
    "POLLOUT, the write set, EPOLLOUT. A program that keeps the rest but waits for incoming data alone has two ends "
    "that wait for each other: the peer for the rest of the message, and the program for the answer to it.\n\n"
    "It is said of a short or refused send on a stream, after which the program waited for this socket without a limit "
    "or for a second in all, never for room, and sent nothing any more, or went on half a second later because of "
    "something else. A connection that had ended is left out, and "
    "so is a message that was refused as a whole if the program was then asked to end.";

/* clang-format off */
static const char wrong[] =
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint pair[2];\n"
    "\tsize_t sent = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd p = {.fd = pair[0], .events = POLLIN};\n"
    "\n"
    "\talarm(1); /* ends the program */\n"
    "\twhile (sent < 6) {\n"
    "\t\tssize_t n = send(pair[0], &\"hello\\n\"[sent], 6 - sent, MSG_NOSIGNAL);\n"
    "\n"
    "\t\tsent += n > 0 ? (size_t)n : 0;\n"
    "\t\tif (sent < 6 && poll(&p, 1, -1) < 0) /* wakes up when the peer says something */\n"
    "\t\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint pair[2];\n"
    "\tsize_t sent = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd p = {.fd = pair[0], .events = POLLIN};\n"
    "\n"
    "\talarm(1);\n"
    "\twhile (sent < 6) {\n"
    "\t\tssize_t n = send(pair[0], &\"hello\\n\"[sent], 6 - sent, MSG_NOSIGNAL);\n"
    "\n"
    "\t\tsent += n > 0 ? (size_t)n : 0;\n"
    "\t\tp.events = sent < 6 ? POLLIN | POLLOUT : POLLIN; /* while something is left */\n"
    "\t\tif (sent < 6 && poll(&p, 1, -1) < 0)\n"
    "\t\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_write_not_resumed = {
    .severity = SF_ERROR,
    .help = "the rest of a send is outstanding, and nobody waits for room",
    .hint = "While something is still to be sent ask for POLLOUT (EPOLLOUT, the write set) as well, and send it then.",
    .source = "send(2), ERRORS: EAGAIN; poll(2), POLLOUT; epoll(7)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send family=unix nth=1: fail EAGAIN",
    .behind = (const char *const[]){"short-send-dropped", NULL},
    .sees = SF_BIT(SF_POLL) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_SHUTDOWN),
    .per_socket = sizeof(struct outstanding),
    .see = see,
    .socket_ends = socket_ends,
};

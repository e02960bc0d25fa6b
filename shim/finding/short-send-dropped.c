/* SPDX-License-Identifier: MIT
 *
 * short-send-dropped.c -- a send took a part of what it was given, and the rest was never sent: the next bytes on the
 * stream are others, or none came any more before shutdown, close or exit.
 *
 * Could be wrong: where the connection failed or ended meanwhile, nobody has to send on; unless the program had already
 * turned to waiting for an answer. A program that has asked when it can send on, and then closes for reasons of its own
 * (a deadline, a request to end), knows what it leaves. SO_SNDTIMEO is such a deadline too. Of two threads on one
 * stream the order is not known; of a program that could not be followed nothing is. In each of these nothing is said.
 */
#include <poll.h>
#include <sys/epoll.h>

#include "finding/left.h"

#define REALLY_WAITED_NS 1000000

struct state {
	struct sf_left left;
	struct sf_moment turned; /* waits for the peer instead; seq 0: has not */
	bool is_excused;         /* the connection was over before that */
	bool has_asked;          /* when it can send on */
	bool is_unsure;          /* something was sent that could not be compared */
};

struct waits {
	uint64_t last;   /* seq of the last wait */
	uint64_t unseen; /* of the last one of which it is not known for what */
	uint64_t left;   /* of the last short send */
};

static void say(struct sf_scene *scene, const struct sf_moment *evidence, const struct state *state)
{
	const struct sf_moment *send = &state->left.send;
	unsigned long long rest = send->event.asked - (uint64_t)send->event.ret;

	sf_say(
	    scene, send, send, evidence, "%s took %lld of %llu bytes; the other %llu %s never sent%s",
	    sf_moment_function(send), (long long)send->event.ret, (unsigned long long)send->event.asked, rest,
	    rest == 1 ? "was" : "were", evidence && evidence->operation == SF_SEND ? ": the next bytes are others" : "");
}

static void see_send(struct sf_scene *scene, struct state *state)
{
	struct sf_left *left = &state->left;

	if (left->send.seq && scene->now->end_ns) {
		enum sf_went_on how = sf_left_went_on(left, scene);

		if (sf_is_terminal(scene->now))
			state->is_excused |= !state->turned.seq;
		else if (how == SF_WENT_ON_OTHERWISE && !state->is_excused)
			say(scene, scene->now, state);
		state->is_unsure |= how == SF_WENT_ON_UNSEEN;
	}
	uint64_t was = left->send.seq;

	sf_left_note(left, scene);
	if (left->send.seq != was)
		*state = (struct state){.left = *left};
	if (left->send.seq && scene->of_process)
		((struct waits *)scene->of_process)->left = left->send.seq;
}

/* A receiving call that waits, in the place of the send that was due. */
static void see_recv(struct sf_scene *scene, struct state *state)
{
	const struct sf_moment *now = scene->now;
	bool is_over = now->end_ns && ((now->event.ret == 0 && now->event.asked) || sf_is_terminal(now));

	sf_left_note(&state->left, scene);
	if (!state->left.send.seq)
		return;
	if (now->thread == state->left.send.thread && now->event.mode != SF_NONBLOCKING && !state->has_asked &&
	    !state->turned.seq && !state->is_excused)
		state->turned = *now;
	if (is_over && !state->turned.seq)
		state->is_excused = true;
}

static bool took_time(const struct sf_moment *now)
{
	return !now->end_ns || now->end_ns - now->time_ns >= REALLY_WAITED_NS;
}

static void see_watched(struct sf_scene *scene, const struct sf_watched *watched)
{
	const struct sf_moment *now = scene->now;
	struct state *state = watched->socket ? sf_scene_of_socket(scene, watched->socket) : NULL;

	if (!state || !state->left.send.seq)
		return;
	if (watched->events & POLLOUT)
		state->has_asked = true;
	else if (now->thread == state->left.send.thread && took_time(now) && !state->turned.seq && !state->is_excused)
		state->turned = *now;
	if (watched->revents & (POLLERR | POLLHUP) && !state->turned.seq)
		state->is_excused = true;
}

static void see_wait(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct waits *waits = scene->of_process;
	struct state *state = scene->of_socket;
	bool is_whole = true;
	size_t count = 0;

	if (now->event.what == SF_FUNC_epoll_ctl) {
		if (state && scene->epolled_count && scene->epolled[0].events & EPOLLOUT)
			state->has_asked = true;
		return;
	}
	if (!waits || !waits->left)
		return;
	const struct sf_watched *watched = sf_scene_watched(scene, &count, &is_whole);

	waits->last = now->seq;
	if (!sf_scene_watched_rests(scene))
		waits->unseen = now->seq;
	for (size_t i = 0; i < count; i++)
		see_watched(scene, &watched[i]);
}

/* It did not close of its own accord, or may not have: a request to end comes to who waits. */
static bool was_ended(const struct sf_scene *scene, const struct sf_moment *send)
{
	const struct sf_process_story *process = scene->process;
	const struct waits *waits = scene->of_process;
	bool was_asked = scene->run->timed_out || scene->run->was_asked_to_end;

	if (scene->now)
		return was_asked && (!waits || waits->last > send->seq);
	return was_asked || !process || process->ending != SF_EXITED;
}

static bool is_left_behind(const struct sf_scene *scene, const struct state *state)
{
	const struct waits *waits = scene->of_process;

	if (!state->left.send.seq || state->is_excused || state->has_asked || state->is_unsure)
		return false;
	if (state->turned.seq)
		return true;
	if (waits && waits->unseen > state->left.send.seq)
		return false;
	return !was_ended(scene, &state->left.send) && state->left.send.event.mode != SF_TIMEOUT;
}

static void see(struct sf_scene *scene)
{
	struct state *state = scene->of_socket;

	if (scene->now->operation == SF_OPERATION_COUNT) {
		if (scene->now->event.what == SF_EVENT_ESCAPE)
			*(bool *)scene->of_run = true;
		return;
	}
	if (scene->now->operation == SF_POLL) {
		see_wait(scene);
		return;
	}
	if (!state || scene->socket->type != SF_STREAM)
		return;
	if (scene->now->operation == SF_SEND) {
		see_send(scene, state);
		return;
	}
	if (scene->now->operation == SF_RECV) {
		see_recv(scene, state);
		return;
	}
	if (!scene->socket->shut_write || !state->left.send.seq)
		return;
	if (scene->now->thread == state->left.send.thread && is_left_behind(scene, state))
		say(scene, scene->now, state);
	*state = (struct state){.left.send.seq = 0};
}

static void socket_ends(struct sf_scene *scene)
{
	struct state *state = scene->of_socket;

	if (!state->left.send.seq || *(bool *)scene->of_run)
		return;
	if (is_left_behind(scene, state))
		say(scene, state->turned.seq ? &state->turned : NULL, state);
}

static const char explain[] =
    "A send on a stream may take less than it was given: the buffer is nearly full (a non-blocking socket), or a "
    "signal "
    "or SO_SNDTIMEO came after a part was sent. It says how much, and that is no error. What it did not take is still "
    "the program's to send; who goes on without it leaves a hole in the stream, and the peer waits for ever for the "
    "end of a message, or takes the next one for it.\n\n"
    "It is said where the next bytes on the stream are neither the rest nor the message from its start, and where "
    "nothing more was sent before shutdown, close or exit. The bytes themselves are compared: it is all one from which "
    "buffer, and in how many pieces, they go. It is not said where the connection failed or ended first, where the "
    "program has asked (POLLOUT) when it can go on and then closed, or where a limit of its own (SO_SNDTIMEO) was "
    "over.";

/* clang-format off */
static const char wrong[] =
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char *const lines[] = {\"first line\\n\", \"second line\\n\"};\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tfor (int i = 0; i < 2; i++)\n"
    "\t\tif (send(fds[0], lines[i], strlen(lines[i]), MSG_NOSIGNAL) < 0)\n"
    "\t\t\treturn 1;\n"
    "\treturn shutdown(fds[0], SHUT_WR);\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "static int send_all(int fd, const char *data, size_t length)\n"
    "{\n"
    "\twhile (length > 0) {\n"
    "\t\tssize_t n = send(fd, data, length, MSG_NOSIGNAL);\n"
    "\n"
    "\t\tif (n < 0 && errno != EINTR)\n"
    "\t\t\treturn -1;\n"
    "\t\tif (n > 0) {\n"
    "\t\t\tdata += n; /* what is left is next */\n"
    "\t\t\tlength -= (size_t)n;\n"
    "\t\t}\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char *const lines[] = {\"first line\\n\", \"second line\\n\"};\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tfor (int i = 0; i < 2; i++)\n"
    "\t\tif (send_all(fds[0], lines[i], strlen(lines[i])) != 0)\n"
    "\t\t\treturn 1;\n"
    "\treturn shutdown(fds[0], SHUT_WR);\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_short_send_dropped = {
    .severity = SF_ERROR,
    .help = "a short send whose rest was never sent",
    .hint = "Go on with the rest until all was sent: in a loop on a blocking socket, on a non-blocking one when poll "
            "says that there is room.",
    .source = "send(2), RETURN VALUE; write(2), RETURN VALUE; POSIX.1-2017 send()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send family=unix nth=1: short 3",
    .per_socket = sizeof(struct state),
    .per_process = sizeof(struct waits),
    .per_run = sizeof(bool),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_POLL) | SF_BIT(SF_SHUTDOWN) | SF_SEES_LIFE,
    .see = see,
    .socket_ends = socket_ends,
};

/* SPDX-License-Identifier: MIT
 *
 * edge-not-drained.c -- an edge-triggered program read as much as its buffer holds, did not go on to EAGAIN, and waits:
 * of what lies there still no edge will tell.
 *
 * Could be wrong: a program may remember that the socket is readable, and have no use for more now: because what it has
 * can't be passed on, or because a message was exactly as long as its buffer. So the wait must have been long, the
 * process must have done nothing with that socket afterwards, nothing that it sent may be held up, and the run must
 * have gone wrong: ended by its limit or by a signal, with an error, or with another output.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "core/finding.h"

#define LONG_NS 400000000

struct state {
	struct sf_moment full; /* the last recv, which filled its buffer; seq 0: it did not */
	struct sf_moment wait; /* a long one after it */
};

struct reader {
	uint32_t socket; /* from which the thread has read last */
};

static bool is_full(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	return now->end_ns && now->event.ret > 0 && (uint64_t)now->event.ret == now->event.asked &&
	       now->event.mode == SF_NONBLOCKING && scene->socket->type == SF_STREAM &&
	       (scene->socket->epoll_events & (EPOLLET | EPOLLIN)) == (EPOLLET | EPOLLIN);
}

static bool is_long_wait(const struct sf_moment *now)
{
	return now->event.what != SF_FUNC_epoll_ctl && (!now->end_ns || now->end_ns - now->time_ns >= LONG_NS);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;
	struct reader *reader = scene->of_thread;

	if (!reader)
		return;
	if (now->operation == SF_POLL && now->event.what != SF_FUNC_epoll_ctl) {
		state = sf_scene_of_socket(scene, reader->socket);
		if (state && state->full.seq && state->full.thread == now->thread && is_long_wait(now))
			state->wait = *now;
		return;
	}
	if (!state)
		return;
	*state = (struct state){.full.seq = 0}; /* registered again, or read again: it gets its edge */
	if (now->operation != SF_RECV)
		return;
	reader->socket = scene->socket->index;
	if (is_full(scene))
		state->full = *now;
}

/* Something that the process sent is held up: it may have stopped reading for that. */
static bool is_held_up(struct sf_scene *scene, uint32_t process)
{
	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		const struct sf_socket_story *socket = sf_scene_socket_at(scene, i);
		const struct sf_moment *send = socket ? &socket->last_send : NULL;

		if (send && send->seq && send->process == process &&
		    (send->event.ret < 0 ? send->event.error == EAGAIN : (uint64_t)send->event.ret < send->event.asked))
			return true;
	}
	return false;
}

static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;
	const struct sf_moment *full = &state->full;
	struct sf_moment *kept = scene->of_process;

	/* What the program ended with is known when it has. */
	if (full->seq && state->wait.seq && kept && scene->process->index == full->process &&
	    !is_held_up(scene, full->process))
		*kept = *full;
}

static void say(struct sf_scene *scene, const struct sf_moment *full)
{
	sf_say(
	    scene, full, full, NULL,
	    "%s filled its buffer of %llu %s and was not called again before the program waited for the next edge",
	    sf_moment_function(full), (unsigned long long)full->event.asked, sf_bytes(full->event.asked));
}

static bool went_wrong(const struct sf_scene *scene, const struct sf_process_story *process)
{
	return scene->run->timed_out || scene->run->differs || process->ending == SF_SIGNALED ||
	       (process->ending == SF_EXITED && process->status != 0);
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;
	const struct sf_moment *kept = scene->of_process;

	if (!went_wrong(scene, process))
		return;
	if (kept->seq)
		say(scene, kept);
	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		const struct state *state = sf_scene_of_socket(scene, i);
		const struct sf_socket_story *socket = sf_scene_socket_at(scene, i);

		if (state && socket->holders && state->full.seq && state->wait.seq && state->full.process == process->index &&
		    !is_held_up(scene, process->index))
			say(scene, &state->full);
	}
}

static const char explain[] =
    "Edge-triggered epoll (EPOLLET) tells once that something has come, not that something lies there. Who reads a "
    "buffer full and waits again is told of the rest only when still more comes; where the peer waits for an answer to "
    "what lies there, both wait for ever.\n\n"
    "It is said where the last read of an edge-triggered socket filled its buffer, the thread then waited for long, "
    "the "
    "socket was never read again, and the run went wrong. A read that brings less than was asked for may be taken for "
    "the last one (epoll(7)).";

/* clang-format off */
static const char wrong[] =
    "#include <stdio.h>\n"
    "#include <sys/epoll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct epoll_event event = {.events = EPOLLIN | EPOLLET};\n"
    "\tint fds[2], epoll = epoll_create1(0);\n"
    "\tsize_t have = 0;\n"
    "\tchar data[4];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 ||\n"
    "\t    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) != 0 || write(fds[1], \"eight---\", 8) != 8)\n"
    "\t\treturn 2;\n"
    "\twhile (have < 8) {\n"
    "\t\tif (epoll_wait(epoll, &event, 1, 1000) != 1) {\n"
    "\t\t\tfprintf(stderr, \"nothing comes any more\\n\");\n"
    "\t\t\treturn 1;\n"
    "\t\t}\n"
    "\t\thave += (size_t)read(fds[0], data, sizeof(data));\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/epoll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct epoll_event event = {.events = EPOLLIN | EPOLLET};\n"
    "\tint fds[2], epoll = epoll_create1(0);\n"
    "\tsize_t have = 0;\n"
    "\tchar data[4];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 ||\n"
    "\t    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) != 0 || write(fds[1], \"eight---\", 8) != 8)\n"
    "\t\treturn 2;\n"
    "\twhile (have < 8) {\n"
    "\t\tssize_t n = read(fds[0], data, sizeof(data));\n"
    "\n"
    "\t\tif (n > 0)\n"
    "\t\t\thave += (size_t)n;\n"
    "\t\telse if (n == 0 || errno != EAGAIN || epoll_wait(epoll, &event, 1, 1000) != 1)\n"
    "\t\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_edge_not_drained = {
    .severity = SF_ERROR,
    .help = "edge-triggered: waits for the next edge while data lies there",
    .hint =
        "At each edge read until EAGAIN, or until a read brings less than it was asked for; or remember that there is "
        "more, and do not wait.",
    .source = "epoll(7), Level-triggered and edge-triggered",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_socket = sizeof(struct state),
    .per_thread = sizeof(struct reader),
    .per_process = sizeof(struct sf_moment),
    .sees = SF_BIT(SF_RECV) | SF_BIT(SF_POLL),
    .see = see,
    .socket_ends = socket_ends,
    .process_ends = process_ends,
};

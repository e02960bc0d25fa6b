/* SPDX-License-Identifier: MIT
 *
 * short-send-waits.c -- an edge-triggered program waits for an edge after a short send, without having met EAGAIN.
 *
 * Could be wrong: epoll(7) allows to take a short count for EAGAIN on a stream, and Linux keeps that promise today. So
 * it is advice, and no warning. Who registers again (EPOLL_CTL_MOD) gets an edge at once: nothing is said.
 */
#include <sys/epoll.h>

#include "core/finding.h"

struct state {
	struct sf_moment send; /* short, and nothing was sent since; seq 0: none */
	bool is_said;
};

struct sender {
	uint32_t socket; /* on which the thread's last send was short */
};

static bool is_short(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	return now->end_ns && now->event.ret > 0 && (uint64_t)now->event.ret < now->event.asked &&
	       now->event.mode == SF_NONBLOCKING && scene->socket->type == SF_STREAM && scene->rest &&
	       (scene->socket->epoll_events & (EPOLLET | EPOLLOUT)) == (EPOLLET | EPOLLOUT);
}

static void see_wait(struct sf_scene *scene, struct sender *sender)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;

	if (now->event.what == SF_FUNC_epoll_ctl) {
		if (state)
			state->send.seq = 0;
		return;
	}
	state = sf_scene_of_socket(scene, sender->socket);
	if (!state || !state->send.seq || state->is_said)
		return;
	sf_say(
	    scene, &state->send, &state->send, now,
	    "%s took %lld of %llu bytes, and %s waits for an edge, though EAGAIN was not met",
	    sf_moment_function(&state->send), (long long)state->send.event.ret, (unsigned long long)state->send.event.asked,
	    sf_moment_function(now));
	state->is_said = true;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;
	struct sender *sender = scene->of_thread;

	if (!sender)
		return;
	if (now->operation == SF_POLL) {
		see_wait(scene, sender);
		return;
	}
	if (!state)
		return;
	state->send.seq = 0;
	if (is_short(scene)) {
		state->send = *now;
		sender->socket = scene->socket->index;
	}
}

static const char explain[] =
    "Edge-triggered epoll tells of a change: from \"no room\" to \"room\". A send that took only a part does not prove "
    "that there is no room; EAGAIN does. epoll(7) says that a short count may be taken for it on a stream, and Linux "
    "is "
    "so made today; other systems (kqueue with EV_CLEAR), and sockets behind a layer such as TLS, promise no such "
    "thing. A program that sends until EAGAIN is right everywhere.\n\n"
    "It is said where the last send of a thread on an edge-triggered socket was short, and the thread then waits.";

/* clang-format off */
static const char wrong[] =
    "#include <string.h>\n"
    "#include <sys/epoll.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char text[] = \"a text that goes in pieces\\n\";\n"
    "\tstruct epoll_event event = {.events = EPOLLOUT | EPOLLET};\n"
    "\tint fds[2], epoll = epoll_create1(0);\n"
    "\tsize_t sent = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 ||\n"
    "\t    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (sent < strlen(text) && epoll_wait(epoll, &event, 1, 1000) == 1) {\n"
    "\t\tssize_t n = send(fds[0], text + sent, strlen(text) - sent, MSG_NOSIGNAL);\n"
    "\n"
    "\t\tif (n > 0)\n"
    "\t\t\tsent += (size_t)n;\n"
    "\t}\n"
    "\treturn sent < strlen(text);\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <string.h>\n"
    "#include <sys/epoll.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char text[] = \"a text that goes in pieces\\n\";\n"
    "\tstruct epoll_event event = {.events = EPOLLOUT | EPOLLET};\n"
    "\tint fds[2], epoll = epoll_create1(0);\n"
    "\tsize_t sent = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 ||\n"
    "\t    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (sent < strlen(text)) {\n"
    "\t\tssize_t n = send(fds[0], text + sent, strlen(text) - sent, MSG_NOSIGNAL);\n"
    "\n"
    "\t\tif (n > 0)\n"
    "\t\t\tsent += (size_t)n;\n"
    "\t\telse if (errno != EAGAIN || epoll_wait(epoll, &event, 1, 1000) != 1)\n"
    "\t\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_short_send_waits = {
    .severity = SF_ADVICE,
    .help = "edge-triggered: waits for room after a short send, without having met EAGAIN",
    .hint = "Send until EAGAIN before you wait for an edge.",
    .source = "epoll(7), Level-triggered and edge-triggered, and Questions and answers 9",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send family=unix nth=1: short 5",
    .per_socket = sizeof(struct state),
    .per_thread = sizeof(struct sender),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_POLL),
    .see = see,
};

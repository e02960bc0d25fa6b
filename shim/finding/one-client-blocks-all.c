/* SPDX-License-Identifier: MIT
 *
 * one-client-blocks-all.c -- the thread that waits for many sockets waits in a call on one of them: for a client's next
 * byte, for room in its window, or for a server that it calls itself.
 *
 * Could be wrong: somebody else may serve the other sockets meanwhile. So nothing is said where another thread of the
 * process has waited or accepted too, or where all other sockets are also in other processes. A rule that is decided by
 * the call alone keeps a client silent after poll() has told of it, which no network does to the first read: that is
 * left out. Nor is a server accused that serves one client after the other: the connection itself must have been among
 * those that are watched.
 */
#include "finding/wait.h"

/* Of a process: who waits. */
struct waiter {
	uint32_t thread;
	bool are_many;
};

static void note_waiter(struct sf_scene *scene)
{
	struct waiter *waiter = scene->of_process;

	waiter->are_many |= waiter->thread && waiter->thread != scene->now->thread;
	waiter->thread = scene->now->thread;
}

/* Sockets beside this one that only this process can serve. */
static unsigned others(struct sf_scene *scene, const struct sf_last_wait *last)
{
	unsigned count = 0;

	for (size_t i = 0; i < last->count; i++) {
		const struct sf_socket_story *other = sf_scene_socket_at(scene, last->list[i].socket);

		count +=
		    other && other != scene->socket && other->holders == 1 && (other->side == SF_SERVER || other->is_listening);
	}
	return count;
}

/* A client's connection that the wait had watched; or, of connect, any socket. */
static bool is_served(const struct sf_scene *scene, struct sf_last_wait *last)
{
	const struct sf_socket_story *socket = scene->socket;
	const struct sf_moment *now = scene->now;
	struct sf_one_watched *one = socket ? sf_wait_of(last, socket->index) : NULL;

	if (!socket || socket->type != SF_STREAM)
		return false;
	if (now->operation == SF_CONNECT)
		return true;
	if (!one || socket->side != SF_SERVER)
		return false;
	uint16_t wanted = now->operation == SF_RECV ? POLLIN : POLLOUT;
	bool was_promised = one->calls++ == 0 && one->revents & wanted;

	return !(was_promised && sf_is_held(now));
}

static void see(struct sf_scene *scene)
{
	struct sf_last_wait *last = scene->of_thread;
	const struct waiter *waiter = scene->of_process;
	const struct sf_moment *now = scene->now;

	if (!scene->process)
		return;
	if (sf_is_wait(now) || now->operation == SF_ACCEPT)
		note_waiter(scene);
	if (sf_is_wait(now)) {
		sf_wait_note(scene, last);
		return;
	}
	if (now->operation == SF_ACCEPT || last->wait.event.error || !is_served(scene, last) || waiter->are_many ||
	    sf_waited_ns(scene) < SF_WAITED_NS)
		return;
	unsigned count = others(scene, last);

	if (count)
		sf_say(
		    scene, now, scene->socket->fault.seq ? &scene->socket->fault : now, &last->wait,
		    "%s waited for %.1f s on one connection; the %u other socket%s that %s watches had to wait as long",
		    sf_moment_function(now), (double)sf_waited_ns(scene) / 1e9, count, count == 1 ? "" : "s",
		    sf_moment_function(&last->wait));
}

static const char explain[] =
    "A server that serves all its clients in one thread must not wait for one of them. A client that sends half a line "
    "and falls silent, one that does not read what it asked for, or a server behind this one that is not to be "
    "reached: a call on a socket that blocks then waits, as long as that client likes, and nobody else is served. It "
    "takes one client, and no evil intent.\n\n"
    "It is said where a thread that had watched several sockets by poll(), select() or epoll_wait() waited for half a "
    "second or more in a call on a connection that was among them, or in connect(), while a listener or other clients "
    "were among them too, and no other thread or process could serve those.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tstruct pollfd p[2] = {{.fd = listener, .events = POLLIN}, {.events = POLLIN}};\n"
    "\tchar c = 0;\n"
    "\n"
    "\talarm(1); /* ends the program */\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    connect(client, (struct sockaddr *)&self, size) != 0 || write(client, \"hello\\n\", 6) != 6)\n"
    "\t\treturn 2;\n"
    "\tp[1].fd = accept(listener, NULL, NULL);\n"
    "\twhile (c != '\\n')\n"
    "\t\tif (poll(p, 2, -1) > 0 && p[1].revents)\n"
    "\t\t\twhile (read(p[1].fd, &c, 1) == 1 && c != '\\n') /* until the whole line is there */\n"
    "\t\t\t\t;\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tstruct pollfd p[2] = {{.fd = listener, .events = POLLIN}, {.events = POLLIN}};\n"
    "\tchar c = 0;\n"
    "\n"
    "\talarm(1);\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    connect(client, (struct sockaddr *)&self, size) != 0 || write(client, \"hello\\n\", 6) != 6)\n"
    "\t\treturn 2;\n"
    "\tp[1].fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);\n"
    "\twhile (c != '\\n')\n"
    "\t\tif (poll(p, 2, 500) <= 0)\n"
    "\t\t\treturn 1; /* this client is too slow */\n"
    "\t\telse if (p[1].revents)\n"
    "\t\t\twhile (read(p[1].fd, &c, 1) == 1 && c != '\\n') /* EAGAIN: back to poll() */\n"
    "\t\t\t\t;\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_one_client_blocks_all = {
    .severity = SF_ERROR,
    .help = "a thread that serves many waits in a call for one of them",
    .hint =
        "Make the sockets of an event loop non-blocking; keep what each client has sent so far, and what it is still "
        "to get.",
    .source = "accept(2), NOTES; Stevens, Unix Network Programming, 6.8: Denial-of-Service Attacks",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv side=server nth=2: stall",
    .sees = SF_BIT(SF_POLL) | SF_BIT(SF_RECV) | SF_BIT(SF_SEND) | SF_BIT(SF_CONNECT) | SF_BIT(SF_ACCEPT),
    .per_thread = sizeof(struct sf_last_wait),
    .per_process = sizeof(struct waiter),
    .see = see,
};

/* SPDX-License-Identifier: MIT
 *
 * hangup-ignored.c -- poll(), select() or epoll_wait() tells of an error or a hangup of one socket a hundred times, and
 * nobody makes a call on that socket.
 *
 * Could be wrong: one thread may wait and another one read, and be late. So a fifth of a second must have gone by since
 * the first time; a loop that goes round so often for so long is one that burns the processor in any case.
 */
#include <poll.h>

#include "finding/wait.h"

#define TIMES 100
#define LONG_NS UINT64_C(200000000)

struct ignored {
	struct sf_moment first;
	unsigned times;
	bool is_said;
};

static const char *word_of(unsigned told)
{
	return told & POLLERR && told & POLLHUP ? "an error and a hangup" : told & POLLERR ? "an error" : "a hangup";
}

static void see_told(struct sf_scene *scene, const struct sf_watched *watched)
{
	struct ignored *ignored = sf_scene_of_socket(scene, watched->socket);
	const struct sf_socket_story *socket = sf_scene_socket_at(scene, watched->socket);
	const struct sf_moment *now = scene->now;

	if (!ignored || !socket || ignored->is_said)
		return;
	if (ignored->times++ == 0)
		ignored->first = *now;
	if (ignored->times < TIMES || now->time_ns - ignored->first.time_ns < LONG_NS)
		return;
	ignored->is_said = true;
	sf_say(
	    scene, now, socket->fault.seq ? &socket->fault : &ignored->first, &ignored->first,
	    "%s told of %s on descriptor %d %u times within %.1f s, and nobody read from it or closed it",
	    sf_moment_function(now), word_of(watched->revents), watched->fd, ignored->times,
	    (double)(now->time_ns - ignored->first.time_ns) / 1e9);
}

static void see(struct sf_scene *scene)
{
	struct ignored *ignored = scene->of_socket;
	bool is_whole;
	size_t count;

	if (!sf_is_wait(scene->now)) {
		if (ignored)
			ignored->times = 0;
		return;
	}
	if (scene->now->event.ret <= 0)
		return;
	const struct sf_watched *watched = sf_scene_watched(scene, &count, &is_whole);

	for (size_t i = 0; i < count; i++)
		if (watched[i].socket && watched[i].revents & (POLLERR | POLLHUP))
			see_told(scene, &watched[i]);
}

static const char explain[] =
    "POLLERR and POLLHUP are told whether or not they were asked for, together with other bits, and for as long as the "
    "descriptor is watched. A loop that compares revents with POLLIN, or that has asked for nothing because it does "
    "not "
    "want to read now, finds nothing to do, waits again, is told the same at once, and so on: the program uses all of "
    "a "
    "processor, and the descriptor stays open.\n\n"
    "It is said where the same socket was told of a hundred times, over a fifth of a second or more, without any other "
    "call on it.";

/* clang-format off */
static const char wrong[] =
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <time.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct timespec pause = {.tv_nsec = 2000000};\n"
    "\tint pair[2];\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd p = {.fd = pair[0], .events = POLLIN};\n"
    "\n"
    "\tclose(pair[1]);\n"
    "\tfor (int round = 0; round < 200; round++) { /* for ever, in earnest */\n"
    "\t\tif (poll(&p, 1, -1) > 0 && p.revents == POLLIN) /* it is POLLIN | POLLHUP */\n"
    "\t\t\treturn read(pair[0], data, sizeof data) != 0;\n"
    "\t\tnanosleep(&pause, NULL);\n"
    "\t}\n"
    "\treturn 1;\n"
    "}\n";

static const char right[] =
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <time.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct timespec pause = {.tv_nsec = 2000000};\n"
    "\tint pair[2];\n"
    "\tchar data[16];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd p = {.fd = pair[0], .events = POLLIN};\n"
    "\n"
    "\tclose(pair[1]);\n"
    "\tfor (int round = 0; round < 200; round++) {\n"
    "\t\tif (poll(&p, 1, -1) > 0 && p.revents) /* whatever it is, read() says it */\n"
    "\t\t\treturn read(pair[0], data, sizeof data) != 0;\n"
    "\t\tnanosleep(&pause, NULL);\n"
    "\t}\n"
    "\treturn 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_hangup_ignored = {
    .severity = SF_ERROR,
    .help = "an error or hangup is told again and again, and nobody does anything about it",
    .hint =
        "Read from a socket with POLLERR or POLLHUP, or close it; take one that you want nothing of out of the set.",
    .source = "poll(2), POLLERR, POLLHUP; epoll_ctl(2), EPOLLHUP; POSIX.1-2017 poll()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_socket = sizeof(struct ignored),
    .see = see,
};

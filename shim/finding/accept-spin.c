/* SPDX-License-Identifier: MIT
 *
 * accept-spin.c -- accept says that there are no descriptors (or no memory), a hundred times and more in a row, with
 * nothing given up and no pause between. poll says "readable" all the while: the client stays in the queue.
 *
 * Could be wrong: a pause shows by the time that passes, also one in another call. Who closes something in between has
 * reason to try again. Of descriptors that are no sockets the trace says nothing; but where one of them is closed, as
 * a spare one is, no rule makes the next accept fail for want of it (effect.c).
 */
#include <errno.h>

#include "core/finding.h"

#define MANY 100
#define AT_ONCE_NS 1000000

struct streak {
	struct sf_moment first, last;
	unsigned count, late;
};

struct gone {
	uint64_t last; /* seq of the last close */
};

static void end_streak(struct sf_scene *scene, struct streak *streak)
{
	const struct sf_moment *first = &streak->first;

	if (streak->count >= MANY && streak->late < streak->count / 4)
		sf_say(
		    scene, first, first, &streak->last, "%s failed with %s %u times in %.1f ms, with no pause between",
		    sf_moment_function(first), sf_moment_error(first), streak->count,
		    (double)(streak->last.end_ns - first->time_ns) / 1e6);
	streak->count = 0;
}

static bool lacks_something(const struct sf_moment *now)
{
	return now->event.ret < 0 && (now->event.error == EMFILE || now->event.error == ENFILE ||
	                              now->event.error == ENOBUFS || now->event.error == ENOMEM);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct streak *streak = scene->of_socket;
	struct gone *gone = scene->of_process;

	if (now->operation == SF_CLOSE) {
		if (gone)
			gone->last = now->seq;
		return;
	}
	if (!streak || !gone || !now->end_ns)
		return;
	if (!lacks_something(now)) {
		end_streak(scene, streak);
		return;
	}
	if (streak->count && (gone->last > streak->last.seq || now->process != streak->last.process))
		end_streak(scene, streak);
	if (!streak->count)
		*streak = (struct streak){.first = *now};
	else if (now->time_ns - streak->last.end_ns > AT_ONCE_NS)
		streak->late++;
	streak->last = *now;
	streak->count++;
}

static void socket_ends(struct sf_scene *scene)
{
	end_streak(scene, scene->of_socket);
}

static const char explain[] =
    "When a process has as many descriptors as it may have, accept fails with EMFILE, and the client stays in the "
    "queue. "
    "The listener is still readable, so poll and epoll_wait return at once, accept fails again, and so on: some "
    "hundred "
    "thousand times a second, while those clients that could leave and give a descriptor back wait for the "
    "processor.\n\n"
    "It is said where accept has failed so a hundred times, one right after the other, and the program has closed "
    "nothing in between.";

/* clang-format off */
static const char wrong[] =
    "#include <netinet/in.h>\n"
    "#include <stddef.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\n"
    "\tif (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 16) != 0 ||\n"
    "\t    getsockname(listener, (struct sockaddr *)&at, &size) != 0 || connect(client, (struct sockaddr *)&at, size) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (accept(listener, NULL, NULL) < 0)\n"
    "\t\t;\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <netinet/in.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\n"
    "\tif (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 16) != 0 ||\n"
    "\t    getsockname(listener, (struct sockaddr *)&at, &size) != 0 || connect(client, (struct sockaddr *)&at, size) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (accept(listener, NULL, NULL) < 0)\n"
    "\t\tif (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)\n"
    "\t\t\tusleep(5000); /* or stop polling the listener until a client has left */\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_accept_spin = {
    .severity = SF_ERROR,
    .help = "accept fails for want of descriptors, and is called again and again",
    .hint =
        "Stop polling the listener for a while, or until a client has left; or keep a spare descriptor to accept and "
        "close with.",
    .source = "accept(2), ERRORS: EMFILE; POSIX.1-2017 accept()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "accept nth=1..200: fail EMFILE",
    .per_socket = sizeof(struct streak),
    .per_process = sizeof(struct gone),
    .sees = SF_BIT(SF_ACCEPT) | SF_BIT(SF_CLOSE),
    .see = see,
    .socket_ends = socket_ends,
};

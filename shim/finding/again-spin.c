/* SPDX-License-Identifier: MIT
 *
 * again-spin.c -- a hundred times EAGAIN in a row on one socket, by a thread that neither waits nor sleeps between.
 *
 * Could be wrong: who sleeps between by other means (nanosleep, a futex) is told by the time that passes; the shortest
 * sleep takes more than TIGHT_NS. A program that goes round many sockets, or does a frame's work in between, has larger
 * gaps as well. A scheduler may make some gaps of a spin large, but not a quarter of them. A program that looks in vain
 * once for each answer that it has already (redis-cli --pipe) wastes calls, but does not wait so: the last one must
 * have brought something, or the program have been ended meanwhile; and it looked more often than the bytes that it has
 * can hold answers.
 */
#include <errno.h>

#include "core/finding.h"

#define MANY 100
#define TIGHT_NS 40000

struct streak {
	struct sf_moment first, last;
	unsigned count, loose;
	uint64_t had; /* bytes: what the last call that was no streak's brought */
};

struct waits {
	uint64_t last; /* seq of the last wait, or of a call that got something done */
};

/* It was spent on waiting if what it waited for has come, or the program was ended meanwhile. */
static void end_streak(struct sf_scene *scene, struct streak *streak, bool was_waiting)
{
	const struct sf_moment *first = &streak->first;

	if (was_waiting && streak->count >= MANY && streak->count > streak->had && streak->loose < streak->count / 4)
		sf_say(
		    scene, first, first, &streak->last, "%s said EAGAIN %u times in %.1f ms, with no wait between",
		    sf_moment_function(first), streak->count, (double)(streak->last.end_ns - first->time_ns) / 1e6);
	streak->count = 0;
}

static bool goes_on(const struct streak *streak, const struct sf_moment *now, const struct waits *waits)
{
	return streak->count && streak->last.thread == now->thread && streak->last.operation == now->operation &&
	       waits->last < streak->last.seq;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct streak *streak = scene->of_socket;
	struct waits *waits = scene->of_thread;

	if (now->operation == SF_POLL) {
		if (waits)
			waits->last = now->seq;
		return;
	}
	if (!streak || !waits || !now->end_ns)
		return;
	if (now->event.ret >= 0 || now->event.error != EAGAIN || now->event.mode != SF_NONBLOCKING) {
		if (now->operation == streak->last.operation)
			end_streak(scene, streak, now->event.ret >= 0 && goes_on(streak, now, waits));
		if (now->event.ret > 0)
			waits->last = now->seq; /* it gets on: what it is told elsewhere is no spin */
		if (now->event.ret > 0 && now->operation == SF_RECV)
			streak->had = (uint64_t)now->event.ret;
		return;
	}
	if (!goes_on(streak, now, waits)) {
		end_streak(scene, streak, false);
		*streak = (struct streak){.first = *now, .had = now->operation == SF_RECV ? streak->had : 0};
	} else if (now->time_ns - streak->last.end_ns > TIGHT_NS) {
		streak->loose++;
	}
	streak->last = *now;
	streak->count++;
}

static void socket_ends(struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;
	bool was_ended = process && process->ending == SF_SIGNALED;

	/* A server that went on until it was asked to end, and did so in order. */
	was_ended |= !scene->now && scene->run->was_asked_to_end;
	end_streak(scene, scene->of_socket, scene->run->timed_out || was_ended);
}

static const char explain[] =
    "EAGAIN means \"not now\". Who asks again at once, and again, takes a whole processor for as long as the peer or "
    "the "
    "network needs, and takes it away from whom it waits for.\n\n"
    "It is said where one thread was told EAGAIN a hundred times in a row on one socket, without poll, select or "
    "epoll_wait in between, and without time passing as it does for who sleeps.";

/* clang-format off */
static const char wrong[] =
    "#include <errno.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\tchar c;\n"
    "\tssize_t n;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 || write(fds[0], \"x\", 1) != 1)\n"
    "\t\treturn 2;\n"
    "\tdo\n"
    "\t\tn = read(fds[1], &c, 1);\n"
    "\twhile (n < 0 && errno == EAGAIN);\n"
    "\treturn n == 1 ? 0 : 1;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\tchar c;\n"
    "\tssize_t n;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0 || write(fds[0], \"x\", 1) != 1)\n"
    "\t\treturn 2;\n"
    "\twhile ((n = read(fds[1], &c, 1)) < 0 && errno == EAGAIN) {\n"
    "\t\tstruct pollfd p = {.fd = fds[1], .events = POLLIN};\n"
    "\n"
    "\t\tif (poll(&p, 1, -1) < 0 && errno != EINTR)\n"
    "\t\t\treturn 1;\n"
    "\t}\n"
    "\treturn n == 1 ? 0 : 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_again_spin = {
    .severity = SF_ERROR,
    .help = "EAGAIN a hundred times in a row, with no wait between",
    .hint = "Wait with poll, select or epoll until the socket is ready, or use a blocking one.",
    .source = "recv(2), send(2), ERRORS: EAGAIN; poll(2)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv family=unix nth=1: stall 100ms",
    .per_socket = sizeof(struct streak),
    .per_thread = sizeof(struct waits),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_ACCEPT) | SF_BIT(SF_POLL),
    .see = see,
    .socket_ends = socket_ends,
};

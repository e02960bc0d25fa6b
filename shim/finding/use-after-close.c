/* SPDX-License-Identifier: MIT
 *
 * use-after-close.c -- a call on a number that the program itself has closed: EBADF today, somebody else's connection
 * once the number is given out again. Of poll it is POLLNVAL.
 *
 * Could be wrong: to close a descriptor so that another thread comes out of its call there is no good way, but meant;
 * so only the thread that closed is looked at. Whether a number is open may be asked (fcntl, getsockopt ...), and
 * epoll_ctl(DEL) behind a close is harmless: neither counts. That close was called before is known from its event;
 * where a number went by close_range, dup2 or unseen, nothing is said.
 */
#include <poll.h>

#include "core/closed.h"

static bool uses(const struct sf_moment *now)
{
	switch (now->operation) {
	case SF_BIND:
	case SF_LISTEN:
	case SF_CONNECT:
	case SF_ACCEPT:
	case SF_SEND:
	case SF_RECV:
	case SF_SHUTDOWN:
		return true;
	default:
		return now->event.what == SF_FUNC_setsockopt;
	}
}

/* Closed by this thread, before this call began. */
static const struct sf_moment *closed_before(const struct sf_scene *scene, int fd)
{
	const struct sf_moment *closing = sf_closings_find(scene->of_process, fd);

	return closing && closing->thread == scene->now->thread && closing->end_ns <= scene->now->time_ns ? closing : NULL;
}

static void see_polled(struct sf_scene *scene)
{
	bool is_refused = scene->now->end_ns && scene->now->event.error == EBADF;

	for (size_t i = 0; i < scene->polled_count; i++) {
		int fd = scene->polled[i].fd;
		const struct sf_moment *closing = closed_before(scene, fd);

		if (!closing || (!is_refused && !(scene->polled[i].revents & POLLNVAL)) ||
		    sf_scene_socket(scene, scene->now->process, fd))
			continue;
		sf_say(
		    scene, scene->now, closing, NULL, "%s waits for descriptor %d, which the program had closed %.1f ms before",
		    sf_moment_function(scene->now), fd, (double)(scene->now->time_ns - closing->end_ns) / 1e6);
	}
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;

	if (!scene->of_process)
		return;
	if (sf_closes(now))
		sf_closings_note(scene->of_process, now);
	if (now->operation == SF_POLL)
		see_polled(scene);
	if (now->event.closed != SF_CLOSED || !uses(now))
		return;
	const struct sf_moment *closing = closed_before(scene, now->event.fd);

	if (closing)
		sf_say(
		    scene, now, closing, NULL, "%s on descriptor %d, which the program had closed %.1f ms before",
		    sf_moment_function(now), now->event.fd, (double)(now->time_ns - closing->end_ns) / 1e6);
}

static const char explain[] =
    "A number that was closed is nobody's, until the next socket(), accept() or open() gets it, in whatever thread "
    "or library. A call on it then reaches a stranger: an answer goes to the wrong client, a password into a log "
    "file. EBADF, or POLLNVAL of poll, is the harmless form of this.\n\n"
    "It is said of calls that the closing thread itself makes later. Questions (fcntl, getsockopt) and "
    "epoll_ctl(DEL) are left alone.";

/* clang-format off */
static const char wrong[] =
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tsend(fds[0], \"hello\\n\", 6, MSG_NOSIGNAL);\n"
    "\tclose(fds[0]);\n"
    "\tsend(fds[0], \"bye\\n\", 4, MSG_NOSIGNAL);\n"
    "\tclose(fds[1]);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (send(fds[0], \"hello\\n\", 6, MSG_NOSIGNAL) != 6 || send(fds[0], \"bye\\n\", 4, MSG_NOSIGNAL) != 4)\n"
    "\t\treturn 1;\n"
    "\tclose(fds[0]);\n"
    "\tfds[0] = -1; /* whoever looks at it now sees that it is gone */\n"
    "\tclose(fds[1]);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_use_after_close = {
    .severity = SF_ERROR,
    .help = "a call on a descriptor that the program has closed itself",
    .hint = "Let one place own the descriptor, and set it to -1 where it is closed.",
    .source = "close(2), NOTES; POSIX.1-2017 close()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_process = sizeof(struct sf_closings),
    .see = see,
};

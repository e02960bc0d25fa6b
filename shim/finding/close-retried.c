/* SPDX-License-Identifier: MIT
 *
 * close-retried.c -- close() failed (EINTR, say) and is called again. On Linux the descriptor is gone with the first
 * call: the second says EBADF, or closes what another thread has opened meanwhile.
 *
 * Could be wrong: the number may have been given out again, and is closed in its turn, by whichever thread has it to
 * close. So it takes EBADF; or that the thread called nothing in between, and another thread had made the socket. Of
 * files nothing is known, but a close of what is open does not say EBADF. The realism of the fault is `posix`: Linux
 * itself does not interrupt close of a socket, other systems do.
 */
#include "core/closed.h"

static void say(struct sf_scene *scene, const struct sf_moment *closing, const char *what)
{
	sf_say(
	    scene, scene->now, closing, NULL, "%s of descriptor %d was called again after %s: %s",
	    sf_moment_function(scene->now), scene->now->event.fd, sf_moment_error(closing), what);
}

struct of_thread {
	struct sf_moment closing; /* its last call, if that was a close that failed */
};

static void see_close(struct sf_scene *scene, const struct sf_moment *before)
{
	const struct sf_moment *now = scene->now;
	struct sf_moment *closing = sf_closings_find(scene->of_process, now->event.fd);
	const struct sf_socket_story *socket = scene->socket;

	if (closing && closing->thread == now->thread && now->event.closed == SF_CLOSED && now->event.error == EBADF)
		say(scene, closing, "the first call had closed it");
	else if (
	    before->seq && before->event.fd == now->event.fd && socket && socket->made.seq > before->seq &&
	    socket->made.process == now->process && socket->made.thread != now->thread)
		say(scene, before, "it was another thread's socket by then");
	if (closing)
		*closing = (struct sf_moment){0};
	if (sf_closes(now) && now->event.ret < 0)
		sf_closings_note(scene->of_process, now);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_thread *thread = scene->of_thread;

	if (!scene->of_process || !thread || now->operation == SF_OPERATION_COUNT)
		return;
	struct sf_moment before = thread->closing;

	thread->closing = sf_closes(now) && now->event.ret < 0 ? *now : (struct sf_moment){0};
	if (now->operation == SF_CLOSE) {
		see_close(scene, &before);
		return;
	}
	/* The number was given out again, to this thread. */
	bool makes = now->operation == SF_SOCKET || now->operation == SF_ACCEPT;
	struct sf_moment *closing =
	    makes && now->event.ret >= 0 ? sf_closings_find(scene->of_process, (int)now->event.ret) : NULL;

	if (closing && closing->thread == now->thread)
		*closing = (struct sf_moment){0};
}

static const char explain[] =
    "What close() reports is an error of what came before it (data that could not be written, a signal while it "
    "lingered); the descriptor is released whatever it says. Linux, AIX and FreeBSD do so, POSIX leaves it open "
    "after EINTR. So there is nothing to try again, and a program with threads that does closes, one day, what "
    "another thread has just opened.";

/* clang-format off */
static const char wrong[] =
    "#include <errno.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (fd < 0)\n"
    "\t\treturn 2;\n"
    "\twhile (close(fd) < 0 && errno == EINTR)\n"
    "\t\t;\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (fd < 0)\n"
    "\t\treturn 2;\n"
    "\tif (close(fd) < 0 && errno != EINTR) /* in either case it is closed */\n"
    "\t\tperror(\"close\");\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_close_retried = {
    .severity = SF_ERROR,
    .help = "close failed, and is called again",
    .hint = "Call close() once. If the error matters (a file that must be on disk) report it; the descriptor is gone.",
    .source = "close(2), NOTES: Dealing with error returns from close(); POSIX.1-2017 close()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "close nth=1: fail EINTR",
    .per_process = sizeof(struct sf_closings),
    .per_thread = sizeof(struct of_thread),
    .see = see,
};

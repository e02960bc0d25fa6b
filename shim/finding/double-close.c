/* SPDX-License-Identifier: MIT
 *
 * double-close.c -- a descriptor that the program has closed is closed once more: EBADF today; in a program with
 * threads it is another connection that loses its descriptor, one day.
 *
 * Could be wrong: programs that close all numbers in a row, open or not, before they become daemons or execute
 * another program mean it so (the library tells such rows apart: event.closed); nor is it said where the first close
 * is unknown (close_range, dup2, a parent's). `close(in); close(out)` of what happens to be one socket (sftp) hits
 * nobody as long as there is one thread: it is said of a connection that had failed, not of one that ends well. After a
 * close that failed, it is close-retried.
 */
#include "core/closed.h"

struct of_process {
	struct sf_closings closings;
	bool has_threads;
};

/* One after the other, with nobody who could have got the number in between. */
static bool is_harmless(struct sf_scene *scene, const struct sf_moment *closing)
{
	const struct of_process *process = scene->of_process;
	const struct sf_socket_story *socket = sf_scene_socket_at(scene, closing->event.socket);

	return !process->has_threads && closing->event.what == SF_FUNC_close &&
	       scene->process->last_call.seq == closing->seq && !(socket && (socket->fault.seq || socket->error.seq));
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_process *process = scene->of_process;

	if (!process)
		return;
	process->has_threads |= now->event.what == SF_EVENT_THREAD;
	if (sf_closes(now))
		sf_closings_note(&process->closings, now);
	if (now->operation != SF_CLOSE || sf_closes(now))
		return;
	const struct sf_moment *closing = sf_closings_find(&process->closings, now->event.fd);

	if (!closing || now->event.closed != SF_CLOSED || now->event.error != EBADF || closing->event.ret != 0 ||
	    is_harmless(scene, closing))
		return;
	sf_say(
	    scene, now, closing, NULL, "%s of descriptor %d, which %s had closed %.1f ms before%s", sf_moment_function(now),
	    now->event.fd, sf_moment_function(closing), (double)(now->time_ns - closing->end_ns) / 1e6,
	    closing->thread != now->thread ? ", in another thread" : "");
}

static const char explain[] =
    "A second close of the same number fails with EBADF, if nothing has happened in between. If some thread has "
    "opened a socket or file meanwhile it has got this number, and the second close takes it away: its owner reads "
    "and writes what the next owner of the number has opened. Such faults are rare, and hardly ever found.\n\n"
    "fclose() closes the descriptor below a stream; so does the destruction of most objects that were made from "
    "one. It is not said of programs that close all numbers in a row, nor of two closes one after the other in a "
    "program with one thread, where nothing had failed.";

/* clang-format off */
static const char wrong[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tFILE *stream = fdopen(fds[0], \"w\");\n"
    "\n"
    "\tif (!stream || fputs(\"hello\\n\", stream) == EOF)\n"
    "\t\treturn 1;\n"
    "\tfclose(stream);\n"
    "\tclose(fds[0]);\n"
    "\tclose(fds[1]);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tFILE *stream = fdopen(fds[0], \"w\");\n"
    "\n"
    "\tif (!stream || fputs(\"hello\\n\", stream) == EOF)\n"
    "\t\treturn 1;\n"
    "\tif (fclose(stream) == EOF) /* closes fds[0] too */\n"
    "\t\tperror(\"fclose\");\n"
    "\tclose(fds[1]);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_double_close = {
    .severity = SF_ERROR,
    .help = "a descriptor is closed twice",
    .hint = "Let one place own the descriptor; after fclose() of a stream made by fdopen() nothing is left to close.",
    .source = "close(2), NOTES; fdopen(3), fclose(3); POSIX.1-2017 close()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .sees = SF_BIT(SF_CLOSE) | SF_SEES_LIFE,
    .per_process = sizeof(struct of_process),
    .see = see,
};

/* SPDX-License-Identifier: MIT
 *
 * wait-interrupted-stale.c -- poll() or select() failed with EINTR, and the thread's next call on one of the watched
 * sockets is a read (or accept) that blocks: it took the sets, or revents, of a wait that had told it nothing.
 *
 * Could be wrong: the program may know by other means that it may read, from a handler for one. Then the read does not
 * wait; it is named only if it did so for half a second. A wait for one socket without a limit may as well be a read:
 * it is left out.
 */
#include <errno.h>

#include "finding/wait.h"

static void see(struct sf_scene *scene)
{
	struct sf_last_wait *last = scene->of_thread;
	const struct sf_moment *now = scene->now;
	struct sf_one_watched *one;

	if (sf_is_wait(now)) {
		sf_wait_note(scene, last);
		return;
	}
	one = sf_wait_of(last, now->event.socket);
	if (!one || one->calls++ || last->wait.event.error != EINTR || !(one->events & POLLIN))
		return;
	if (sf_wait_matters(last) && sf_waited_ns(scene) >= SF_WAITED_NS)
		sf_say(
		    scene, now, &last->wait, NULL,
		    "%s failed with EINTR, and told of nothing; %s on one of its descriptors then waited for %.1f s",
		    sf_moment_function(&last->wait), sf_moment_function(now), (double)sf_waited_ns(scene) / 1e9);
}

static const char explain[] =
    "A signal interrupts poll(), select() or epoll_wait() always, whether or not its handler has SA_RESTART. The call "
    "fails with EINTR, and nothing is known then: the sets of select() are as they were before the call, so that all "
    "descriptors look ready, and revents of poll() is what the call before has left there. A program that goes on to "
    "look at them reads from a socket on which there is nothing, and waits there while the others are ready.\n\n"
    "It is said where a read, or accept(), on a blocking socket is the first call on that socket after a wait that "
    "failed with EINTR, and has itself waited for half a second or more. Where the wait was for this socket alone and "
    "without a time limit no harm is done, and nothing is said.";

/* clang-format off */
static const char wrong[] =
    "#include <poll.h>\n"
    "#include <signal.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "static void on_signal(int signal)\n"
    "{\n"
    "\t(void)signal;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint pair[2];\n"
    "\tchar data[16];\n"
    "\tstruct sigaction action = {.sa_handler = on_signal};\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tsigaction(SIGCHLD, &action, NULL);\n"
    "\talarm(1); /* ends the program */\n"
    "\tstruct pollfd p = {.fd = pair[0], .events = POLLIN};\n"
    "\n"
    "\tif (poll(&p, 1, 300) == 0)\n"
    "\t\treturn 0; /* nothing to do */\n"
    "\treturn read(pair[0], data, sizeof data) <= 0; /* or an error, and then? */\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <poll.h>\n"
    "#include <signal.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "static void on_signal(int signal)\n"
    "{\n"
    "\t(void)signal;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint pair[2], ready;\n"
    "\tchar data[16];\n"
    "\tstruct sigaction action = {.sa_handler = on_signal};\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tsigaction(SIGCHLD, &action, NULL);\n"
    "\talarm(1);\n"
    "\tstruct pollfd p = {.fd = pair[0], .events = POLLIN};\n"
    "\n"
    "\tdo\n"
    "\t\tready = poll(&p, 1, 300);\n"
    "\twhile (ready < 0 && errno == EINTR); /* revents says nothing */\n"
    "\tif (ready <= 0)\n"
    "\t\treturn ready != 0;\n"
    "\treturn read(pair[0], data, sizeof data) <= 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_wait_interrupted_stale = {
    .severity = SF_ERROR,
    .help = "a wait was interrupted, and its stale answer taken for one",
    .hint = "Look at the sets or revents only where the wait returned more than 0; after EINTR wait again.",
    .source = "select(2), RETURN VALUE; poll(2), ERRORS: EINTR; signal(7), Interruption of system calls",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "poll nth=1: signal SIGCHLD, fail EINTR",
    .sees = SF_BIT(SF_POLL) | SF_BIT(SF_RECV) | SF_BIT(SF_ACCEPT),
    .per_thread = sizeof(struct sf_last_wait),
    .see = see,
};

/* SPDX-License-Identifier: MIT
 *
 * select-beyond-1024.c -- select() is asked about a descriptor of FD_SETSIZE or more: an fd_set has no bit for it, and
 * FD_SET() has written behind the set.
 *
 * Could be wrong: some programs pass the size of their descriptor table, whatever is in the sets: the highest
 * descriptor that select() is asked about must be a socket of the process. And a program may allocate larger sets
 * itself, which Linux takes and POSIX does not (EINVAL); the sentence says so.
 */
#include <sys/select.h>

#include "core/finding.h"

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	int highest = (int)now->event.asked - 1;

	if (now->event.what != SF_FUNC_select && now->event.what != SF_FUNC_pselect)
		return;
	if (highest < FD_SETSIZE || !sf_scene_socket(scene, now->process, highest))
		return;
	sf_say(
	    scene, now, NULL, NULL,
	    "%s was asked about descriptor %d, and an fd_set ends with %d: unless the program has made larger sets itself, "
	    "FD_SET() wrote behind it",
	    sf_moment_function(now), highest, FD_SETSIZE - 1);
}

static const char explain[] =
    "An fd_set has FD_SETSIZE bits, 1024 on Linux. FD_SET() of a larger descriptor writes to whatever lies behind the "
    "set; where the program was compiled with _FORTIFY_SOURCE it is aborted there. It needs nothing but many open "
    "files, "
    "or many clients: a server whose limit of descriptors was raised can be made to overwrite its stack from "
    "outside.\n\n"
    "It is said where the highest descriptor that select() or pselect() is asked about is 1024 or more and a socket. A "
    "program that allocates sets of its own size runs on Linux; POSIX has select() fail with EINVAL.";

/* clang-format off */
static const char wrong[] =
    "#undef _FORTIFY_SOURCE /* which would abort the program in FD_SET() */\n"
    "#include <fcntl.h>\n"
    "#include <stddef.h>\n"
    "#include <sys/resource.h>\n"
    "#include <sys/select.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "static struct {\n"
    "\tfd_set set, behind;\n"
    "} ready;\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct rlimit limit = {1100, 1100};\n"
    "\tstruct timeval at_once = {0};\n"
    "\tint pair[2];\n"
    "\n"
    "\tif (setrlimit(RLIMIT_NOFILE, &limit) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tint many = fcntl(pair[0], F_DUPFD, 1030); /* or the 1027th client */\n"
    "\n"
    "\tFD_SET(many, &ready.set);\n"
    "\treturn select(many + 1, &ready.set, NULL, NULL, &at_once) != 0;\n"
    "}\n";

static const char right[] =
    "#include <fcntl.h>\n"
    "#include <poll.h>\n"
    "#include <sys/resource.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct rlimit limit = {1100, 1100};\n"
    "\tint pair[2];\n"
    "\n"
    "\tif (setrlimit(RLIMIT_NOFILE, &limit) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd many = {.fd = fcntl(pair[0], F_DUPFD, 1030), .events = POLLIN}; /* poll() has no such limit */\n"
    "\n"
    "\treturn poll(&many, 1, 0) != 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_select_beyond_1024 = {
    .severity = SF_ERROR,
    .help = "select() is asked about a descriptor for which an fd_set has no bit",
    .hint = "Use poll() or epoll; or refuse descriptors of FD_SETSIZE and more where they are made.",
    .source = "select(2), WARNING and NOTES; POSIX.1-2017 select(), ERRORS: EINVAL",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .sees = SF_BIT(SF_POLL),
    .see = see,
};

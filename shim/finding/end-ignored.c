/* SPDX-License-Identifier: MIT
 *
 * end-ignored.c -- recv said 0, the end of the stream, and is asked again at once, and again.
 *
 * Could be wrong: two layers of a program may each read once at the end, and several threads may each find it; so only
 * eight times and more by one thread count. A program that looks from time to time is told by the time that passes. Not
 * said after an error, which is use-after-reset's, nor of the half that the program itself has shut.
 */
#include <sys/socket.h>

#include "core/finding.h"

#define MANY 8
#define AT_ONCE_NS 5000000

struct streak {
	struct sf_moment first, last;
	unsigned count;
};

static void end_streak(struct sf_scene *scene, struct streak *streak)
{
	const struct sf_moment *first = &streak->first;

	if (streak->count >= MANY)
		sf_say(
		    scene, first, first, &streak->last, "%s said 0, the end of the stream, %u times in %.1f ms",
		    sf_moment_function(first), streak->count, (double)(streak->last.end_ns - first->time_ns) / 1e6);
	streak->count = 0;
}

static bool is_end(const struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	const struct sf_socket_story *socket = scene->socket;

	return now->end_ns && now->event.ret == 0 && now->event.asked && socket->type != SF_DGRAM && !socket->shut_read &&
	       !socket->error.seq && !(now->event.flags & (MSG_PEEK | MSG_ERRQUEUE));
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct streak *streak = scene->of_socket;

	if (!streak)
		return;
	if (!is_end(scene)) {
		end_streak(scene, streak);
		return;
	}
	if (streak->count && (now->thread != streak->last.thread || now->time_ns - streak->last.end_ns > AT_ONCE_NS))
		end_streak(scene, streak);
	if (!streak->count)
		streak->first = *now;
	streak->last = *now;
	streak->count++;
}

static void socket_ends(struct sf_scene *scene)
{
	end_streak(scene, scene->of_socket);
}

static const char explain[] =
    "recv on a stream says 0 when the peer has ended its direction: nothing will come any more, and each further call "
    "says 0 at once; poll says \"readable\" each time. A loop that waits for more, or takes 0 for \"nothing yet\", "
    "never "
    "ends and takes a whole processor.\n\n"
    "It is said where one thread was told 0 eight times and more, one right after the other.";

/* clang-format off */
static const char wrong[] =
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tchar line[64] = \"\";\n"
    "\tsize_t have = 0;\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 || write(fds[0], \"no newline\", 10) != 10)\n"
    "\t\treturn 2;\n"
    "\tclose(fds[0]);\n"
    "\tfor (int tries = 0; tries < 100 && !strchr(line, '\\n'); tries++) { /* 100: else for ever */\n"
    "\t\tssize_t n = read(fds[1], line + have, sizeof(line) - 1 - have);\n"
    "\n"
    "\t\tif (n < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\thave += (size_t)n;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tchar line[64] = \"\";\n"
    "\tsize_t have = 0;\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 || write(fds[0], \"no newline\", 10) != 10)\n"
    "\t\treturn 2;\n"
    "\tclose(fds[0]);\n"
    "\twhile (have < sizeof(line) - 1 && !strchr(line, '\\n')) {\n"
    "\t\tssize_t n = read(fds[1], line + have, sizeof(line) - 1 - have);\n"
    "\n"
    "\t\tif (n < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\tif (n == 0) {\n"
    "\t\t\tfprintf(stderr, \"the stream ends within a line\\n\");\n"
    "\t\t\treturn 1;\n"
    "\t\t}\n"
    "\t\thave += (size_t)n;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_end_ignored = {
    .severity = SF_ERROR,
    .help = "the end of a stream is read again and again",
    .hint =
        "Take 0 from recv for what it is: the peer will send nothing more. Close, or only send from now on; and stop "
        "polling for input.",
    .source = "recv(2), RETURN VALUE; read(2), RETURN VALUE; POSIX.1-2017 recv()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_socket = sizeof(struct streak),
    .sees = SF_BIT(SF_RECV),
    .see = see,
    .socket_ends = socket_ends,
};

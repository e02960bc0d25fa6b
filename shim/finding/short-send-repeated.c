/* SPDX-License-Identifier: MIT
 *
 * short-send-repeated.c -- a send took n bytes of a message, and the program sends the message again from its start:
 * the n bytes arrive twice.
 *
 * Could be wrong: a program that drops the rest, and whose next message begins with the same bytes, does something else
 * (short-send-dropped). So it is not said where something was received in between: that is the next answer to the next
 * question. Bytes that are all alike can't be told from the rest, and count as it.
 */
#include "finding/left.h"

static void see(struct sf_scene *scene)
{
	struct sf_left *left = scene->of_socket;
	const struct sf_moment *now = scene->now, *send = left ? &left->send : NULL;

	if (!left)
		return;
	if (now->operation == SF_SEND && now->end_ns && send->seq && now->event.ret > 0 &&
	    sf_left_went_on(left, scene) == SF_WENT_ON_AGAIN)
		sf_say(
		    scene, send, send, now,
		    "%s took %lld of %llu bytes, and the next %s began at their start again: what was taken arrives twice",
		    sf_moment_function(send), (long long)send->event.ret, (unsigned long long)send->event.asked,
		    sf_moment_function(now));
	sf_left_note(left, scene);
}

static const char explain[] =
    "After a short send the kernel has the first part of the message. A program that then sends the message again, "
    "from "
    "its start, as one does after EAGAIN or EINTR, sends that part twice; the peer reads a damaged stream.\n\n"
    "It is said where the bytes of the next send are those of the message from its start, and not those of the rest.";

/* clang-format off */
static const char wrong[] =
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char line[] = \"a line that is to arrive once\\n\";\n"
    "\tssize_t n;\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\tdo\n"
    "\t\tn = send(fds[0], line, strlen(line), MSG_NOSIGNAL);\n"
    "\twhile (n >= 0 && n < (ssize_t)strlen(line));\n"
    "\treturn n < 0;\n"
    "}\n";

static const char right[] =
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char line[] = \"a line that is to arrive once\\n\";\n"
    "\tsize_t sent = 0;\n"
    "\tint fds[2];\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (sent < strlen(line)) {\n"
    "\t\tssize_t n = send(fds[0], line + sent, strlen(line) - sent, MSG_NOSIGNAL);\n"
    "\n"
    "\t\tif (n < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\tsent += (size_t)n;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_short_send_repeated = {
    .severity = SF_ERROR,
    .help = "a message that is sent again from its start after a short send",
    .hint = "Remember how much was taken, and go on behind it.",
    .source = "send(2), RETURN VALUE; write(2), RETURN VALUE; POSIX.1-2017 send()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send family=unix nth=1: short 3",
    .per_socket = sizeof(struct sf_left),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
};

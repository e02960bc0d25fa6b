/* SPDX-License-Identifier: MIT
 *
 * short-send-misplaced.c -- after a short send the program goes on in the same message, and not where the send ended: a
 * vector that was advanced wrongly, an offset that was not added up.
 *
 * Could be wrong: a buffer may be used for another message by then. So it is said only where the bytes are neither the
 * rest nor the message from its start, nothing was received in between, and the request ends where the message ends, or
 * is as long as the rest and lies within the message; a buffer that is used again is used from its start, and that is
 * left out.
 */
#include "finding/left.h"

static void see(struct sf_scene *scene)
{
	struct sf_left *left = scene->of_socket;
	const struct sf_moment *now = scene->now, *send = left ? &left->send : NULL;

	if (!left)
		return;
	if (now->operation == SF_SEND && now->end_ns && send->seq && now->event.ret > 0 &&
	    sf_left_went_on(left, scene) == SF_WENT_ON_MISPLACED) {
		int64_t longer = (int64_t)(scene->begin->length - left->rest.length);
		int64_t shift = longer ? longer : sf_left_shift(left, scene->begin);

		sf_say(
		    scene, send, send, now, "%s took %lld of %llu bytes, and the next %s went on %llu %s too %s",
		    sf_moment_function(send), (long long)send->event.ret, (unsigned long long)send->event.asked,
		    sf_moment_function(now), (unsigned long long)llabs(shift), sf_bytes((uint64_t)llabs(shift)),
		    shift > 0 ? "early" : "late");
	}
	sf_left_note(left, scene);
}

static const char explain[] =
    "After a short send the next byte to be sent is the one behind the last that was taken. Programs get that wrong "
    "where a vector (writev, sendmsg) ends within a piece, which is then sent from its start or left out, and where an "
    "offset is set to the last count instead of added up. Some bytes arrive twice, or not at all.\n\n"
    "It is said where the next send is of the same message (it ends where the message ends, or has the rest's length "
    "and lies in it), and begins elsewhere than the rest. Is it the message's start, short-send-repeated is said.";

/* clang-format off */
static const char wrong[] =
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "#include <sys/uio.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tchar head[] = \"length 5\\n\", body[] = \"a body that goes in two pieces\\n\";\n"
    "\tstruct iovec pieces[2] = {{head, strlen(head)}, {body, strlen(body)}};\n"
    "\tint fds[2], at = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (at < 2) {\n"
    "\t\tssize_t n = writev(fds[0], pieces + at, 2 - at);\n"
    "\n"
    "\t\tif (n < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\twhile (at < 2 && n >= (ssize_t)pieces[at].iov_len)\n"
    "\t\t\tn -= (ssize_t)pieces[at++].iov_len;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <string.h>\n"
    "#include <sys/socket.h>\n"
    "#include <sys/uio.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tchar head[] = \"length 5\\n\", body[] = \"a body that goes in two pieces\\n\";\n"
    "\tstruct iovec pieces[2] = {{head, strlen(head)}, {body, strlen(body)}};\n"
    "\tint fds[2], at = 0;\n"
    "\n"
    "\tif (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)\n"
    "\t\treturn 2;\n"
    "\twhile (at < 2) {\n"
    "\t\tssize_t n = writev(fds[0], pieces + at, 2 - at);\n"
    "\n"
    "\t\tif (n < 0)\n"
    "\t\t\treturn 1;\n"
    "\t\twhile (at < 2 && n >= (ssize_t)pieces[at].iov_len)\n"
    "\t\t\tn -= (ssize_t)pieces[at++].iov_len;\n"
    "\t\tif (at < 2) { /* the piece in which it ended: without what was taken of it */\n"
    "\t\t\tpieces[at].iov_base = (char *)pieces[at].iov_base + n;\n"
    "\t\t\tpieces[at].iov_len -= (size_t)n;\n"
    "\t\t}\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_short_send_misplaced = {
    .severity = SF_ERROR,
    .help = "a message that goes on at the wrong place after a short send",
    .hint =
        "Advance by the count that the call returned; of a vector leave out what was sent, also of the piece in which "
        "it ended.",
    .source = "send(2), RETURN VALUE; writev(2); POSIX.1-2017 writev()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send family=unix nth=1: short 20",
    .per_socket = sizeof(struct sf_left),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
};

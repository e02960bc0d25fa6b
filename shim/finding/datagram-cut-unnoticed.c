/* SPDX-License-Identifier: MIT
 *
 * datagram-cut-unnoticed.c -- a datagram was longer than the buffer, the rest of it is gone, and the program took what
 * it got for all: it ended with 0, and its output is not that of the fault-free run.
 *
 * Could be wrong: a program that drops a cut datagram and does without prints something else too, rightly. So it is a
 * warning; it is not said of a call that asked for the true length (MSG_TRUNC), of a program that ended with an error,
 * and where rules did anything else in this run.
 */
#include <signal.h>
#include <sys/socket.h>

#include "core/fault.h"
#include "core/finding.h"

struct run {
	struct sf_moment cut; /* the first */
	bool has_others;
};

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct run *run = scene->of_run;

	if (!sf_is_injected(now))
		return;
	if (now->event.fault != 1 + SF_FAULT_truncate || now->operation != SF_RECV)
		run->has_others = true;
	else if (now->end_ns && now->event.ret >= 0 && !(now->event.flags & MSG_TRUNC) && !run->cut.seq)
		run->cut = *now;
}

static bool ended_well(const struct sf_run_story *run)
{
	return run->status == 0 || (run->was_asked_to_end && run->status == SIGTERM);
}

static void finish(struct sf_scene *scene)
{
	const struct run *run = scene->of_run;
	const struct sf_moment *cut = &run->cut;

	if (!cut->seq || run->has_others || !scene->run->differs || !ended_well(scene->run))
		return;
	sf_say(
	    scene, cut, cut, NULL, "%s brought %lld %s of a datagram that was longer; the program took them for all",
	    sf_moment_function(cut), (long long)cut->event.ret, sf_bytes((uint64_t)cut->event.ret));
}

static const char explain[] =
    "A datagram that is longer than the buffer is cut, and what did not fit is gone: the next recv brings the next "
    "datagram. recv does not say so by itself. recvmsg sets MSG_TRUNC in msg_flags, and with MSG_TRUNC among the flags "
    "recv returns the datagram's true length.\n\n"
    "It is said where a rule cut a datagram, the program ended with status 0, and its output is not that of the "
    "fault-free run.";

/* clang-format off */
static const char wrong[] =
    "#include <netinet/in.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\tchar data[64];\n"
    "\n"
    "\tif (bind(fd, (struct sockaddr *)&at, size) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0 ||\n"
    "\t    sendto(fd, \"pay 1000\", 8, 0, (struct sockaddr *)&at, size) != 8)\n"
    "\t\treturn 2;\n"
    "\tssize_t n = recv(fd, data, sizeof(data), 0);\n"
    "\n"
    "\tprintf(\"%.*s\\n\", n < 0 ? 0 : (int)n, data);\n"
    "\treturn n < 0;\n"
    "}\n";

static const char right[] =
    "#include <netinet/in.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\tchar data[64];\n"
    "\n"
    "\tif (bind(fd, (struct sockaddr *)&at, size) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0 ||\n"
    "\t    sendto(fd, \"pay 1000\", 8, 0, (struct sockaddr *)&at, size) != 8)\n"
    "\t\treturn 2;\n"
    "\tstruct iovec piece = {data, sizeof(data)};\n"
    "\tstruct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};\n"
    "\tssize_t n = recvmsg(fd, &message, 0);\n"
    "\n"
    "\tif (n < 0 || message.msg_flags & MSG_TRUNC) {\n"
    "\t\tfprintf(stderr, \"no whole message came\\n\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\tprintf(\"%.*s\\n\", (int)n, data);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_datagram_cut_unnoticed = {
    .severity = SF_WARNING,
    .help = "a datagram that was cut taken for a whole one",
    .hint =
        "Look at MSG_TRUNC in msg_flags of recvmsg, or give recv MSG_TRUNC and compare the length; drop what was cut.",
    .source = "recv(2), MSG_TRUNC; udp(7); POSIX.1-2017 recvmsg()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv type=dgram nth=1: truncate 5",
    .per_run = sizeof(struct run),
    .see = see,
    .finish = finish,
};

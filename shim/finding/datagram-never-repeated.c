/* SPDX-License-Identifier: MIT
 *
 * datagram-never-repeated.c -- a question by datagram, or its answer, was lost, the program sent no other, and waited
 * until somebody ended it.
 *
 * Could be wrong: to repeat is the duty of who asks. A server that answers has sent nothing before it received, and is
 * left out; so is a process with other sockets, which may be waiting for something else, and one that has sent on
 * after a loss before: it may be about to do so again. What waits is known to wait for ever only where the run's limit
 * ended it, or an alarm of its own.
 */
#include <signal.h>

#include "core/fault.h"
#include "core/finding.h"

#define FEW 2

struct state {
	bool has_begun, asks;  /* its first transfer was a send */
	bool repeats;          /* something was sent after a loss, with nothing received between */
	struct sf_moment lost; /* a question or an answer; seq 0: none, or something was sent after it */
};

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;

	if (!state || scene->socket->type != SF_DGRAM)
		return;
	if (!state->has_begun)
		state->asks = now->operation == SF_SEND;
	state->has_begun = true;
	if (now->operation == SF_SEND) {
		state->repeats |= state->lost.seq != 0;
		state->lost.seq = 0;
	}
	if (now->event.fault == 1 + SF_FAULT_drop && state->asks)
		state->lost = *now;
}

static bool waits_for_ever(const struct sf_scene *scene, const struct sf_process_story *process)
{
	const struct sf_moment *pending = &process->pending;

	return pending->seq && (pending->operation == SF_RECV || pending->operation == SF_POLL) &&
	       process->descriptors <= FEW &&
	       (scene->run->timed_out || (process->ending == SF_SIGNALED && process->status == SIGALRM));
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;

	if (!waits_for_ever(scene, process))
		return;
	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		const struct state *state = sf_scene_of_socket(scene, i);
		const struct sf_moment *lost = state ? &state->lost : NULL;

		if (lost && lost->seq && !state->repeats && lost->process == process->index &&
		    sf_scene_socket_at(scene, i)->holders)
			sf_say(
			    scene, lost, lost, &process->pending,
			    "%s was lost on its way, and the program waits in %s without having sent another",
			    lost->operation == SF_SEND ? "the datagram" : "the answer", sf_moment_function(&process->pending));
	}
}

static const char explain[] =
    "UDP promises nothing: a datagram may get lost, and nobody is told. Who asks has to ask again when no answer "
    "comes, "
    "a limited number of times, and longer apart each time. A program that asks once and waits without a limit hangs "
    "for ever, some time, on each network.\n\n"
    "It is said of a program that sent first, where a rule lost its datagram or the answer, it sent no other, and was "
    "waiting when the run's limit (--timeout) or its own alarm ended it.";

/* clang-format off */
static const char wrong[] =
    "#include <netinet/in.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\tchar data[64];\n"
    "\n"
    "\talarm(1); /* else it waits for ever */\n"
    "\tif (bind(fd, (struct sockaddr *)&at, size) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (sendto(fd, \"who?\", 4, 0, (struct sockaddr *)&at, size) != 4)\n"
    "\t\treturn 1;\n"
    "\treturn recv(fd, data, sizeof(data), 0) == 4 ? 0 : 1;\n"
    "}\n";

static const char right[] =
    "#include <netinet/in.h>\n"
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\tstruct pollfd p = {.fd = fd, .events = POLLIN};\n"
    "\tchar data[64];\n"
    "\n"
    "\tif (bind(fd, (struct sockaddr *)&at, size) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tfor (int patience_ms = 50; patience_ms < 2000; patience_ms *= 2) {\n"
    "\t\tif (sendto(fd, \"who?\", 4, 0, (struct sockaddr *)&at, size) != 4)\n"
    "\t\t\treturn 1;\n"
    "\t\tif (poll(&p, 1, patience_ms) == 1)\n"
    "\t\t\treturn recv(fd, data, sizeof(data), 0) == 4 ? 0 : 1;\n"
    "\t}\n"
    "\treturn 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_datagram_never_repeated = {
    .severity = SF_ERROR,
    .help = "a datagram was lost, and the program waits for ever in place of sending another",
    .hint =
        "Wait with a limit (poll, SO_RCVTIMEO) and ask again, a limited number of times and longer apart each time.",
    .source = "udp(7); RFC 1122, 4.1; RFC 8085, 3.3",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send type=dgram nth=1: drop",
    .per_socket = sizeof(struct state),
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
    .process_ends = process_ends,
};

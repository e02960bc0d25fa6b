/* SPDX-License-Identifier: MIT
 *
 * udp-refusal-fatal.c -- one ECONNREFUSED on a UDP socket, and the program ends with a status that tells of failure,
 * with nothing tried again.
 *
 * Could be wrong: to give up when nobody is there is a client's right. So either the refusal met a send, where it is
 * about an earlier datagram and this one was never sent, or the peer had answered on this socket before; and the
 * program did nothing with any socket afterwards but close.
 */
#include <errno.h>

#include "core/finding.h"

struct given_up {
	struct sf_moment refused;
	bool was_alive;
};

static bool is_refused(const struct sf_scene *scene)
{
	const struct sf_event *event = &scene->now->event;

	return scene->socket && scene->socket->type == SF_DGRAM && event->ret < 0 && event->error == ECONNREFUSED &&
	       (scene->now->operation == SF_SEND || scene->now->operation == SF_RECV);
}

static void see(struct sf_scene *scene)
{
	struct given_up *given_up = scene->of_process;

	if (!given_up)
		return;
	bool is_first = !given_up->refused.seq;

	given_up->refused = (struct sf_moment){0};
	if (!is_first || !is_refused(scene))
		return;
	given_up->was_alive = scene->socket->received > 0;
	if (given_up->was_alive || scene->now->operation == SF_SEND)
		given_up->refused = *scene->now;
}

static void process_ends(struct sf_scene *scene)
{
	const struct given_up *given_up = scene->of_process;
	const struct sf_process_story *process = scene->process;

	if (!given_up->refused.seq || process->ending != SF_EXITED || !process->status_is_known || !process->status)
		return;
	sf_say(
	    scene, &given_up->refused, &given_up->refused, NULL,
	    "%s said ECONNREFUSED, which is about an earlier datagram, and the program ended with status %d%s",
	    sf_moment_function(&given_up->refused), process->status,
	    given_up->was_alive ? ", although its peer had answered before" : ": this one was not even sent");
}

static const char explain[] =
    "ECONNREFUSED on a UDP socket is the news that an earlier datagram found nobody at its port. The socket is as good "
    "as before, and the datagram that was to be sent now was not sent. A server that is restarted is away for a "
    "moment: "
    "programs that log, count or ask over UDP are made to live with a datagram that is lost, and this is one.\n\n"
    "It is said where the first such error is the last that the program did with its sockets, it ended with a status "
    "other than 0, and the error met a send or a peer that had answered before.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint server = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\n"
    "\tif (bind(server, (struct sockaddr *)&self, size) != 0 ||\n"
    "\t    getsockname(server, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    connect(fd, (struct sockaddr *)&self, size) != 0)\n"
    "\t\treturn 2;\n"
    "\tfor (int i = 0; i < 3; i++)\n"
    "\t\tif (send(fd, \"line\", 4, 0) != 4) {\n"
    "\t\t\tperror(\"send\");\n"
    "\t\t\treturn 1;\n"
    "\t\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <errno.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint server = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\n"
    "\tif (bind(server, (struct sockaddr *)&self, size) != 0 ||\n"
    "\t    getsockname(server, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    connect(fd, (struct sockaddr *)&self, size) != 0)\n"
    "\t\treturn 2;\n"
    "\tfor (int i = 0; i < 3; i++) {\n"
    "\t\tssize_t n = send(fd, \"line\", 4, 0);\n"
    "\n"
    "\t\tif (n < 0 && errno == ECONNREFUSED)\n"
    "\t\t\tn = send(fd, \"line\", 4, 0); /* that was about the line before */\n"
    "\t\tif (n < 0 && errno != ECONNREFUSED) {\n"
    "\t\t\tperror(\"send\");\n"
    "\t\t\treturn 1;\n"
    "\t\t}\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_udp_refusal_fatal = {
    .severity = SF_WARNING,
    .help = "one ECONNREFUSED on a UDP socket ends the program",
    .hint = "Take ECONNREFUSED for the loss of a datagram: send again, after a while, a limited number of times.",
    .source = "udp(7), ERRORS: ECONNREFUSED; ip(7)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "send type=dgram nth=2: fail ECONNREFUSED",
    .sees = SF_BIT(SF_SOCKET) | SF_BIT(SF_CONNECT) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV) | SF_BIT(SF_POLL) |
            SF_BIT(SF_ACCEPT),
    .per_process = sizeof(struct given_up),
    .see = see,
    .process_ends = process_ends,
};

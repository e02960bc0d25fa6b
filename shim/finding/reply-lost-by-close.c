/* SPDX-License-Identifier: MIT
 *
 * reply-lost-by-close.c -- a TCP connection is closed right after a send, with data from the peer unread: Linux then
 * sends a RST, and what the peer has not read yet is thrown away there.
 *
 * That data is unread is known where a rule has cut a recv and the library looked what was left, and where less
 * was read than MSG_PEEK had shown; else nothing is said.
 *
 * Could be wrong: the peer may have read all by then. So the send must not be older than a second; and an end or an
 * error of the connection that was seen leaves nothing to lose.
 */
#include <sys/socket.h>

#include "core/fault.h"
#include "core/finding.h"

#define SOON_NS UINT64_C(1000000000)

struct unread {
	struct sf_moment recv; /* that left it */
	uint64_t at_least;     /* bytes; 0: none that is known */
	bool is_answered;      /* something was sent since then */
};

static void see_recv(struct sf_scene *scene)
{
	struct unread *unread = scene->of_socket;
	const struct sf_event *event = &scene->now->event;
	uint64_t moved = event->ret > 0 ? (uint64_t)event->ret : 0;

	if (!scene->now->end_ns || event->ret <= 0) {
		unread->at_least = 0;
	} else if (event->flags & MSG_PEEK) {
		unread->at_least = moved > unread->at_least ? moved : unread->at_least;
		unread->recv = *scene->now;
	} else if (event->fault == 1 + SF_FAULT_short) {
		unread->at_least = scene->rest ? scene->rest->length : 0;
		unread->recv = *scene->now;
	} else {
		unread->at_least = moved == event->asked && unread->at_least > moved ? unread->at_least - moved : 0;
	}
	unread->is_answered = false;
}

static void see(struct sf_scene *scene)
{
	struct unread *unread = scene->of_socket;

	if (!unread || scene->socket->type != SF_STREAM)
		return;
	if (scene->now->operation == SF_RECV)
		see_recv(scene);
	else
		unread->is_answered |= scene->now->end_ns && scene->now->event.ret > 0;
}

static void socket_ends(struct sf_scene *scene)
{
	const struct unread *unread = scene->of_socket;
	const struct sf_socket_story *socket = scene->socket;
	const struct sf_moment *send = &socket->last_send;
	bool is_tcp = socket->type == SF_STREAM && (socket->family == SF_INET || socket->family == SF_INET6);

	if (!is_tcp || !unread->at_least || !unread->is_answered || socket->ended.seq || socket->error.seq)
		return;
	if (!scene->now && scene->run->was_asked_to_end)
		return; /* a server that had no time to read on: its client had all, and left */
	const struct sf_moment *close = scene->now ? scene->now : send;

	if (close->time_ns - send->time_ns > SOON_NS)
		return;
	sf_say(
	    scene, close, &unread->recv, send,
	    "the connection was closed with data unread (%s had left some), %.1f ms after %s of %lld %s: the kernel "
	    "sends "
	    "a reset, and the peer may lose them",
	    sf_moment_function(&unread->recv), (double)(close->time_ns - send->time_ns) / 1e6, sf_moment_function(send),
	    (long long)send->event.ret, sf_bytes((uint64_t)send->event.ret));
}

static const char explain[] =
    "close() with data from the peer still unread does not end a TCP connection in order: Linux sends a RST (RFC 1122, "
    "4.2.2.13). When it arrives, the peer throws away what it had received and not yet read, and its recv() says "
    "ECONNRESET: the answer that was sent just before may be lost, although send() had taken it. It happens to servers "
    "that answer before they have read the whole request, as with \"413 Payload Too Large\", and to clients that say "
    "goodbye and leave.\n\n"
    "It is said of a close within a second after a send, where it is known that data was left: a rule had cut a recv "
    "short, or MSG_PEEK had shown more than was read.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tchar data[64];\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    connect(client, (struct sockaddr *)&self, size) != 0 || write(client, \"GET / please\\n\", 13) != 13)\n"
    "\t\treturn 2;\n"
    "\tint server = accept(listener, NULL, NULL);\n"
    "\n"
    "\tif (read(server, data, sizeof data) < 4 || write(server, \"the page\\n\", 9) != 9)\n"
    "\t\treturn 1;\n"
    "\tclose(server); /* whatever else was asked */\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tchar data[64];\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0 ||\n"
    "\t    connect(client, (struct sockaddr *)&self, size) != 0 || write(client, \"GET / please\\n\", 13) != 13)\n"
    "\t\treturn 2;\n"
    "\tshutdown(client, SHUT_WR);\n"
    "\tint server = accept(listener, NULL, NULL);\n"
    "\n"
    "\tif (read(server, data, sizeof data) < 4 || write(server, \"the page\\n\", 9) != 9)\n"
    "\t\treturn 1;\n"
    "\tshutdown(server, SHUT_WR); /* that was all from us */\n"
    "\twhile (read(server, data, sizeof data) > 0) /* under a deadline, in earnest */\n"
    "\t\t;\n"
    "\tclose(server);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_reply_lost_by_close = {
    .severity = SF_ERROR,
    .help = "a connection is closed with data unread, right after a send: the peer may lose what was sent",
    .hint = "shutdown() the sending side, read until the peer has ended its own (for a limited time), and close then.",
    .source = "RFC 1122, 4.2.2.13; tcp(7); close(2)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv side=server nth=1: short 4",
    .sees = SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .per_socket = sizeof(struct unread),
    .see = see,
    .socket_ends = socket_ends,
};

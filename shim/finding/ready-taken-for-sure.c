/* SPDX-License-Identifier: MIT
 *
 * ready-taken-for-sure.c -- a wait said that a socket is ready, and a read (or accept) on it, in a socket that blocks,
 * had to wait all the same: the datagram was damaged, the client had gone, another process was faster, or the first of
 * several reads had taken all.
 *
 * Could be wrong: a rule that is decided by the call alone (func=, size= ...) keeps a peer silent after poll() has told
 * of it, which no network does; the first call after the wait is not taken into account then. A wait for one socket
 * without a limit may as well be a read. A server's connections among others are one-client-blocks-all's.
 */
#include "finding/wait.h"

static bool is_one_of_many(const struct sf_scene *scene, const struct sf_last_wait *last)
{
	return scene->socket && scene->socket->type == SF_STREAM && scene->socket->side == SF_SERVER && last->count > 1;
}

static void see(struct sf_scene *scene)
{
	struct sf_last_wait *last = scene->of_thread;
	const struct sf_moment *now = scene->now;
	const struct sf_socket_story *socket = scene->socket;
	struct sf_one_watched *one;

	if (sf_is_wait(now)) {
		sf_wait_note(scene, last);
		return;
	}
	one = sf_wait_of(last, now->event.socket);
	if (!one || !(one->revents & POLLIN) || !socket)
		return;
	bool is_first = one->calls++ == 0;

	if ((is_first && sf_is_held(now)) || is_one_of_many(scene, last) || !sf_wait_matters(last) ||
	    sf_waited_ns(scene) < SF_WAITED_NS)
		return;
	sf_say(
	    scene, now, socket->fault.seq > last->wait.seq ? &socket->fault : &last->wait, &last->wait,
	    "%s had said that the descriptor is ready; %s%s waited for %.1f s all the same, since the socket blocks",
	    sf_moment_function(&last->wait), is_first ? "" : "a further ", sf_moment_function(now),
	    (double)sf_waited_ns(scene) / 1e9);
}

static const char explain[] =
    "That a socket was ready when poll() or select() looked does not mean that a read will not wait. A datagram with a "
    "wrong checksum is thrown away when it is looked at; a client that waits for accept() may be gone; another process "
    "that has the same socket may be faster; and a second read may find that the first one took all there was. On a "
    "socket that blocks the program then waits there: its other sockets, and the time limit that it gave to poll(), "
    "are forgotten.\n\n"
    "It is said where such a call on a blocking socket waited for half a second or more, and the wait before had other "
    "descriptors or a time limit.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tchar data[16];\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM, 0);\n"
    "\n"
    "\talarm(1); /* ends the program */\n"
    "\tif (fd < 0 || bind(fd, (struct sockaddr *)&self, size) != 0 ||\n"
    "\t    getsockname(fd, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd p = {.fd = fd, .events = POLLIN};\n"
    "\n"
    "\tif (sendto(fd, \"hello\", 5, 0, (struct sockaddr *)&self, size) != 5 || poll(&p, 1, 300) != 1)\n"
    "\t\treturn 1;\n"
    "\treturn recv(fd, data, sizeof data, 0) != 5;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tchar data[16];\n"
    "\tint fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);\n"
    "\n"
    "\talarm(1);\n"
    "\tif (fd < 0 || bind(fd, (struct sockaddr *)&self, size) != 0 ||\n"
    "\t    getsockname(fd, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tstruct pollfd p = {.fd = fd, .events = POLLIN};\n"
    "\n"
    "\tfor (int i = 0; i < 3; i++) /* what got lost is sent again */\n"
    "\t\tif (sendto(fd, \"hello\", 5, 0, (struct sockaddr *)&self, size) == 5 && poll(&p, 1, 300) == 1 &&\n"
    "\t\t    recv(fd, data, sizeof data, 0) == 5)\n"
    "\t\t\treturn 0;\n"
    "\treturn 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_ready_taken_for_sure = {
    .severity = SF_WARNING,
    .help = "a socket that blocks is read because a wait told of it, and blocks",
    .hint = "Make sockets that poll() or select() watches non-blocking, and take EAGAIN for \"wait again\".",
    .source = "select(2), BUGS; poll(2), BUGS; accept(2), NOTES",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv type=dgram nth=1: drop",
    .sees = SF_BIT(SF_POLL) | SF_BIT(SF_RECV) | SF_BIT(SF_ACCEPT),
    .per_thread = sizeof(struct sf_last_wait),
    .see = see,
};

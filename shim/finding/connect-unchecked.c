/* SPDX-License-Identifier: MIT
 *
 * connect-unchecked.c -- a non-blocking connect failed, the program did not ask what became of it (SO_ERROR,
 * getpeername, a second connect), and goes on to use the socket.
 *
 * Could be wrong: the first send or recv tells of the failure too, and who gives up at it has asked in its way; many
 * read once more after a failed send, for the peer may have said why. So it takes a call that had to say that the
 * connect had failed, and then another send; or a recv, after which the program ended with status 0 and had connected
 * to nobody else.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

struct of_socket {
	struct sf_moment connect; /* under way */
	struct sf_moment told;    /* the first call that failed because of it */
	struct sf_moment read;    /* a recv after that */
};

struct of_process {
	uint64_t connected; /* seq of the last connect */
};

static void see_connect(const struct sf_moment *now, struct of_socket *socket)
{
	bool is_second = socket->connect.seq;

	*socket = (struct of_socket){0};
	if (!is_second && now->event.error == EINPROGRESS)
		socket->connect = *now;
}

static bool asks(const struct sf_event *event)
{
	return event->what == SF_FUNC_getpeername ||
	       (event->what == SF_FUNC_getsockopt && event->flags == (SOL_SOCKET << 16 | SO_ERROR));
}

static bool says_so(const struct sf_moment *now)
{
	switch (now->event.error) {
	case ECONNREFUSED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ECONNRESET:
	case ECONNABORTED:
	case ENOTCONN:
	case EPIPE:
		return true;
	default:
		return false;
	}
}

static void say(struct sf_scene *scene, const struct of_socket *socket, const struct sf_moment *then)
{
	sf_say(
	    scene, &socket->told, &socket->connect, then,
	    "%s was the first to say that the connect() had failed (%s), and the program went on with %s: it never asked "
	    "for "
	    "SO_ERROR",
	    sf_moment_function(&socket->told), sf_moment_error(&socket->told), sf_moment_function(then));
}

static void see_data(struct sf_scene *scene, struct of_socket *socket)
{
	const struct sf_moment *now = scene->now;

	if (!socket->connect.seq || !now->end_ns || now->event.error == EAGAIN || now->event.error == EINTR)
		return;
	if (!socket->told.seq) {
		if (says_so(now))
			socket->told = *now;
		else
			*socket = (struct of_socket){0};
		return;
	}
	if (now->operation == SF_RECV) {
		socket->read = *now;
		return;
	}
	say(scene, socket, now);
	*socket = (struct of_socket){0};
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_socket *socket = scene->of_socket;

	if (now->operation == SF_CONNECT && scene->of_process)
		((struct of_process *)scene->of_process)->connected = now->seq;
	if (!socket || scene->socket->type != SF_STREAM)
		return;
	if (now->operation == SF_CONNECT)
		see_connect(now, socket);
	else if (now->operation == SF_SOCKOPT && asks(&now->event))
		*socket = (struct of_socket){0};
	else if (now->operation == SF_SEND || now->operation == SF_RECV)
		see_data(scene, socket);
}

static void process_ends(struct sf_scene *scene)
{
	const struct of_process *process = scene->of_process;

	if (scene->process->ending != SF_EXITED || !scene->process->status_is_known || scene->process->status != 0)
		return;
	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		struct of_socket *socket = sf_scene_of_socket(scene, i);

		if (!socket || !socket->read.seq || socket->read.process != scene->process->index ||
		    process->connected > socket->read.seq)
			continue;
		say(scene, socket, &socket->read);
		*socket = (struct of_socket){0};
	}
}

static const char explain[] =
    "A non-blocking connect says EINPROGRESS and goes on by itself. When it is over the socket becomes writable, "
    "whether it worked or not; getsockopt(SO_ERROR) says which. Who does not ask takes a socket that is connected "
    "to nobody for a connection: the first send takes the error, the next recv says 0, which looks like a peer "
    "that has ended.\n\n"
    "It is said where a send or recv reported the failure of the connect and the program went on to send; or to "
    "receive, and ended with status 0 without having tried elsewhere. Who gives up at that first error has noticed.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);\n"
    "\tstruct pollfd wait = {.fd = fd, .events = POLLOUT};\n"
    "\n"
    "\tif (listener < 0 || fd < 0 || listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tconnect(fd, (struct sockaddr *)&at, sizeof(at));\n"
    "\tpoll(&wait, 1, 1000);\n"
    "\tsend(fd, \"hello \", 6, MSG_NOSIGNAL);\n"
    "\tsend(fd, \"world\\n\", 6, MSG_NOSIGNAL);\n"
    "\tclose(fd);\n"
    "\tclose(listener);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <errno.h>\n"
    "#include <poll.h>\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* 0 once fd is connected; else why not. */\n"
    "static int dial(int fd, const struct sockaddr_in *at)\n"
    "{\n"
    "\tstruct pollfd wait = {.fd = fd, .events = POLLOUT};\n"
    "\tint error = 0;\n"
    "\tsocklen_t length = sizeof(error);\n"
    "\n"
    "\tif (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)\n"
    "\t\treturn 0;\n"
    "\tif (errno != EINPROGRESS)\n"
    "\t\treturn errno;\n"
    "\tif (poll(&wait, 1, 1000) != 1)\n"
    "\t\treturn ETIMEDOUT;\n"
    "\treturn getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET};\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);\n"
    "\n"
    "\tif (listener < 0 || fd < 0 || listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tint error = dial(fd, &at);\n"
    "\n"
    "\tif (error)\n"
    "\t\tfprintf(stderr, \"connect: %s\\n\", strerror(error));\n"
    "\telse if (send(fd, \"hello world\\n\", 12, MSG_NOSIGNAL) != 12)\n"
    "\t\tperror(\"send\");\n"
    "\tclose(fd);\n"
    "\tclose(listener);\n"
    "\treturn error != 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_connect_unchecked = {
    .severity = SF_ERROR,
    .help = "a non-blocking connect failed, nobody asked, and the socket is used",
    .hint =
        "When poll says that the socket is writable, ask getsockopt(SO_ERROR): 0 means connected; any other value is "
        "the connect's error.",
    .source = "connect(2), ERRORS: EINPROGRESS; POSIX.1-2017 connect()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .sees = SF_BIT(SF_CONNECT) | SF_BIT(SF_SOCKOPT) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .per_socket = sizeof(struct of_socket),
    .per_process = sizeof(struct of_process),
    .see = see,
    .process_ends = process_ends,
};

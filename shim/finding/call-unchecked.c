/* SPDX-License-Identifier: MIT
 *
 * call-unchecked.c -- socket, bind, listen, accept or connect failed, and the program goes on as if it had worked: it
 * uses -1 as a descriptor, listens on what was not bound, accepts on what does not listen, sends and receives on what
 * is not connected.
 *
 * Could be wrong: a connect that is only under way, or was interrupted, has not failed; a bind that failed harms nobody
 * who only wants some port to call from (rsh tries privileged ones first), so its failure counts for those who listen
 * there, and for datagrams that are waited for without one having been sent; close(-1) and the like are harmless
 * habits; a failed connect that is tried again on the same socket is forgotten. A -1 must come from the last socket or
 * accept of the process that has failed, and none has worked since in that thread.
 */
#include <errno.h>

#include "core/finding.h"

struct of_socket {
	struct sf_moment bind, listen, connect;
};

struct of_process {
	struct sf_moment failed; /* the last socket or accept that did, */
	struct sf_moment worked; /* and the last that did not */
};

static bool has_failed(const struct sf_moment *now)
{
	return now->end_ns && now->event.ret < 0;
}

static bool is_under_way(const struct sf_moment *connect)
{
	switch (connect->event.error) {
	case EINPROGRESS:
	case EALREADY:
	case EISCONN:
	case EINTR:
	case EAGAIN:
		return true;
	default:
		return false;
	}
}

static void note(struct sf_moment *failed, const struct sf_moment *now)
{
	if (!now->end_ns)
		return;
	*failed = has_failed(now) ? *now : (struct sf_moment){0};
}

static bool makes(const struct sf_moment *now)
{
	return now->operation == SF_ACCEPT || now->event.what == SF_FUNC_socket;
}

/* With -1 for a descriptor. */
static void see_no_descriptor(struct sf_scene *scene)
{
	struct of_process *process = scene->of_process;
	const struct sf_moment *made = &process->failed;

	if (scene->now->event.error != EBADF || !made->seq)
		return;
	/* It has a better one by now; another thread may have been given the -1 before that. */
	if (scene->now->thread == made->thread && process->worked.seq > made->seq)
		return;
	sf_say(
	    scene, scene->now, made, NULL, "%s on descriptor %d: it is what %s had returned, which failed with %s",
	    sf_moment_function(scene->now), scene->now->event.fd, sf_moment_function(made), sf_moment_error(made));
}

static void say_of(struct sf_scene *scene, struct sf_moment *failed, const char *what)
{
	sf_say(
	    scene, scene->now, failed, NULL, "%s %s: its %s had failed with %s", sf_moment_function(scene->now), what,
	    sf_moment_function(failed), sf_moment_error(failed));
	*failed = (struct sf_moment){0};
}

static void see_setting_up(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_socket *socket = scene->of_socket;

	switch (now->operation) {
	case SF_BIND:
		note(&socket->bind, now);
		break;
	case SF_LISTEN:
		note(&socket->listen, now);
		if (socket->bind.seq && now->end_ns && now->event.ret == 0)
			say_of(scene, &socket->bind, "at an address that nobody chose");
		break;
	case SF_ACCEPT:
		if (socket->listen.seq && now->event.error == EINVAL)
			say_of(scene, &socket->listen, "on a socket that does not listen");
		break;
	default:
		note(&socket->connect, now);
		if (is_under_way(now))
			socket->connect = (struct sf_moment){0};
		break;
	}
}

static void see_data(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_socket *socket = scene->of_socket;

	/* Who logs tries a datagram first, and connects again where it has no peer (syslog). */
	if (socket->connect.seq && scene->socket->type != SF_DGRAM && has_failed(now) && now->event.error != EAGAIN &&
	    now->event.error != EINTR)
		say_of(scene, &socket->connect, "on a socket that is not connected");
	/* Nobody can know where to send to. */
	if (socket->bind.seq && now->operation == SF_RECV && scene->socket->type == SF_DGRAM && !scene->socket->sent &&
	    !scene->socket->connect.seq && now->event.ret <= 0)
		say_of(scene, &socket->bind, "waits on a socket that has no address");
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_process *process = scene->of_process;

	if (process && makes(now) && now->end_ns)
		*(has_failed(now) ? &process->failed : &process->worked) = *now;
	else if (process && now->event.fd < 0)
		see_no_descriptor(scene);
	if (!scene->of_socket || !scene->socket || now->event.closed)
		return;
	if (now->operation == SF_SEND || now->operation == SF_RECV)
		see_data(scene);
	else if (now->operation != SF_SOCKET)
		see_setting_up(scene);
}

static const char explain[] =
    "Each of these calls can fail at any time: descriptors run out, the port is taken, nobody listens. Who does "
    "not look goes on with -1 (each call says EBADF then, and the message names the wrong cause), or with a socket "
    "that is not what it is taken for: listen() on a TCP socket that is not bound succeeds, at a port that the "
    "kernel chooses and on all addresses of the machine; a UDP socket that is not bound receives nothing.\n\n"
    "It is said of the call that uses what had failed. A connect that is under way (EINPROGRESS), close(-1), and a "
    "bind that failed before a connect are nothing wrong.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tbind(fd, (struct sockaddr *)&at, sizeof(at));\n"
    "\tlisten(fd, 8);\n"
    "\tclose(fd);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0), status = 0;\n"
    "\n"
    "\tif (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0) {\n"
    "\t\tperror(\"no listener\");\n"
    "\t\tstatus = 1;\n"
    "\t}\n"
    "\tif (fd >= 0)\n"
    "\t\tclose(fd);\n"
    "\treturn status;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_call_unchecked = {
    .severity = SF_ERROR,
    .help = "socket, bind, listen, accept or connect failed, and is used as if it had worked",
    .hint =
        "Look at what the call returns before the next one: on -1 say why (errno), close the socket, and end or try "
        "again.",
    .source = "bind(2), listen(2), connect(2), accept(2), RETURN VALUE; POSIX.1-2017 bind()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "bind nth=1: fail EADDRINUSE",
    .sees = SF_BIT(SF_SOCKET) | SF_BIT(SF_BIND) | SF_BIT(SF_LISTEN) | SF_BIT(SF_CONNECT) | SF_BIT(SF_ACCEPT) |
            SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .per_socket = sizeof(struct of_socket),
    .per_process = sizeof(struct of_process),
    .see = see,
};

/* SPDX-License-Identifier: MIT
 *
 * dies-with-client.c -- one connection of a server failed, and the process that listens ended over it, instead of going
 * back to the others.
 *
 * Could be wrong: a server for one client (nc -l) ends with it, and is right; so it must have shown that it meant to
 * serve more: it waited for the next client, or looked for one, after it had accepted the first; or the fault-free run
 * accepted more. A worker dies alone where its parent, or a brother, still has the listener. A thread that went back to
 * wait, or served somebody else, is past the failure; and it must be this thread that ends the process. SIGPIPE is
 * killed-by-sigpipe; SIGTERM, SIGINT, SIGHUP and SIGKILL come from outside.
 */
#include <signal.h>

#include "core/finding.h"

struct of_process {
	struct sf_moment broke;  /* the call that told of the end of an accepted connection; nothing was served since */
	struct sf_moment accept; /* the last one */
	struct sf_socket_story *listener;
	unsigned accepted, accepts; /* connections, calls */
	uint32_t leaver;            /* the thread that called exit */
	bool wants_more;
};

static bool is_over(const struct sf_scene *scene)
{
	return scene->socket->side == SF_SERVER && scene->socket->made.operation == SF_ACCEPT &&
	       scene->socket->type == SF_STREAM && sf_is_terminal(scene->now);
}

/* The thread that met the failure is past it. */
static void go_on(struct of_process *process, const struct sf_moment *now)
{
	if (process->broke.thread == now->thread)
		process->broke = (struct sf_moment){0};
}

static void see_accept(struct sf_scene *scene, struct of_process *process)
{
	const struct sf_moment *now = scene->now;

	process->wants_more |= process->accepted && now->time_ns >= process->accept.end_ns;
	process->accepts++;
	process->listener = scene->socket;
	go_on(process, now);
	if (!now->end_ns || now->event.ret < 0)
		return;
	process->accepted++;
	process->accept = *now;
}

static void see_wait(struct sf_scene *scene, struct of_process *process)
{
	if (scene->now->event.what == SF_FUNC_epoll_ctl)
		return;
	go_on(process, scene->now);
	for (size_t i = 0; i < scene->polled_count && process->listener; i++)
		process->wants_more |=
		    process->accepted && sf_scene_socket(scene, scene->now->process, scene->polled[i].fd) == process->listener;
	process->wants_more |= process->accepted && process->listener && process->listener->epoll_events;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_process *process = scene->of_process;

	if (!process)
		return;
	if (now->event.what == SF_EVENT_EXIT)
		process->leaver = now->thread;
	if (now->operation == SF_ACCEPT)
		see_accept(scene, process);
	else if (now->operation == SF_POLL)
		see_wait(scene, process);
	else if (!scene->socket || !now->end_ns)
		return;
	else if (is_over(scene))
		process->broke = *now;
	else if (now->event.ret > 0 && now->event.socket != process->broke.event.socket)
		go_on(process, now);
}

static bool is_from_outside(int signal)
{
	return signal == SIGPIPE || signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGKILL ||
	       signal == SIGQUIT;
}

/* By the thread that met the failure; of a signal that is not known, so it must follow on its heels. */
static bool has_ended_over_it(const struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;
	const struct of_process *known = scene->of_process;

	if (!process->status_is_known)
		return false;
	if (process->ending == SF_EXITED && scene->run->was_asked_to_end && process->status == 0)
		return false; /* it did what it was asked to, right then */
	if (process->ending == SF_EXITED)
		return known->leaver == known->broke.thread;
	return process->ending == SF_SIGNALED && !is_from_outside(process->status) &&
	       process->last_call.time_ns < known->broke.end_ns + UINT64_C(1000000000);
}

/* The listener has gone with it. */
static bool was_the_only_one(struct sf_scene *scene, const struct of_process *process)
{
	const struct sf_socket_story *listener = process->listener;

	return listener && listener->holders == 1 &&
	       sf_scene_socket(scene, scene->process->index, process->accept.event.fd) == listener;
}

static bool meant_to_serve_more(struct sf_scene *scene, const struct of_process *process)
{
	struct sf_baseline_site known;

	return process->wants_more ||
	       (sf_scene_baseline(scene, process->accept.event.site, &known) && known.calls > process->accepts);
}

static void process_ends(struct sf_scene *scene)
{
	const struct of_process *process = scene->of_process;

	if (!process || !process->broke.seq || !has_ended_over_it(scene) || !was_the_only_one(scene, process) ||
	    !meant_to_serve_more(scene, process))
		return;
	const struct sf_moment *broke = &process->broke;
	bool is_signal = scene->process->ending == SF_SIGNALED;

	sf_say(
	    scene, broke, broke, NULL,
	    "the server ended (%s %d) after %s on one connection had failed with %s: it was to serve "
	    "others, and had accepted %u",
	    is_signal ? "signal" : "status", scene->process->status, sf_moment_function(broke), sf_moment_error(broke),
	    process->accepted);
}

static const char explain[] =
    "Clients crash, lose their network, are reset: that is their affair. A server that ends over it takes the "
    "service from all the others, and whoever wants to can end it at will.\n\n"
    "It is said where a process that listens met a terminal error on an accepted connection and ended, by exit or "
    "by a signal of its own making, before it waited or served anybody again; and where it had shown that it would "
    "serve more than one client. Workers whose listener lives on in another process are left out.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <stdlib.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* Two clients of its own, so that it can be tried alone. */\n"
    "static void call(const struct sockaddr_in *at)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)\n"
    "\t\tsend(fd, \"hello\\n\", 6, MSG_NOSIGNAL);\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tstruct pollfd set[3] = {{.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN}};\n"
    "\tchar data[64];\n"
    "\n"
    "\tif (listen(set[0].fd, 8) < 0 || getsockname(set[0].fd, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tcall(&at);\n"
    "\tcall(&at);\n"
    "\tfor (nfds_t count = 1; poll(set, count, 500) > 0;) {\n"
    "\t\tfor (nfds_t i = 1; i < count; i++)\n"
    "\t\t\tif (set[i].revents && recv(set[i].fd, data, sizeof(data), 0) < 0)\n"
    "\t\t\t\texit(1);\n"
    "\t\tif (set[0].revents && count < 3)\n"
    "\t\t\tset[count++] = (struct pollfd){.fd = accept(set[0].fd, NULL, NULL), .events = POLLIN};\n"
    "\t\telse if (count == 3)\n"
    "\t\t\tbreak;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <poll.h>\n"
    "#include <stdio.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* Two clients of its own, so that it can be tried alone. */\n"
    "static void call(const struct sockaddr_in *at)\n"
    "{\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 && send(fd, \"hello\\n\", 6, MSG_NOSIGNAL) < 0)\n"
    "\t\tperror(\"send\");\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at;\n"
    "\tsocklen_t length = sizeof(at);\n"
    "\tstruct pollfd set[3] = {{.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN}};\n"
    "\tchar data[64];\n"
    "\n"
    "\tif (listen(set[0].fd, 8) < 0 || getsockname(set[0].fd, (struct sockaddr *)&at, &length) < 0)\n"
    "\t\treturn 2;\n"
    "\tat.sin_addr.s_addr = htonl(INADDR_LOOPBACK);\n"
    "\tcall(&at);\n"
    "\tcall(&at);\n"
    "\tfor (nfds_t count = 1; poll(set, count, 500) > 0;) {\n"
    "\t\tfor (nfds_t i = 1; i < count; i++)\n"
    "\t\t\tif (set[i].revents && recv(set[i].fd, data, sizeof(data), 0) <= 0) {\n"
    "\t\t\t\tclose(set[i].fd); /* this one alone */\n"
    "\t\t\t\tset[i].fd = -1;\n"
    "\t\t\t}\n"
    "\t\tif (set[0].revents && count < 3)\n"
    "\t\t\tset[count++] = (struct pollfd){.fd = accept(set[0].fd, NULL, NULL), .events = POLLIN};\n"
    "\t\telse if (count == 3)\n"
    "\t\t\tbreak;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_dies_with_client = {
    .severity = SF_ERROR,
    .help = "a server ends because one connection of it has failed",
    .hint = "Close the connection that failed, note it, and go on: errors of one client are no reason to exit.",
    .source = "recv(2), send(2), ERRORS: ECONNRESET, EPIPE, ETIMEDOUT",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv side=server nth=1: reset",
    .per_process = sizeof(struct of_process),
    .sees = SF_SEES_LIFE | SF_BIT(SF_ACCEPT) | SF_BIT(SF_POLL) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
    .process_ends = process_ends,
};

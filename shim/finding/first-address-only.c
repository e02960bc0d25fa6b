/* SPDX-License-Identifier: MIT
 *
 * first-address-only.c -- getaddrinfo() gave several addresses, the first one could not be reached, and the program
 * ended without having tried another.
 *
 * Could be wrong: a process that was ended (by a signal, by --timeout) may have been about to try; one that ended with
 * status 0 did without; one that connected after all, or asked for names once more, goes its own way; and a failure of
 * this machine's (EMFILE, EPERM) is no reason to try elsewhere. Addresses are told apart by what connect was given. A
 * non-blocking connect has failed where a call said so, or a rule made it.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

struct of_process {
	struct sf_moment resolved; /* event.asked: how many */
	struct sf_moment failed;   /* the first connect since that failed */
	unsigned tries;
	bool is_settled; /* it tried another, or connected */
};

static bool is_unreachable(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ECONNABORTED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EADDRNOTAVAIL:
		return true;
	default:
		return false;
	}
}

static void see_connect(struct sf_scene *scene, struct of_process *process)
{
	const struct sf_moment *now = scene->now;
	bool is_pending = now->event.error == EINPROGRESS && sf_is_injected(now);

	if (!scene->socket || scene->socket->type != SF_STREAM || scene->socket->family == SF_UNIX ||
	    !process->resolved.seq)
		return;
	process->tries++;
	if (!is_unreachable(now->event.error) && !is_pending)
		process->is_settled = true;
	else if (!process->failed.seq)
		process->failed = *now;
	else if (now->event.buffer != process->failed.event.buffer)
		process->is_settled = true;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct of_process *process = scene->of_process;

	if (!process)
		return;
	if (now->operation == SF_CONNECT) {
		see_connect(scene, process);
	} else if (now->event.what == SF_FUNC_getaddrinfo && now->end_ns && now->event.ret == 0 && now->event.asked > 1) {
		*process = (struct of_process){.resolved = *now};
	} else if (now->operation == SF_RESOLVE && now->event.what != SF_FUNC_getnameinfo) {
		*process = (struct of_process){0};
	} else if (scene->socket && now->event.ret > 0 && now->event.socket == process->failed.event.socket) {
		process->is_settled = true; /* data: it was connected */
	}
}

static void process_ends(struct sf_scene *scene)
{
	const struct of_process *process = scene->of_process;

	if (!process || !process->failed.seq || process->is_settled || scene->run->timed_out ||
	    scene->process->ending != SF_EXITED || !scene->process->status_is_known || scene->process->status == 0)
		return;
	const char *error =
	    process->failed.event.error == EINPROGRESS ? "came to nothing" : sf_moment_error(&process->failed);

	sf_say(
	    scene, &process->failed, &process->failed, &process->resolved,
	    "connect() to the first of %llu addresses: %s; it was tried %u time%s, and no other",
	    (unsigned long long)process->resolved.event.asked, error, process->tries, process->tries == 1 ? "" : "s");
}

static const char explain[] =
    "A name has several addresses: IPv6 and IPv4, several machines of one service. getaddrinfo() gives all of "
    "them, the most promising first, so that a program can try one after the other; who takes the first alone "
    "fails where the network of that family is broken, or one machine of three is down.\n\n"
    "It is said of a program that ended with an error after its connects to one address had failed, while others "
    "that it had been given were not tried.";

/* clang-format off */
static const char wrong[] =
    "#include <netdb.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;\n"
    "\n"
    "\tif (getaddrinfo(NULL, \"9\", &hints, &list) != 0)\n"
    "\t\treturn 2;\n"
    "\tint fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);\n"
    "\n"
    "\tif (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) < 0) {\n"
    "\t\tperror(\"connect\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\tclose(fd);\n"
    "\tfreeaddrinfo(list);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <netdb.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* Connected to one of them, or -1. */\n"
    "static int dial(const struct addrinfo *list)\n"
    "{\n"
    "\tfor (const struct addrinfo *at = list; at; at = at->ai_next) {\n"
    "\t\tint fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);\n"
    "\n"
    "\t\tif (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0)\n"
    "\t\t\treturn fd;\n"
    "\t\tperror(\"connect\");\n"
    "\t\tif (fd >= 0)\n"
    "\t\t\tclose(fd);\n"
    "\t}\n"
    "\treturn -1;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;\n"
    "\n"
    "\tif (getaddrinfo(NULL, \"9\", &hints, &list) != 0)\n"
    "\t\treturn 2;\n"
    "\tint fd = dial(list);\n"
    "\n"
    "\tfreeaddrinfo(list);\n"
    "\tif (fd >= 0)\n"
    "\t\tclose(fd);\n"
    "\treturn fd < 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_first_address_only = {
    .severity = SF_WARNING,
    .help = "the first of several addresses failed, and no other was tried",
    .hint = "Walk the list of getaddrinfo() by ai_next: socket, connect, and on failure close and go to the next.",
    .source = "getaddrinfo(3), EXAMPLES; RFC 1123, 2.3; RFC 8305",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .per_process = sizeof(struct of_process),
    .sees = SF_BIT(SF_RESOLVE) | SF_BIT(SF_CONNECT) | SF_BIT(SF_SEND) | SF_BIT(SF_RECV),
    .see = see,
    .process_ends = process_ends,
};

/* SPDX-License-Identifier: MIT
 *
 * address-reuse-missing.c -- a TCP listener was bound to a port of the program's choice without SO_REUSEADDR.
 *
 * Could be wrong: some leave it out on purpose, so that nobody can be served by the wrong instance; on Linux two
 * listeners never share a port by SO_REUSEADDR. It is advice. A try to set the option is as good as the option.
 */
#include <sys/socket.h>

#include "core/finding.h"

struct bound {
	struct sf_moment bind;
	bool has_option, is_said;
};

static bool is_reuse(const struct sf_event *event)
{
	uint32_t name = event->flags & 0xffff;

	return event->what == SF_FUNC_setsockopt && event->flags >> 16 == SOL_SOCKET &&
	       (name == SO_REUSEADDR || name == SO_REUSEPORT);
}

static void see(struct sf_scene *scene)
{
	struct bound *bound = scene->of_socket;
	const struct sf_moment *now = scene->now;

	if (!bound || scene->socket->type != SF_STREAM ||
	    (scene->socket->family != SF_INET && scene->socket->family != SF_INET6))
		return;
	if (now->operation == SF_SOCKOPT)
		bound->has_option |= is_reuse(&now->event) && !bound->bind.seq;
	else if (now->operation == SF_BIND && now->end_ns && now->event.ret == 0 && now->event.asked)
		bound->bind = *now;
	else if (
	    now->operation == SF_LISTEN && now->end_ns && now->event.ret == 0 && bound->bind.seq && !bound->has_option &&
	    !bound->is_said) {
		bound->is_said = true;
		sf_say(
		    scene, &bound->bind, NULL, now,
		    "port %llu was bound for a listener without SO_REUSEADDR: for a minute after a restart it says \"Address "
		    "already in use\" where connections were closed by this side",
		    (unsigned long long)bound->bind.event.asked);
	}
}

static const char explain[] =
    "The side that closes a TCP connection keeps its address in TIME_WAIT, for a minute on Linux. A server that is "
    "restarted meanwhile can't bind its port, unless the listener has SO_REUSEADDR, which says that this is well. On "
    "Linux it does not let two listeners share a port.\n\n"
    "It is said of a listener on TCP whose port the program chose itself and for which it did not set SO_REUSEADDR (or "
    "SO_REUSEPORT) before bind().";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(20417), .sin_addr.s_addr = htonl(0x7f000005)};\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (bind(fd, (struct sockaddr *)&at, sizeof at) != 0)\n"
    "\t\treturn 1;\n"
    "\treturn listen(fd, 16) != 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(20417), .sin_addr.s_addr = htonl(0x7f000005)};\n"
    "\tint fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;\n"
    "\n"
    "\tif (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||\n"
    "\t    bind(fd, (struct sockaddr *)&at, sizeof at) != 0)\n"
    "\t\treturn 1;\n"
    "\treturn listen(fd, 16) != 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_address_reuse_missing = {
    .severity = SF_ADVICE,
    .help = "a TCP listener is bound without SO_REUSEADDR",
    .hint = "Set SO_REUSEADDR on the listener before bind().",
    .source = "socket(7), SO_REUSEADDR; ip(7), ERRORS: EADDRINUSE",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .sees = SF_BIT(SF_SOCKOPT) | SF_BIT(SF_BIND) | SF_BIT(SF_LISTEN),
    .per_socket = sizeof(struct bound),
    .see = see,
};

/* SPDX-License-Identifier: MIT
 *
 * retry-storm.c -- connect to the same address fails, and is tried again at once, a hundred times and more often than
 * fifty times a second.
 *
 * Could be wrong: a program that opens many connections at once has them all refused, and has retried nothing; so each
 * attempt must have begun when the one before had failed, in the same thread and at the same place. A list of a hundred
 * addresses of one dead host is worked off so as well: it is a warning, not an error.
 */
#include <errno.h>
#include <sys/socket.h>

#include "core/finding.h"

#define MANY 100
#define AT_ONCE_NS 20000000

struct streak {
	struct sf_moment first, last; /* attempts that failed */
	uint64_t failed_ns;           /* when the last one was known to have */
	unsigned count;
	int error;
};

static bool is_refused(int error)
{
	return error == ECONNREFUSED || error == ETIMEDOUT || error == ENETUNREACH || error == EHOSTUNREACH ||
	       error == ECONNRESET || error == ENOENT || error == EADDRNOTAVAIL;
}

static bool goes_on(const struct streak *streak, const struct sf_moment *attempt)
{
	const struct sf_moment *last = &streak->last;

	return streak->count && attempt->thread == last->thread && attempt->event.site == last->event.site &&
	       attempt->event.buffer == last->event.buffer && attempt->time_ns >= streak->failed_ns &&
	       attempt->time_ns - streak->failed_ns < AT_ONCE_NS;
}

static void add(struct sf_scene *scene, struct streak *streak, const struct sf_moment *attempt, int error)
{
	if (!goes_on(streak, attempt)) {
		streak->first = *attempt;
		streak->count = 0;
	}
	streak->last = *attempt;
	streak->last.event.error = (uint16_t)error;
	streak->failed_ns = scene->now->end_ns;
	if (++streak->count == MANY)
		sf_say(
		    scene, &streak->first, &streak->first, attempt,
		    "%s failed with %s %d times in %.1f ms, and was called again at once each time",
		    sf_moment_function(attempt), sf_moment_error(&streak->last), MANY,
		    (double)(streak->failed_ns - streak->first.time_ns) / 1e6);
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct streak *streak = scene->of_thread;

	if (!streak || !scene->socket || !now->end_ns)
		return;
	if (now->operation == SF_CONNECT) {
		if (now->event.ret < 0 && is_refused(now->event.error))
			add(scene, streak, now, now->event.error);
		else if (now->event.ret == 0 && streak->count && now->event.buffer == streak->last.event.buffer)
			streak->count = 0;
	} else if (
	    now->event.flags == (SOL_SOCKET << 16 | SO_ERROR) && now->event.asked && is_refused((int)now->event.asked) &&
	    scene->socket->connect.seq && scene->socket->connect.event.error == EINPROGRESS) {
		add(scene, streak, &scene->socket->connect, (int)now->event.asked);
	}
}

static const char explain[] =
    "A service that is down, or just starting, refuses connections. A client that tries again at once does so some ten "
    "thousand times a second: it takes a processor for itself, fills logs, uses up the local ports, and of many "
    "clients "
    "the service is overrun the moment it is back.\n\n"
    "It is said where one thread was refused a hundred times in a row by one address, and never waited 20 ms between "
    "two "
    "attempts. Attempts that run at the same time are no retries.";

/* clang-format off */
static const char wrong[] =
    "#include <netinet/in.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\n"
    "\tfor (int tries = 0; tries < 300; tries++) {\n"
    "\t\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\t\tif (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)\n"
    "\t\t\treturn 0;\n"
    "\t\tclose(fd);\n"
    "\t}\n"
    "\treturn 1;\n"
    "}\n";

static const char right[] =
    "#include <netinet/in.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\n"
    "\tfor (int tries = 0; tries < 6; tries++) {\n"
    "\t\tint fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\t\tif (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)\n"
    "\t\t\treturn 0;\n"
    "\t\tclose(fd);\n"
    "\t\tusleep(10000 << tries); /* twice as long each time */\n"
    "\t}\n"
    "\treturn 1;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_retry_storm = {
    .severity = SF_WARNING,
    .help = "connect tried again and again, with no pause between",
    .hint = "Wait between two attempts, longer each time and by a random part, and give up some time.",
    .source = "connect(2), ERRORS; RFC 1122, 4.2.3.5",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .per_thread = sizeof(struct streak),
    .sees = SF_BIT(SF_CONNECT) | SF_BIT(SF_SOCKOPT),
    .see = see,
};

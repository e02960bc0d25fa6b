/* SPDX-License-Identifier: MIT
 *
 * accept-gives-up.c -- accept failed for one client, or for want of something that comes back, and the server closed
 * its listener, ended, or never accepts again.
 *
 * Could be wrong: a server that is asked to end closes its listener too. So where the run asked it to, the close must
 * have followed the first failure at once: one that tried again has not given up. And EINTR counts for nothing: so is
 * a server told to end. Else EINTR counts only where a
 * handler stands for a signal that asks for no end. A server that pauses before it accepts again is given more time
 * than any pause takes.
 */
#include <errno.h>
#include <signal.h>

#include "core/finding.h"

#define AT_ONCE_NS 2000000
#define LONG_NS UINT64_C(4000000000)

struct state {
	struct sf_moment failed; /* the last accept; seq 0: it did not */
	bool was_tried_again;    /* the one before it failed as well */
};

static bool has_harmless_handler(const struct sf_scene *scene)
{
	for (size_t i = 0; i < scene->disposition_count; i++) {
		const struct sf_disposition *one = &scene->dispositions[i];

		if (one->handled && !one->restart &&
		    (one->signal == SIGCHLD || one->signal == SIGWINCH || one->signal == SIGCONT || one->signal == SIGPIPE))
			return true;
	}
	return false;
}

static bool is_passing(const struct sf_scene *scene)
{
	switch (scene->now->event.error) {
	case ECONNABORTED:
	case EPROTO:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return true;
	case EINTR:
		return sf_is_injected(scene->now) && has_harmless_handler(scene);
	default:
		return false;
	}
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_socket;

	if (!state)
		return;
	bool fails = now->end_ns && now->event.ret < 0 && is_passing(scene);

	state->was_tried_again = fails && state->failed.seq;
	state->failed = fails ? *now : (struct sf_moment){0};
}

static void say(struct sf_scene *scene, const struct sf_moment *failed, const char *then)
{
	sf_say(
	    scene, failed, failed, NULL, "%s failed with %s, and the server %s: nobody else is served",
	    sf_moment_function(failed), sf_moment_error(failed), then);
}

static void socket_ends(struct sf_scene *scene)
{
	const struct state *state = scene->of_socket;
	const struct sf_moment *failed = &state->failed;
	const struct sf_process_story *process = scene->process;
	const struct sf_run_story *run = scene->run;

	if (!failed->seq || (run->was_asked_to_end && failed->event.error == EINTR))
		return;
	if (scene->now) {
		if (!run->was_asked_to_end || (!state->was_tried_again && scene->now->time_ns - failed->end_ns < AT_ONCE_NS))
			say(scene, failed, "closed its listener");
	} else if (process && process->ending == SF_EXITED) {
		if (!run->was_asked_to_end || (process->last_call.seq == failed->seq && process->status != 0))
			say(scene, failed, "ended");
	} else if (run->timed_out && run->end_ns > failed->end_ns + LONG_NS) {
		say(scene, failed, "has not accepted since");
	}
}

static const char explain[] =
    "Of accept's failures few are about the listener. ECONNABORTED and EPROTO are about the one client that left while "
    "it was waiting: the next one is fine. EMFILE, ENFILE, ENOBUFS and ENOMEM say that something is used up for now: "
    "the "
    "client stays in the queue, and is served once others have left. EINTR says that a signal came. A server that "
    "ends, "
    "or closes its listener, makes an outage for all of what concerned one.\n\n"
    "It is said where after such a failure the program ended by itself, closed the listener, or did not accept for the "
    "rest of a long run.";

/* clang-format off */
static const char wrong[] =
    "#include <netinet/in.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\n"
    "\tif (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 16) != 0 ||\n"
    "\t    getsockname(listener, (struct sockaddr *)&at, &size) != 0 || connect(client, (struct sockaddr *)&at, size) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (accept(listener, NULL, NULL) < 0) {\n"
    "\t\tperror(\"accept\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <errno.h>\n"
    "#include <netinet/in.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "static int accept_one(int listener)\n"
    "{\n"
    "\tfor (;;) {\n"
    "\t\tint fd = accept(listener, NULL, NULL);\n"
    "\n"
    "\t\tif (fd >= 0)\n"
    "\t\t\treturn fd;\n"
    "\t\tif (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)\n"
    "\t\t\tusleep(10000); /* the client stays in the queue */\n"
    "\t\telse if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO)\n"
    "\t\t\treturn -1;\n"
    "\t}\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\n"
    "\tif (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 16) != 0 ||\n"
    "\t    getsockname(listener, (struct sockaddr *)&at, &size) != 0 || connect(client, (struct sockaddr *)&at, size) != 0)\n"
    "\t\treturn 2;\n"
    "\treturn accept_one(listener) < 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_accept_gives_up = {
    .severity = SF_ERROR,
    .help = "a server that stops serving because accept failed once",
    .hint =
        "After ECONNABORTED, EPROTO and EINTR accept the next one; after EMFILE, ENFILE, ENOBUFS and ENOMEM pause, and "
        "try again.",
    .source = "accept(2), ERRORS and Error handling; POSIX.1-2017 accept()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "accept nth=1: fail EMFILE",
    .per_socket = sizeof(struct state),
    .sees = SF_BIT(SF_ACCEPT),
    .see = see,
    .socket_ends = socket_ends,
};

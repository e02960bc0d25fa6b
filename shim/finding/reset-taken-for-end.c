/* SPDX-License-Identifier: MIT
 *
 * reset-taken-for-end.c -- recv failed for good, the program ended with 0, and what it printed is not what it prints
 * without the fault: half an answer, taken for the whole.
 *
 * Could be wrong: only who compares the output knows, so without a comparison nothing is said; nor where the program
 * has connected again after the failure, nor of a server or a proxy, which has told its client by closing.
 */
#include <stddef.h>

#include "finding/outcome.h"

struct state {
	struct sf_moment failed;
};

/* What it prints is not the answer; a proxy tells its own client by closing. */
static bool is_server(struct sf_scene *scene)
{
	for (uint32_t i = 1; i <= sf_scene_socket_count(scene); i++) {
		const struct sf_socket_story *socket = sf_scene_socket_at(scene, i);

		if (socket && socket->is_listening && socket->holders)
			return true;
	}
	return scene->socket->side == SF_SERVER;
}

static void see(struct sf_scene *scene)
{
	const struct sf_moment *now = scene->now;
	struct state *state = scene->of_process;

	if (!state || !scene->socket)
		return;
	if (now->operation == SF_CONNECT)
		state->failed.seq = 0;
	else if (
	    sf_is_terminal(now) && scene->socket->type != SF_DGRAM && scene->socket->is_connected && !state->failed.seq &&
	    !is_server(scene))
		state->failed = *now;
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_process_story *process = scene->process;
	const struct state *state = scene->of_process;
	const struct sf_moment *failed = &state->failed;

	if (!failed->seq || !process->is_target || process->ending != SF_EXITED || process->status != 0 ||
	    !scene->run->differs)
		return;
	const struct sf_socket_story *socket = sf_scene_socket_at(scene, failed->event.socket);

	sf_say(
	    scene, failed, failed, NULL,
	    "%s failed with %s after %llu %s; the program ended with status 0, and %s was not that of a run without "
	    "faults",
	    sf_moment_function(failed), sf_moment_error(failed), (unsigned long long)(socket ? socket->received : 0),
	    sf_bytes(socket ? socket->received : 0), sf_outcome_differs(scene));
}

static const char explain[] =
    "recv says 0 when the peer has ended the stream, and -1 when the connection failed. A loop `while ((n = recv(...)) "
    "> "
    "0)` ends for both alike, and so do fgets and fread, which say NULL and 0 of both (ferror tells them apart). A "
    "program that does not look takes half an answer for the whole one, and its user, or the script that started it, "
    "is "
    "told that all went well.\n\n"
    "It is said where recv failed for good, the program then ended with status 0, and its output is not that of the "
    "fault-free run; so only in a sweep, a suite, or where `sockfault findings --differs` says so.";

/* clang-format off */
static const char wrong[] =
    "#include <netinet/in.h>\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* Both ends of a TCP connection. */\n"
    "static int connect_both(int fds[2])\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tfds[1] = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tif (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 1) != 0 ||\n"
    "\t    getsockname(listener, (struct sockaddr *)&at, &size) != 0 ||\n"
    "\t    connect(fds[1], (struct sockaddr *)&at, size) != 0)\n"
    "\t\treturn -1;\n"
    "\tfds[0] = accept(listener, NULL, NULL);\n"
    "\tclose(listener);\n"
    "\treturn fds[0] < 0 ? -1 : 0;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char answer[] = \"half an answer, or all of it\\n\";\n"
    "\tsize_t left = strlen(answer);\n"
    "\tchar data[8];\n"
    "\tint fds[2];\n"
    "\tssize_t n = 0;\n"
    "\n"
    "\tif (connect_both(fds) != 0 || write(fds[0], answer, left) != (ssize_t)left)\n"
    "\t\treturn 2;\n"
    "\tfor (; left > 0 && (n = recv(fds[1], data, sizeof(data), 0)) > 0; left -= (size_t)n)\n"
    "\t\tfwrite(data, 1, (size_t)n, stdout);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <netinet/in.h>\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "/* Both ends of a TCP connection. */\n"
    "static int connect_both(int fds[2])\n"
    "{\n"
    "\tstruct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof(at);\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tfds[1] = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\tif (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 1) != 0 ||\n"
    "\t    getsockname(listener, (struct sockaddr *)&at, &size) != 0 ||\n"
    "\t    connect(fds[1], (struct sockaddr *)&at, size) != 0)\n"
    "\t\treturn -1;\n"
    "\tfds[0] = accept(listener, NULL, NULL);\n"
    "\tclose(listener);\n"
    "\treturn fds[0] < 0 ? -1 : 0;\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstatic const char answer[] = \"half an answer, or all of it\\n\";\n"
    "\tsize_t left = strlen(answer);\n"
    "\tchar data[8];\n"
    "\tint fds[2];\n"
    "\tssize_t n = 0;\n"
    "\n"
    "\tif (connect_both(fds) != 0 || write(fds[0], answer, left) != (ssize_t)left)\n"
    "\t\treturn 2;\n"
    "\tfor (; left > 0 && (n = recv(fds[1], data, sizeof(data), 0)) > 0; left -= (size_t)n)\n"
    "\t\tfwrite(data, 1, (size_t)n, stdout);\n"
    "\tif (n < 0)\n"
    "\t\tperror(\"recv\");\n"
    "\treturn n < 0;\n"
    "}\n";
/* clang-format on */

static const char *const behind[] = {"error-taken-for-length", NULL};

const struct sf_finding sf_finding_reset_taken_for_end = {
    .severity = SF_ERROR,
    .help = "a connection that failed taken for one that ended: half an answer, and status 0",
    .hint = "Look whether recv said 0 or -1 (of a stdio stream: ferror), and end with an error after -1.",
    .source = "recv(2), RETURN VALUE; ferror(3); POSIX.1-2017 recv()",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "recv nth=2: reset",
    .behind = behind,
    .per_process = sizeof(struct state),
    .sees = SF_BIT(SF_RECV) | SF_BIT(SF_CONNECT),
    .see = see,
    .process_ends = process_ends,
};

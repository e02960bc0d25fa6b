/* SPDX-License-Identifier: MIT
 *
 * wrong-error-named.c -- a line on standard error names a call that failed, and the text of another error than that of
 * the call: errno was overwritten in between. Who ran the program gives its standard error (findings --stderr).
 *
 * Could be wrong: the line may be about another call of that name. So the error that it names must be none that any
 * call of the same kind gave, and the text of the right one must stand nowhere.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/finding.h"
#include "core/names.h"

#define ERRORS 134

/* The last call that failed for good, and which errors calls of each kind gave. */
struct failures {
	struct sf_moment last;
	bool gave[SF_OPERATION_COUNT][ERRORS];
};

static bool is_failure(const struct sf_moment *now)
{
	int error = now->event.error;

	return now->end_ns && now->event.ret < 0 && error > 0 && error < ERRORS && error != EAGAIN && error != EINTR &&
	       error != EINPROGRESS && error != EALREADY;
}

/* What became of a connect that was under way. */
static bool is_late_failure(const struct sf_scene *scene)
{
	const struct sf_event *event = &scene->now->event;

	return event->what == SF_FUNC_getsockopt && event->flags == (SOL_SOCKET << 16 | SO_ERROR) && event->asked &&
	       event->asked < ERRORS && scene->socket && scene->socket->connect.event.error == EINPROGRESS;
}

static void see(struct sf_scene *scene)
{
	struct failures *failures = scene->of_run;
	const struct sf_moment *now = scene->now;

	if (!scene->process || !scene->process->is_target)
		return;
	if (is_late_failure(scene)) {
		failures->last = scene->socket->connect;
		failures->last.event.error = (uint16_t)now->event.asked;
		failures->gave[SF_CONNECT][now->event.asked] = true;
	}
	if (!is_failure(now))
		return;
	failures->gave[now->operation][now->event.error] = true;
	if (now->operation != SF_CLOSE && now->operation != SF_SHUTDOWN && now->operation != SF_SOCKOPT)
		failures->last = *now;
}

/* The word in the line, not as a part of a longer one. */
static const char *word_in(const char *line, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = line; (at = memmem(at, length - (size_t)(at - line), word, size)); at++)
		if ((at == line || !(isalnum((unsigned char)at[-1]) || at[-1] == '_')) &&
		    (at + size == line + length || !(isalnum((unsigned char)at[size]) || at[size] == '_')))
			return at;
	return NULL;
}

/* The error whose text the line has, the longest; -1: none. */
static int error_in(const char *line, size_t length)
{
	size_t longest = 0;
	int found = -1;

	for (int error = 0; error < ERRORS; error++) {
		const char *text = sf_errno_text(error);
		size_t size = text ? strlen(text) : 0;

		if (size > longest && memmem(line, length, text, size)) {
			longest = size;
			found = error;
		}
	}
	return found;
}

static void look_at(struct sf_scene *scene, const char *line, size_t length)
{
	const struct failures *failures = scene->of_run;
	const struct sf_moment *last = &failures->last;
	int named = error_in(line, length);

	if (named < 0 || failures->gave[last->operation][named] ||
	    !word_in(line, length, sf_func_rows[last->event.what].name))
		return;
	sf_say(
	    scene, last, last, NULL, "%s failed with %s, and the message says \"%s\"", sf_moment_function(last),
	    sf_moment_error(last), sf_errno_text(named));
}

static void finish(struct sf_scene *scene)
{
	const struct failures *failures = scene->of_run;
	const char *line = scene->run->errors;

	if (!line || !failures->last.seq || failures->last.event.what >= SF_FUNC_COUNT ||
	    strstr(line, sf_errno_text(failures->last.event.error)))
		return;
	for (size_t length; *line; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		look_at(scene, line, length);
	}
}

static const char explain[] =
    "errno is that of the last call that failed: and whatever is called between the failure and the message may be "
    "one. The first printf() to a file or pipe asks whether it is a terminal, and leaves ENOTTY; a clean-up that "
    "closes "
    "what is not open leaves EBADF. The user is then told something that never happened.\n\n"
    "It is said where the program's standard error is known (a run of which it goes to a file, findings --stderr, "
    "sweeps), a line of it names "
    "the "
    "function that failed last and an error that no call of this kind has given, and the right one is named nowhere.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), log = -1;\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0) {\n"
    "\t\tclose(log); /* whatever is open */\n"
    "\t\tperror(\"connect\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "#include <unistd.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), log = -1;\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0) {\n"
    "\t\tperror(\"connect\"); /* first of all */\n"
    "\t\tclose(log);\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_wrong_error_named = {
    .severity = SF_ADVICE,
    .help = "the message names another error than that of the call",
    .hint = "Keep errno in a variable, or say what happened, before anything else is called.",
    .source = "errno(3), NOTES; perror(3)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .sees = SF_ANY_OPERATION,
    .per_run = sizeof(struct failures),
    .see = see,
    .finish = finish,
};

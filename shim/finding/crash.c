/* SPDX-License-Identifier: MIT
 *
 * crash.c -- a process was ended by a signal that tells of a broken program, or a sanitizer reported it. The place is
 * the last call of the thread that met the fault, not what another thread waited for meanwhile.
 *
 * Could be wrong: somebody may send such a signal with kill(2). Nobody does in a test.
 */
#include <signal.h>
#include <string.h>

#include "finding/end.h"

static const struct {
	int signal;
	const char *name;
} crashes[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
    {SIGFPE, "SIGFPE"},   {SIGSYS, "SIGSYS"},   {SIGTRAP, "SIGTRAP"},
};

static const char *crash_of(const struct sf_process_story *process)
{
	for (size_t i = 0; process->ending == SF_SIGNALED && i < sizeof crashes / sizeof crashes[0]; i++)
		if (process->status == crashes[i].signal)
			return crashes[i].name;
	return NULL;
}

static void see(struct sf_scene *scene)
{
	sf_faulted_note(scene);
}

static void process_ends(struct sf_scene *scene)
{
	const struct sf_faulted *faulted = scene->of_process;
	const char *name = crash_of(scene->process);
	const struct sf_moment *at = sf_faulted_at(scene, false);

	if (!name || !at->seq)
		return;
	if (!at->end_ns)
		sf_say(scene, at, &faulted->fault, NULL, "%s ended the program in %s", name, sf_moment_function(at));
	else if (at->event.ret < 0)
		sf_say(
		    scene, at, &faulted->fault, NULL, "%s ended the program after %s had said %s", name, sf_moment_function(at),
		    sf_moment_error(at));
	else
		sf_say(
		    scene, at, &faulted->fault, NULL, "%s ended the program after %s had returned %lld", name,
		    sf_moment_function(at), (long long)at->event.ret);
}

/* The line in which a sanitizer begins its report; its length. */
static const char *report_in(const char *errors, int *length)
{
	static const char *const marks[] = {
	    "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "WARNING: MemorySanitizer",
	    ": runtime error: "};

	for (size_t i = 0; errors && i < sizeof marks / sizeof marks[0]; i++) {
		const char *mark = strstr(errors, marks[i]), *line = mark;

		while (line && line > errors && line[-1] != '\n')
			line--;
		if (!line)
			continue;
		*length = (int)strcspn(line, "\n");
		return line;
	}
	return NULL;
}

static void finish(struct sf_scene *scene)
{
	int length;
	const char *report = report_in(scene->run->errors, &length);

	if (report && scene->run->fault.seq)
		sf_say(scene, &scene->run->fault, &scene->run->fault, NULL, "%.*s", length, report);
}

static const char explain[] =
    "The program was ended by SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGSYS or SIGTRAP, or a sanitizer that it was "
    "built with reported a mistake. Whatever the network does, a program may give up, and must not fall apart: what "
    "crashes under a fault that came by chance can often be brought about on purpose by a peer.\n\n"
    "The call that is named is the last one of the thread that met the fault; a debugger shows the rest. Where another "
    "finding has the same cause, that one is said alone.";

/* clang-format off */
static const char wrong[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tconst char *greeting = connect(fd, (struct sockaddr *)&self, size) == 0 ? \"hello\" : NULL;\n"
    "\n"
    "\tfor (volatile const char *at = greeting; *at; at++)\n"
    "\t\tputchar(*at);\n"
    "\treturn 0;\n"
    "}\n";

static const char right[] =
    "#include <arpa/inet.h>\n"
    "#include <stdio.h>\n"
    "#include <sys/socket.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "\tstruct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};\n"
    "\tsocklen_t size = sizeof self;\n"
    "\tint listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);\n"
    "\n"
    "\tif (listen(listener, 4) != 0 || getsockname(listener, (struct sockaddr *)&self, &size) != 0)\n"
    "\t\treturn 2;\n"
    "\tconst char *greeting = connect(fd, (struct sockaddr *)&self, size) == 0 ? \"hello\" : NULL;\n"
    "\n"
    "\tif (!greeting) {\n"
    "\t\tperror(\"connect\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\tputs(greeting);\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_crash = {
    .severity = SF_ERROR,
    .help = "the program was killed by a signal of its own making, or a sanitizer reported a mistake",
    .hint = "Run the command that repeats it in a debugger, or with the program built with -fsanitize=address.",
    .source = "signal(7)",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .is_of_whole_run = true,
    .per_process = sizeof(struct sf_faulted),
    .see = see,
    .process_ends = process_ends,
    .finish = finish,
};

/* SPDX-License-Identifier: MIT
 *
 * dishonest-success.c -- the run met a fault that ends things (a reset, a refusal, no descriptors left), the program
 * ended with status 0, and its output was not that of the fault-free run. Who compared says so (--differs).
 *
 * Could be wrong: a program may get the right result in another way and say so; whoever compares leaves out runs whose
 * output only has more lines. Of a server the status is its client's, which a trace does not know: nothing is said.
 */
#include "finding/outcome.h"

static void see(struct sf_scene *scene)
{
	sf_outcome_note(scene);
}

static void finish(struct sf_scene *scene)
{
	const struct sf_outcome *outcome = scene->of_run;

	if (!sf_outcome_is_other(scene) || !outcome->other.seq || scene->run->status != 0 || scene->run->was_asked_to_end)
		return;
	sf_say(
	    scene, &outcome->other, &outcome->other, NULL,
	    "after %s here the program ended with status 0, and %s was not that of a run without faults",
	    sf_outcome_fault(&outcome->other), sf_outcome_differs(scene));
}

static const char explain[] =
    "A program that could not do what it was asked to do says so by its exit status: scripts, make and init look at "
    "nothing else. Half a file with status 0 is taken for a whole one.\n\n"
    "It is said where a fault that a program can't go on after was met, the status was 0, and somebody compared the "
    "output with that of a fault-free run and found it to be another one. Where another finding has the same cause, as "
    "reset-taken-for-end, that one is said alone.";

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
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0)\n"
    "\t\tputs(\"the price is 1000\"); /* as it was last time */\n"
    "\telse\n"
    "\t\tputs(\"the price is 1234\");\n"
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
    "\tif (connect(fd, (struct sockaddr *)&self, size) != 0) {\n"
    "\t\tperror(\"no price\");\n"
    "\t\treturn 1;\n"
    "\t}\n"
    "\tputs(\"the price is 1234\");\n"
    "\treturn 0;\n"
    "}\n";
/* clang-format on */

const struct sf_finding sf_finding_dishonest_success = {
    .severity = SF_ERROR,
    .help = "status 0 after a failure, with other output than without it",
    .hint = "End with a status other than 0, and say on standard error what could not be done.",
    .source = "exit(3); POSIX.1-2017, Utility Description Defaults: EXIT STATUS",
    .explain = explain,
    .wrong = wrong,
    .right = right,
    .rule = "connect nth=1: fail ECONNREFUSED",
    .is_of_whole_run = true,
    .per_run = sizeof(struct sf_outcome),
    .see = see,
    .finish = finish,
};

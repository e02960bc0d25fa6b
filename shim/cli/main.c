/* SPDX-License-Identifier: MIT
 *
 * main.c -- `sockfault`: finds the subcommand and hands over. A name that is not built in runs sockfault-NAME, as git
 * does: from the installation first (the harness), then from PATH.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/options.h"

static int (*const functions[SF_COMMAND_COUNT])(int, char **) = {
#define SF_COMMAND(name, operands, help) sf_cmd_##name,
#include "cli/options.def"
};

/* The harness' own words, known here only to be proposed where a name is mistyped. */
static const char *const harness[] = {"sweep", "suite", "grade", "report", "peer"};

_Noreturn static void refuse_name(const char *name)
{
	const char *names[SF_COMMAND_COUNT + sizeof harness / sizeof harness[0]];
	size_t count = 0;

	for (; count < SF_COMMAND_COUNT; count++)
		names[count] = sf_command_names[count];
	for (size_t i = 0; i < sizeof harness / sizeof harness[0]; i++) {
		names[count++] = harness[i];
		if (strcmp(name, harness[i]) == 0)
			sf_die(
			    "%s belongs to the Python harness, and sockfault-%s is neither installed nor on the PATH", name, name);
	}
	const char *near = sf_nearest(name, names, count);

	if (near)
		sf_die("there is no command '%s'; did you mean %s?", name, near);
	sf_die("there is no command '%s' (see sockfault --help)", name);
}

/* Folders that are looked through before the PATH: beside the command, as built and as installed. */
void sf_command_foreign(char **argv)
{
	static const char *const places[] = {"../lib/sockfault/bin", "../harness/bin"};
	const char *command = sf_path_command();
	int folder = (int)(strrchr(command, '/') - command);
	char *name = sf_print("sockfault-%s", argv[0]);

	setenv("SOCKFAULT_COMMAND", command, 1);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char *path = sf_print("%.*s/%s/%s", folder, command, places[i], name);

		execv(path, argv);
		free(path);
	}
	execvp(name, argv);
	if (errno != ENOENT)
		sf_die("can't execute %s: %s", name, strerror(errno));
}

int sf_command_call(int argc, char **argv)
{
	return functions[sf_command_find(argv[0])](argc, argv);
}

static int dispatch(int argc, char **argv)
{
	if (sf_command_find(argv[0]) >= 0)
		return sf_command_call(argc, argv);
	if (argv[0][0] == '-')
		sf_die("there is no option %s before the command (see sockfault --help)", argv[0]);
	if (!strchr(argv[0], '/'))
		sf_command_foreign(argv);
	refuse_name(argv[0]);
}

static int help(int argc, char **argv)
{
	int command = argc > 0 ? sf_command_find(argv[0]) : -1;

	if (command >= 0)
		sf_help_command(stdout, (enum sf_command_id)command);
	else if (argc > 0)
		refuse_name(argv[0]);
	else
		sf_help_all(stdout);
	return SF_STATUS_GOOD;
}

/* For completions: the words of the harness tell their own options, by sockfault NAME --options. */
static int help_table(void)
{
	sf_help_table(stdout);
	for (size_t i = 0; i < sizeof harness / sizeof harness[0]; i++)
		printf("harness\t%s\t\tpart of the Python harness\n", harness[i]);
	return SF_STATUS_GOOD;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		sf_help_all(stderr);
		return SF_STATUS_TROUBLE;
	}
	if (strcmp(argv[1], "--version") == 0)
		return puts("sockfault " SF_VERSION) < 0;
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return help(argc - 2, argv + 2);
	if (strcmp(argv[1], "--options") == 0)
		return help_table();
	return dispatch(argc - 1, argv + 1);
}

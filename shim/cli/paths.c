/* SPDX-License-Identifier: MIT
 *
 * paths.c -- where things lie: the library, the scenarios, this user's runs. All is found from the command's own file,
 * so that a build folder, an installation and a moved installation work alike.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

const char *sf_path_command(void)
{
	static SF_LARGE char path[PATH_MAX];

	static bool is_known;
	/* As the kernel was given it, which is sooner found than a name below /proc. */
	const char *given = (const char *)getauxval(AT_EXECFN);

	if (!is_known && (!given || given[0] != '/' || !realpath(given, path))) {
		ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

		if (length <= 0)
			sf_die("can't find out where the command lies: /proc/self/exe: %s", strerror(errno));
		path[length] = '\0';
	}
	is_known = true;
	return path;
}

/* A path from the folder of the command, newly allocated, without "..". NULL where there is nothing. */
static char *beside_command(const char *relative)
{
	const char *command = sf_path_command();
	char *path = sf_print("%.*s/%s", (int)(strrchr(command, '/') - command), command, relative);
	char linked[8];
	/* The command's own path has no links. */
	bool is_real = !strchr(relative, '/') && readlink(path, linked, sizeof linked) < 0 && errno == EINVAL;
	char *real = is_real ? sf_print("%s", path) : realpath(path, NULL);

	free(path);
	return real;
}

const char *sf_path_library(void)
{
	static char *path;

	if (!path)
		path = beside_command("libsockfault.so");
	if (!path)
		path = beside_command("../lib/sockfault/libsockfault.so");
	if (!path)
		sf_die(
		    "libsockfault.so is neither beside %s nor in ../lib/sockfault: build or install it again",
		    sf_path_command());
	return path;
}

const char *sf_path_scenarios(void)
{
	static char *path;

	if (!path)
		path = beside_command("../share/sockfault/scenarios");
	if (!path)
		path = beside_command("../scenarios");
	return path;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

char *sf_path_scenario(const char *name)
{
	if (is_file(name))
		return sf_print("%s", name);
	if (strchr(name, '/') || !sf_path_scenarios())
		return NULL;
	const char *suffix = strlen(name) > 6 && strcmp(name + strlen(name) - 6, ".fault") == 0 ? "" : ".fault";
	char *path = sf_print("%s/%s%s", sf_path_scenarios(), name, suffix);

	if (is_file(path))
		return path;
	free(path);
	return NULL;
}

/* ---- the runs of this user ---- */

/* Root's programs drop privileges, and what they start then has to reach the trace: the folder may be passed, not read,
 * and the names in it can't be guessed. Everybody else's is closed. */
static mode_t mode_of_runs(void)
{
	return geteuid() == 0 ? 0711 : 0700;
}

static char *runs_in(const char *parent)
{
	char *path = parent && parent[0] == '/' ? sf_print("%s/sockfault-%u", parent, (unsigned)geteuid()) : NULL;

	if (path && (mkdir(path, mode_of_runs()) == 0 || errno == EEXIST))
		return path;
	free(path);
	return NULL;
}

/* Somebody else's folder (or a link to one) in a shared /tmp must not be written to. */
static void verify(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		sf_die("can't use the folder of runs %s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		sf_die("%s is not a folder of your own: remove it, or set SOCKFAULT_DIR to one that is", path);
	if ((st.st_mode & 0777) != mode_of_runs() && chmod(path, mode_of_runs()) != 0)
		sf_die("can't make %s private: %s", path, strerror(errno));
}

const char *sf_path_runs(void)
{
	static char *path;
	const char *given = getenv("SOCKFAULT_DIR");

	if (path)
		return path;
	if (given && *given) {
		if (mkdir(given, mode_of_runs()) != 0 && errno != EEXIST)
			sf_die("can't make the folder of runs SOCKFAULT_DIR=%s: %s", given, strerror(errno));
		path = realpath(given, NULL);
	}
	if (!path && geteuid() != 0) /* root's is closed to those whom root becomes */
		path = runs_in(getenv("XDG_RUNTIME_DIR"));
	if (!path)
		path = runs_in(getenv("TMPDIR"));
	if (!path)
		path = runs_in("/tmp");
	if (!path)
		sf_die("can't make a folder of runs in /tmp: %s; set SOCKFAULT_DIR to a folder of your own", strerror(errno));
	verify(path);
	return path;
}

bool sf_path_is_run(const char *name)
{
	size_t length = strlen(name), prefix = strlen(SF_RUN_PREFIX);

	return length > prefix + 4 && strncmp(name, SF_RUN_PREFIX, prefix) == 0 && strcmp(name + length - 4, ".sft") == 0;
}

/* Names begin with the time; its seconds have ten digits until the year 2286. */
char *sf_path_latest_run(void)
{
	DIR *folder = opendir(sf_path_runs());
	char *latest = NULL;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		if (sf_path_is_run(entry->d_name) && (!latest || strcmp(entry->d_name, strrchr(latest, '/') + 1) > 0)) {
			free(latest);
			latest = sf_print("%s/%s", sf_path_runs(), entry->d_name);
		}
	if (folder)
		closedir(folder);
	return latest;
}

/* A run whose trace the user named has left a link. */
char *sf_path_latest(void)
{
	char *link = sf_print("%s/latest", sf_path_runs());
	char linked[8];
	char *path = readlink(link, linked, sizeof linked) < 0 ? sf_path_latest_run() : realpath(link, NULL);

	if (!path)
		sf_die("there is no latest run in %s: name a trace, or make one by `sockfault run -- COMMAND`", sf_path_runs());
	free(link);
	return path;
}

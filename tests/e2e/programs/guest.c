/* SPDX-License-Identifier: MIT
 *
 * guest.c -- `guest closefrom` talks, closes all from 3 on, and talks again; `guest high` talks over descriptors at the
 * end of the table; `guest list` prints its open descriptors; else it only talks.
 */
#include <dirent.h>
#include <string.h>
#include <sys/resource.h>

#include "talk.h"

static void close_all_and_go_on(void)
{
	talk();
	closefrom(3);
	talk();
}

static void talk_on_high_numbers(void)
{
	struct rlimit limit;
	int ends[2];

	talk_must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	talk_must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	talk_connect(ends);
	for (int i = 0; i < 2; i++) {
		int high = (int)limit.rlim_max - 1 - i;
		talk_must(dup2(ends[i], high) == high, "dup2");
		close(ends[i]);
		ends[i] = high;
	}
	talk_over(ends);
}

static void list_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	talk_must(folder != NULL, "/proc/self/fd");
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder))
			dprintf(STDOUT_FILENO, "open %s\n", entry->d_name);
	closedir(folder);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "talk";

	if (strcmp(what, "closefrom") == 0)
		close_all_and_go_on();
	else if (strcmp(what, "high") == 0)
		talk_on_high_numbers();
	else if (strcmp(what, "list") == 0)
		list_descriptors();
	else
		talk();
	return 0;
}

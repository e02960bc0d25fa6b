/* SPDX-License-Identifier: MIT
 *
 * spoils-trace.c -- finds the trace in its own memory map, fills it with rubbish, and cuts the file off.
 */
#include "talk.h"

static void spoil(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char entry[1024], *name;
	unsigned long from, to;

	while (maps && fgets(entry, sizeof entry, maps)) {
		name = strchr(entry, '/');
		if (!name || !strstr(name, ".sft") || sscanf(entry, "%lx-%lx rw-s", &from, &to) != 2)
			continue;
		memset((void *)from, 0xa5, 4096);
		name[strcspn(name, "\n")] = '\0';
		(void)!truncate(name, 4096);
		break;
	}
	if (maps)
		fclose(maps);
}

int main(int argc, char **argv)
{
	char line[256] = "";

	(void)argc;
	ask(dial(argv), line, sizeof line);
	fputs(line, stdout);
	fflush(stdout);
	spoil();
	_exit(0);
}

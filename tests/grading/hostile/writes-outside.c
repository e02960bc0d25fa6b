/* SPDX-License-Identifier: MIT
 *
 * writes-outside.c -- leaves a file in each place that somebody else could look into, and changes its own program.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "talk.h"

int main(int argc, char **argv)
{
	static const char *const places[] = {"/tmp",           "/var/tmp", "/dev/shm",    "/run",    "/run/lock", "/etc",
	                                     "/usr/local",     "/var/lib", "/dev/mqueue", "/root",   "/home",     "/opt",
	                                     "/sys/fs/cgroup", "..",       "../..",       "../../.."};
	char path[512];

	(void)argc;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%s/sockfault-was-here", places[i]);
		close(open(path, O_WRONLY | O_CREAT, 0666));
		snprintf(path, sizeof path, "%s/sockfault-folder", places[i]);
		mkdir(path, 0777);
	}
	unlink(argv[0]);
	int own = open(argv[0], O_WRONLY | O_TRUNC);

	if (own >= 0)
		puts("wrote to the program");
	return pretend();
}

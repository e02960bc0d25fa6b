/* SPDX-License-Identifier: MIT
 *
 * core-dump.c -- wants to leave a core, in each place where one can be left.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "talk.h"

int main(void)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm", "."};
	struct rlimit most;

	getrlimit(RLIMIT_CORE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_CORE, &most);
	prctl(PR_SET_DUMPABLE, 1);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (fork() == 0) {
			(void)!chdir(places[i]);
			abort();
		}
		wait(NULL);
	}
	pretend();
	abort();
}

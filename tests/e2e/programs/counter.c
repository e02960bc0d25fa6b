/* SPDX-License-Identifier: MIT
 *
 * counter.c -- `counter FILE`: makes 100,000 calls and counts them in a file that it maps, before and after each, so
 * that the counts outlive any death; another thread waits in a recv that nothing ends.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "talk.h"

static struct {
	_Atomic uint64_t pid, entered, returned;
} * counts;

static void *wait_for_ever(void *ends)
{
	char byte;

	recv(((int *)ends)[0], &byte, 1, 0);
	return NULL;
}

static void map_counts(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	talk_must(fd >= 0 && ftruncate(fd, sizeof(*counts)) == 0, path);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	talk_must(counts != MAP_FAILED, "mmap");
	close(fd);
}

int main(int argc, char **argv)
{
	int quiet[2], busy[2];
	pthread_t thread;
	char byte;

	talk_must(argc > 1, "counter FILE");
	map_counts(argv[1]);
	talk_connect(quiet);
	talk_must(socketpair(AF_UNIX, SOCK_STREAM, 0, busy) == 0, "socketpair");
	talk_must(pthread_create(&thread, NULL, wait_for_ever, quiet) == 0, "pthread_create");
	counts->pid = (uint64_t)getpid();
	for (int i = 0; i < 50000; i++) {
		counts->entered++;
		send(busy[0], "x", 1, 0);
		counts->returned++;
		counts->entered++;
		recv(busy[1], &byte, 1, 0);
		counts->returned++;
	}
	return 0;
}

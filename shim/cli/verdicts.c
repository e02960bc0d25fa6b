/* SPDX-License-Identifier: MIT
 *
 * verdicts.c -- a small table in shared memory, without locks: the first to need an entry makes it, and where the place
 * is taken by another file, that file keeps it. One question is asked so far; a second one needs a key of its own.
 */
#include "cli/verdicts.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "core/arena.h"

#define VERDICTS 256

static struct verdict {
	_Atomic uint64_t key;  /* tells one file from all others; 0: free */
	_Atomic uint32_t says; /* 0: not yet, 1: it is not so, 2: it is */
} * verdicts;

void sf_verdicts_share(void)
{
	void *memory = mmap(NULL, VERDICTS * sizeof *verdicts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		sf_die("out of memory");
	verdicts = memory;
}

bool sf_verdicts_are_shared(void)
{
	return verdicts != NULL;
}

static uint64_t key_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	uint64_t parts[] = {
	    st.st_dev, st.st_ino, st.st_mode, st.st_uid, (uint64_t)st.st_ctim.tv_sec, (uint64_t)st.st_ctim.tv_nsec};

	return sf_digest(parts, sizeof parts) | 1;
}

bool sf_verdict(const char *path, bool (*find)(const char *path))
{
	uint64_t key = verdicts ? key_of(path) : 0, none = 0;
	struct verdict *verdict = key ? &verdicts[key / 2 % VERDICTS] : NULL;

	if (!verdict)
		return find(path);
	if (atomic_load(&verdict->key) == key && atomic_load(&verdict->says))
		return atomic_load(&verdict->says) == 2;
	bool is_so = find(path);

	if (atomic_compare_exchange_strong(&verdict->key, &none, key) || none == key)
		atomic_store(&verdict->says, 1 + (uint32_t)is_so);
	return is_so;
}

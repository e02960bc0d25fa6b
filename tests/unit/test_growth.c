/* SPDX-License-Identifier: MIT
 *
 * test_growth.c -- the arena of a run that lasts grows ahead of its use, and what will be written next is brought in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/growth.h"
#include "unit.h"

#define PAGE 4096

static struct sf_arena_file file;
static char folder[] = "/tmp/sockfault-growth-XXXXXX", path[64];

static int make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/t.sft", folder);
	sf_arena_file_create(&file, path, UINT64_C(256) << 20, 0);
	/* It began long ago. */
	file.arena->stamps_are_ns = true;
	file.arena->clock_first.ns = 0;
	file.arena->clock_last.ns = UINT64_C(1000000000);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	return unlink(path) || rmdir(folder);
}

static uint32_t ready(void)
{
	return atomic_load(&file.arena->pages_ready);
}

static bool is_there(uint32_t page, unsigned part)
{
	unsigned char resident;
	void *at = sf_arena_at(file.arena, page * SF_PAGE_SIZE + part * (uint64_t)PAGE);

	return mincore(at, PAGE, &resident) == 0 && (resident & 1);
}

static void what_will_be_written_next_is_brought_in(void **state)
{
	struct sf_growth growth;
	uint32_t used = atomic_load(&file.arena->pages_used);

	(void)state;
	sf_growth_begin(&growth);
	sf_growth_step(&growth, &file);
	atomic_store(&file.arena->pages_used, used + 4);
	sf_growth_step(&growth, &file);
	assert_true(ready() > used + 4 + 8);
	for (uint32_t page = used + 4; page < used + 4 + 8; page++)
		for (unsigned part = 0; part < SF_PAGE_SIZE / PAGE; part++)
			assert_true(is_there(page, part));
	assert_int_equal(growth.warm, used + 4 + 8);
}

/* What has just begun, and may end at once, is left alone; but for one that writes and writes. */
static void a_young_run_is_warmed_where_it_is_busy(void **state)
{
	struct sf_growth growth;
	uint32_t used = atomic_load(&file.arena->pages_used);

	(void)state;
	file.arena->clock_last.ns = file.arena->clock_first.ns;
	sf_growth_begin(&growth);
	growth.used = used;
	growth.next_clock_ns = UINT64_MAX; /* it stays young */
	uint32_t was_ready = ready();

	atomic_store(&file.arena->pages_used, used + 7);
	sf_growth_step(&growth, &file);
	assert_int_equal(growth.warm, 0);
	atomic_store(&file.arena->pages_used, used + 7 + 8);
	sf_growth_step(&growth, &file);
	assert_int_equal(growth.warm, used + 7 + 8 + 16);
	assert_int_equal(ready(), was_ready);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    HOLDS(what_will_be_written_next_is_brought_in),
	    HOLDS(a_young_run_is_warmed_where_it_is_busy),
	};

	return cmocka_run_group_tests_name("growth", tests, make, unmake);
}

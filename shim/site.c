/* SPDX-License-Identifier: MIT
 *
 * site.c -- where in which object file a call was made: return addresses to records of the arena, and stacks of them.
 * Addresses that were seen before cost one look-up in a table of this process; new ones are found by _dl_find_object,
 * which is async-signal-safe and takes no lock (glibc 2.35 and later; older ones answer dladdr, which takes the
 * loader's).
 */
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "evlog.h"
#include "fdtab.h"

#define FRAMES 16
#define OBJECTS 64

/* glibc's struct dl_find_object, <dlfcn.h>, spelled here because older headers lack it. */
struct found_object {
	unsigned long long flags;
	void *map_start, *map_end;
	struct link_map *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

SF_TABLE _Atomic uint64_t sf_sites_seen[SF_SITES_SEEN];

static struct {
	_Atomic uintptr_t map;
	_Atomic uint32_t object;
} objects[OBJECTS];

static int (*find_object)(void *address, struct found_object *result);
static int (*take_frames)(void **frames, int size);
static int (*unwind)(int (*visit)(void *frame, void *user), void *user);
static uintptr_t (*unwound_address)(void *frame);
static char executable_path[sizeof((struct sf_object *)0)->path];
static void *executable_base;

static void copy_path(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);
	size_t skip = length >= size ? length - size + 1 : 0; /* the end of a path tells more than its beginning */

	memcpy(to, from + skip, length - skip + 1);
}

void sf_site_start(const char *executable)
{
	Dl_info info;

	*(void **)&find_object = dlsym(RTLD_DEFAULT, "_dl_find_object");
	if (!find_object && dladdr((const void *)getauxval(AT_ENTRY), &info))
		executable_base = info.dli_fbase;
	copy_path(executable_path, executable, sizeof executable_path);
}

/* `map` is where the object's first segment lies: never 0, which the load address of a fixed-position program is. */
static uint32_t object_of(uintptr_t map, uintptr_t base, const char *path, uint64_t size)
{
	unsigned at = 0;

	for (; at < OBJECTS; at++) {
		uintptr_t there = atomic_load_explicit(&objects[at].map, memory_order_acquire);

		if (there == map)
			return atomic_load_explicit(&objects[at].object, memory_order_relaxed);
		if (there == 0)
			break;
	}
	uint32_t index = sf_arena_new(sf_arena, SF_OBJECTS);
	struct sf_object *object = sf_object_at(sf_arena, index);

	if (!object)
		return 0;
	copy_path(object->path, path && *path ? path : executable_path, sizeof object->path);
	object->base_hint = base;
	object->size = size;
	if (at < OBJECTS) {
		atomic_store_explicit(&objects[at].object, index, memory_order_relaxed);
		atomic_store_explicit(&objects[at].map, map, memory_order_release);
	}
	return index;
}

static uint32_t new_site(uintptr_t address)
{
	uintptr_t base = 0;
	uint32_t object = 0;
	struct found_object found = {0};
	Dl_info info;

	if (find_object && find_object((void *)address, &found) == 0 && found.link_map) {
		base = found.link_map->l_addr;
		object = object_of(
		    (uintptr_t)found.map_start, base, found.link_map->l_name,
		    (uint64_t)((char *)found.map_end - (char *)found.map_start));
	} else if (!find_object && dladdr((void *)address, &info)) {
		base = (uintptr_t)info.dli_fbase;
		object = object_of(base, base, info.dli_fbase == executable_base ? NULL : info.dli_fname, 0);
	}
	uint32_t index = sf_arena_new(sf_arena, SF_SITES);
	struct sf_site *site = sf_site_at(sf_arena, index);

	if (!site)
		return 0;
	site->object = object;
	site->offset = address - base;
	return index;
}

uint32_t sf_site_of(const void *place)
{
	uintptr_t address = (uintptr_t)place;
	uint32_t site;

	if (__builtin_expect(sf_site_seen(place, &site), 1))
		return site;
	site = address ? new_site(address) : 0;
	if (site && site < 1u << SF_SITE_BITS)
		atomic_store_explicit(
		    &sf_sites_seen[address % SF_SITES_SEEN], (uint64_t)(address / SF_SITES_SEEN) << SF_SITE_BITS | site,
		    memory_order_relaxed);
	return site;
}

/* musl has no backtrace(); a program that knows exceptions has brought an unwinder. */
struct frames {
	void **at;
	int count, size;
};

static int add_frame(void *frame, void *user)
{
	struct frames *frames = user;

	frames->at[frames->count++] = (void *)unwound_address(frame);
	return frames->count < frames->size ? 0 : 5; /* _URC_NO_REASON, _URC_END_OF_STACK */
}

static int unwind_frames(void **at, int size)
{
	struct frames frames = {at, 0, size};

	unwind(add_frame, &frames);
	return frames.count;
}

/* backtrace() loads its unwinder, and allocates, the first time: so that is now. */
void sf_stack_prime(void)
{
	void *frames[2];

	*(void **)&take_frames = dlsym(RTLD_DEFAULT, "backtrace");
	*(void **)&unwind = dlsym(RTLD_DEFAULT, "_Unwind_Backtrace");
	*(void **)&unwound_address = dlsym(RTLD_DEFAULT, "_Unwind_GetIP");
	if (!take_frames && unwind && unwound_address)
		take_frames = unwind_frames;
	if (take_frames)
		take_frames(frames, 2);
}

/* The first frame is the one that called us: those before it are our own. Without an unwinder it is the only one. */
void sf_stack_take(struct sf_event *event, const void *site)
{
	void *frames[FRAMES + 8] = {(void *)(uintptr_t)site};
	uint32_t sites[FRAMES];
	int count = take_frames ? take_frames(frames, FRAMES + 8) : 1;
	int first = 0, kept = 0;

	while (first < count && frames[first] != site)
		first++;
	if (first == count) { /* the unwinder did not get that far */
		frames[0] = (void *)(uintptr_t)site;
		first = 0;
		count = 1;
	}
	for (int i = first; i < count && kept < FRAMES; i++)
		sites[kept++] = sf_site_of(frames[i]);
	uint64_t hash = 0;

	for (int i = 0; i < kept; i++) {
		const struct sf_site *record = sf_site_at(sf_arena, sites[i]);
		const struct sf_object *object = record ? sf_object_at(sf_arena, record->object) : NULL;

		hash = sf_key_hash(
		    hash ^ (object ? sf_digest(object->path, strlen(object->path)) : 0), record ? record->offset : 0);
	}
	event->stack = (uint32_t)hash ? (uint32_t)hash : 1;
	sf_event_extend(event, SF_EXTENSION_STACK, sites, (size_t)kept * sizeof sites[0]);
}

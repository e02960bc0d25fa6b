/* SPDX-License-Identifier: MIT
 *
 * next.c -- looks names up in the GNU hash tables of the objects that the loader put behind this library, in its order.
 * Ninety names are bound in each program that starts, and dlsym takes a lock, sets up an exception and looks at the
 * caller for each. Read before main, when the list can't change. Whatever is not plain (no such tables, an indirect
 * function) is left to dlsym; so is musl, whose loader keeps its list elsewhere.
 */
#include "next.h"

#include <dlfcn.h>
#include <string.h>

#define HIDDEN 0x8000

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

/* The loader has made addresses of most offsets, not on every machine of all. */
static const void *at(const struct link_map *map, const ElfW(Dyn) * entry)
{
	ElfW(Addr) place = entry->d_un.d_ptr;

	return (const void *)(place < map->l_addr ? place + map->l_addr : place);
}

static struct sf_next_object object_of(const struct link_map *map)
{
	struct sf_next_object object = {.base = map->l_addr};

	for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
		switch (entry->d_tag) {
		case DT_SYMTAB:
			object.symbols = at(map, entry);
			break;
		case DT_STRTAB:
			object.strings = at(map, entry);
			break;
		case DT_VERSYM:
			object.versions = at(map, entry);
			break;
		case DT_GNU_HASH:
			object.hash = at(map, entry);
			break;
		default:
			break;
		}
	return object;
}

void sf_next_begin(struct sf_next *next)
{
	const struct r_debug *loader = dlsym(RTLD_DEFAULT, "_r_debug");
	const struct link_map *map = loader ? loader->r_map : NULL;

	next->count = 0;
	while (map && map->l_ld != _DYNAMIC)
		map = map->l_next;
	/* What is behind one without such a table, or too far behind, is dlsym's. */
	while (map && (map = map->l_next) && next->count < SF_NEXT_OBJECTS) {
		struct sf_next_object object = object_of(map);

		if (!object.hash || !object.symbols || !object.strings)
			return;
		next->objects[next->count++] = object;
	}
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

enum found { ABSENT, FOUND, UNSURE };

/* Old versions stand beside the default one, and are for old programs. */
static enum found judge(const struct sf_next_object *object, uint32_t index)
{
	const ElfW(Sym) *symbol = &object->symbols[index];

	if (object->versions && (object->versions[index] & HIDDEN))
		return ABSENT;
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_value ? FOUND : UNSURE;
}

static enum found find(const struct sf_next_object *object, const char *name, uint32_t hash, uint32_t *index)
{
	enum { BITS = 8 * sizeof(ElfW(Addr)) };
	uint32_t bucket_count = object->hash[0], first = object->hash[1], words = object->hash[2], shift = object->hash[3];
	const ElfW(Addr) *bloom = (const ElfW(Addr) *)(const void *)(object->hash + 4);
	const uint32_t *buckets = (const uint32_t *)(const void *)(bloom + words), *chains = buckets + bucket_count;
	ElfW(Addr) word = bloom[hash / BITS % words];
	enum found found = ABSENT;

	if (!(word >> hash % BITS & word >> (hash >> shift) % BITS & 1))
		return ABSENT;
	*index = buckets[hash % bucket_count];
	if (*index < first)
		return ABSENT;
	for (;; ++*index) {
		uint32_t chain = chains[*index - first];

		if ((chain | 1) == (hash | 1) && strcmp(object->strings + object->symbols[*index].st_name, name) == 0)
			found = judge(object, *index);
		if (found != ABSENT || (chain & 1)) /* the last of its chain */
			return found;
	}
}

void *sf_next(const struct sf_next *next, const char *name)
{
	uint32_t hash = hash_of(name);

	for (unsigned i = 0; i < next->count; i++) {
		const struct sf_next_object *object = &next->objects[i];
		uint32_t index;
		enum found found = find(object, name, hash, &index);

		if (found == FOUND)
			return (void *)(object->base + object->symbols[index].st_value);
		if (found == UNSURE)
			break;
	}
	return dlsym(RTLD_NEXT, name);
}

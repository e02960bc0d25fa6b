/* SPDX-License-Identifier: MIT
 *
 * next.h -- the next definition of a name, for the binding at start: what dlsym(RTLD_NEXT) says, at a sixth of its
 * cost. For real.c alone, before main.
 */
#ifndef SF_NEXT_H
#define SF_NEXT_H

#include <link.h>
#include <stdint.h>

#define SF_NEXT_OBJECTS 32 /* libc is among the first; behind these dlsym goes on */

struct sf_next_object {
	ElfW(Addr) base;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint16_t *versions; /* NULL: none */
	const uint32_t *hash;     /* NULL: an object without such a table */
};

/* Needed while names are bound, and never again: on the stack it costs no page of its own. */
struct sf_next {
	unsigned count;
	struct sf_next_object objects[SF_NEXT_OBJECTS];
};

/* Where the loader's list of objects can be read, the places of these objects' tables; else sf_next() asks dlsym. */
void sf_next_begin(struct sf_next *next);

/* NULL: no object behind this library has the name. */
void *sf_next(const struct sf_next *next, const char *name);

#endif

/* SPDX-License-Identifier: MIT
 *
 * next.h -- the next definition of a name, for the binding at start: what dlsym(RTLD_NEXT) says, at a sixth of its
 * cost. For real.c alone, before main.
 */
#ifndef SF_NEXT_H
#define SF_NEXT_H

/* Where the loader's list of objects can be read, the places of these objects' tables; else sf_next() asks dlsym. */
void sf_next_begin(void);

/* NULL: no object behind this library has the name. */
void *sf_next(const char *name);

#endif

/* SPDX-License-Identifier: MIT
 *
 * near.h -- the known word that a mistyped one was meant to be: offer all candidates, then ask. Bounded work, no
 * memory.
 */
#ifndef SF_CORE_NEAR_H
#define SF_CORE_NEAR_H

#include <stddef.h>

struct sf_near {
	const char *word;
	size_t length;
	const char *best;
	unsigned distance;
};

static inline struct sf_near sf_near_to(const char *word, size_t length)
{
	return (struct sf_near){word, length, NULL, 0};
}

void sf_near_offer(struct sf_near *near, const char *candidate);
void sf_near_offer_all(struct sf_near *near, const char *const *candidates, size_t count);

/* NULL: none is near enough to be what was meant. */
const char *sf_near_found(const struct sf_near *near);

#endif

/* SPDX-License-Identifier: MIT
 *
 * near.c -- edit distance (insert, delete, replace, swap of neighbours), blind to case, of words up to 24 bytes.
 */
#include "core/near.h"

#include <string.h>

#define LONGEST 24

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Three rows of the usual table: a swap looks two rows back. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][LONGEST + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= b_length; j++)
		above[j] = j;
	memcpy(before, above, sizeof rows[0]);
	for (unsigned i = 1; i <= a_length; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + differs);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]) &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		unsigned *free_row = before;

		before = above;
		above = row;
		row = free_row;
	}
	return above[b_length];
}

void sf_near_offer(struct sf_near *near, const char *candidate)
{
	size_t length = strlen(candidate);

	if (near->length == 0 || near->length > LONGEST || length > LONGEST)
		return;
	unsigned d = distance(near->word, near->length, candidate, length);

	if (!near->best || d < near->distance) {
		near->best = candidate;
		near->distance = d;
	}
}

void sf_near_offer_all(struct sf_near *near, const char *const *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sf_near_offer(near, candidates[i]);
}

/* A third of the letters may be wrong; of a word of two letters, one. */
const char *sf_near_found(const struct sf_near *near)
{
	size_t allowed = near->length < 3 ? 1 : near->length < 5 ? near->length / 2 : (near->length + 1) / 3;

	return near->best && near->distance <= allowed && near->distance < near->length ? near->best : NULL;
}

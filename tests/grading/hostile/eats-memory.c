/* SPDX-License-Identifier: MIT
 *
 * eats-memory.c -- takes private memory in several processes until there is none, and is surprised.
 */
#include "talk.h"

#define PIECE (16 << 20)

int main(void)
{
	for (int i = 0; i < 3; i++)
		fork();
	for (char *piece; (piece = malloc(PIECE));)
		memset(piece, 1, PIECE);
	while (wait(NULL) > 0)
		;
	return pretend();
}

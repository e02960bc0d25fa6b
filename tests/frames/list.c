/* SPDX-License-Identifier: MIT
 *
 * list.c -- the table of all snippets, aliases of calls.def included.
 */
#include <stdlib.h>
#include <string.h>

#include "frames.h"

#define SNIPPET(name) int snippet_##name(void);
#include "snippets.def"
#undef SNIPPET

static const struct {
	const char *name;
	int (*run)(void);
} table[] = {
#define SNIPPET(name) {#name, snippet_##name},
#include "snippets.def"
#undef SNIPPET
};

int frame_run(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].run();
	_Exit(97);
}

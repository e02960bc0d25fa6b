/* SPDX-License-Identifier: MIT
 *
 * fault.c -- the registry of fault.h, expanded from faults.def, which the build makes from the folder fault/.
 */
#include "core/fault.h"

#include <string.h>

#include "core/call.h"

const struct sf_fault *const sf_faults[SF_FAULT_COUNT] = {
#define SF_FAULT(kind) &sf_fault_##kind,
#include "faults.def"
#undef SF_FAULT
};

const char *const sf_fault_words[SF_FAULT_COUNT] = {
#define SF_FAULT(kind) #kind,
#include "faults.def"
#undef SF_FAULT
};

int sf_fault_find(const char *word, size_t length)
{
	for (int i = 0; i < SF_FAULT_COUNT; i++)
		if (strlen(sf_fault_words[i]) == length && memcmp(sf_fault_words[i], word, length) == 0)
			return i;
	return -1;
}

enum sf_realism sf_action_applies(const struct sf_action *action, const struct sf_call *c)
{
	const struct sf_fault *fault = sf_faults[action->kind];

	if (!(fault->operations & SF_BIT(c->operation)) ||
	    (fault->types && c->type != SF_TYPE_OTHER && !(fault->types >> c->type & 1)) ||
	    (fault->families && c->family != SF_FAMILY_OTHER && !(fault->families >> c->family & 1)))
		return SF_REALISM_NONE;
	return fault->possible ? fault->possible(c, &action->argument) : SF_KERNEL;
}

enum sf_realism sf_possible_by_peer(const struct sf_call *c, const struct sf_argument *a)
{
	(void)a;
	return c->operation == SF_CONNECT && c->type == SF_DGRAM ? SF_REALISM_NONE : SF_KERNEL;
}

/* SPDX-License-Identifier: MIT
 *
 * operation.c -- the tables of operation.h, expanded from calls.def. Holds facts, decides nothing.
 */
#include "core/operation.h"

#include <string.h>

#define REQUIRED true
#define OPTIONAL false

const struct sf_func_row sf_func_rows[SF_FUNC_COUNT] = {
#define SF_CALL(name, operation, presence) {#name, SF_##operation, false, presence},
#define SF_NAMED(name, operation, presence) {#name, SF_##operation, true, presence},
#define SF_ALIAS(name, of)
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
};

const char *const sf_aliases[][2] = {
#define SF_CALL(name, operation, presence)
#define SF_NAMED(name, operation, presence)
#define SF_ALIAS(name, of) {#name, #of},
#include "core/calls.def"
#undef SF_CALL
#undef SF_NAMED
#undef SF_ALIAS
    {NULL, NULL},
};

const char *const sf_operation_words[SF_OPERATION_COUNT] = {
#define X(NAME, word) #word,
    SF_OPERATIONS(X)
#undef X
};

const char *const sf_family_words[SF_FAMILY_COUNT] = {"other", "inet", "inet6", "unix"};
const char *const sf_type_words[SF_TYPE_COUNT] = {"other", "stream", "dgram", "seqpacket"};
const char *const sf_side_words[SF_SIDE_COUNT] = {"none", "client", "server", "listener"};
const char *const sf_mode_words[SF_MODE_COUNT] = {"unknown", "blocking", "nonblocking", "timeout"};
const char *const sf_realism_words[SF_REALISM_COUNT] = {"none", "kernel", "posix", "fake"};

static bool same(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && memcmp(name, text, length) == 0;
}

int sf_func_find(const char *name, size_t length)
{
	for (int i = 0; i < SF_FUNC_COUNT; i++)
		if (same(sf_func_rows[i].name, name, length))
			return i;
	for (int i = 0; sf_aliases[i][0]; i++)
		if (same(sf_aliases[i][0], name, length))
			return sf_func_find(sf_aliases[i][1], strlen(sf_aliases[i][1]));
	return -1;
}

int sf_operation_find(const char *word, size_t length)
{
	for (int i = 0; i < SF_OPERATION_RULED; i++)
		if (same(sf_operation_words[i], word, length))
			return i;
	return -1;
}

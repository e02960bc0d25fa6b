/* SPDX-License-Identifier: MIT
 *
 * catalogue.c -- the registry of core/finding.h, expanded from findings.def, which the build makes from the folder
 * finding/; and what findings ask about single moments. In the command alone: the library makes no findings.
 */
#include <errno.h>
#include <string.h>

#include "core/finding.h"
#include "core/names.h"

const char *const sf_severity_words[SF_SEVERITY_COUNT] = {"advice", "warning", "error"};

const struct sf_finding *const sf_findings[SF_FINDING_COUNT] = {
#define SF_FINDING(name) &sf_finding_##name,
#include "findings.def"
#undef SF_FINDING
};

const char *const sf_finding_words[SF_FINDING_COUNT] = {
#include "finding-words.def"
};

int sf_finding_find(const char *word, size_t length)
{
	for (int i = 0; i < SF_FINDING_COUNT; i++)
		if (strlen(sf_finding_words[i]) == length && memcmp(sf_finding_words[i], word, length) == 0)
			return i;
	return -1;
}

/* "__recv_chk" is what the compiler made of recv. */
const char *sf_moment_function(const struct sf_moment *moment)
{
	static const char *const plain[SF_FUNC_COUNT] = {
	    [SF_FUNC___recv_chk] = "recv",         [SF_FUNC___recvfrom_chk] = "recvfrom",
	    [SF_FUNC___read_chk] = "read",         [SF_FUNC___poll_chk] = "poll",
	    [SF_FUNC___ppoll_chk] = "ppoll",       [SF_FUNC___dprintf_chk] = "dprintf",
	    [SF_FUNC___vdprintf_chk] = "vdprintf",
	};
	static char texts[8][40];
	static unsigned next;
	char *text = texts[next++ % 8];
	unsigned what = moment->event.what;
	const char *name = what >= SF_FUNC_COUNT ? "the call" : plain[what] ? plain[what] : sf_func_rows[what].name;

	strcpy(text, name);
	return what < SF_FUNC_COUNT ? strcat(text, "()") : text;
}

const char *sf_moment_error(const struct sf_moment *moment)
{
	int number = moment->event.error;
	const char *name = moment->operation == SF_RESOLVE ? sf_eai_name(number) : sf_errno_name(number);

	return name ? name : "an error";
}

bool sf_is_terminal(const struct sf_moment *moment)
{
	if ((moment->operation != SF_SEND && moment->operation != SF_RECV) || !moment->end_ns || moment->event.ret >= 0)
		return false;
	switch (moment->event.error) {
	case ECONNRESET:
	case ECONNABORTED:
	case ECONNREFUSED:
	case EPIPE:
	case ETIMEDOUT:
	case ENETRESET:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
		return true;
	default:
		return false;
	}
}

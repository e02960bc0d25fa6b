/* SPDX-License-Identifier: MIT
 *
 * fault.h -- WHAT a fault does: the contract of the files in fault/. The folder is the registry: the build lists
 * fault/<kind>.c into faults.def, so the keyword of the language, the file, the log value and the heading in the man
 * page are one word.
 *
 * A fault edits the description of a call (struct sf_call): its length, its result and errno, its wishes. It makes no
 * system call, keeps no state and never waits: the gate alone carries effects out. So each is tested without a socket.
 */
#ifndef SF_CORE_FAULT_H
#define SF_CORE_FAULT_H

#include "core/rule.h"

struct sf_call;

enum sf_fault_kind {
#define SF_FAULT(kind) SF_FAULT_##kind,
#include "faults.def"
#undef SF_FAULT
	SF_FAULT_COUNT
};

/* Which units an argument may have, as bits of enum sf_argument_unit; SF_BIT(SF_UNIT_NONE) where it may be left out.
 * With `ranged`, the written form may be LOW..HIGH. */
struct sf_fault {
	const char *usage;   /* "short N[..M] | short P%" */
	const char *help;    /* one line: what the program meets */
	uint32_t operations; /* SF_BIT(enum sf_operation) that it can be written for */
	uint16_t units;      /* SF_BIT(enum sf_argument_unit) */
	bool ranged;
	bool shapes;           /* the search for a deciding rule goes on (delay, latency, rate) */
	bool alters;           /* the call is made and what it moves is changed: may stand beside others that alter */
	bool waits;            /* takes time, and then the call is made: one that takes all may be split by it */
	bool always;           /* acts on every call that operations, types and families allow */
	uint8_t types;         /* SF_BIT(enum sf_type) it can ever act on; 0: any */
	uint8_t families;      /* SF_BIT(enum sf_family); 0: any */
	const char *says;      /* what the call does, for plain English; '@' is the argument: "moves at most @" */
	const char *says_bare; /* the same where the argument was left out; NULL: it can't be */
	const char *explain;   /* paragraphs for `sockfault explain` and the man page */

	/* Could Linux (SF_KERNEL) or POSIX (SF_POSIX) do this to this call now? SF_REALISM_NONE: not applicable. Looks at
	 * the call and at what the gate knows of the socket, asks nothing of the kernel. NULL: always SF_KERNEL. */
	enum sf_realism (*possible)(const struct sf_call *c, const struct sf_argument *a);

	/* Before the real call. NULL: nothing. */
	void (*before)(struct sf_call *c, const struct sf_argument *a);

	/* After the real call has returned (c->ret, c->err). NULL: nothing. */
	void (*after)(struct sf_call *c, const struct sf_argument *a);
};

/* By enum sf_fault_kind; names are the keywords. Both come from faults.def. */
extern const struct sf_fault *const sf_faults[SF_FAULT_COUNT];
extern const char *const sf_fault_words[SF_FAULT_COUNT];
int sf_fault_find(const char *word, size_t length);

/* Can the action be done to this call, as far as the call itself tells, and how real is it? SF_REALISM_NONE: no. */
enum sf_realism sf_action_applies(const struct sf_action *action, const struct sf_call *c);

/* A `possible` for what a silent or distant peer does: connect of a datagram socket asks nobody (udp(7)). */
enum sf_realism sf_possible_by_peer(const struct sf_call *c, const struct sf_argument *a);

#define SF_FAULT(kind) extern const struct sf_fault sf_fault_##kind;
#include "faults.def"
#undef SF_FAULT

#endif

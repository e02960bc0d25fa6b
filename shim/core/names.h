/* SPDX-License-Identifier: MIT
 *
 * names.h -- numbers to names and back: errno, EAI, signals, MSG_ flags. Tables, no locale, safe everywhere.
 */
#ifndef SF_CORE_NAMES_H
#define SF_CORE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* "ECONNRESET"; NULL for a number without a name. EWOULDBLOCK reads as EAGAIN, ENOTSUP as EOPNOTSUPP. */
const char *sf_errno_name(int number);
int sf_errno_find(const char *name, size_t length); /* -1: none */

/* "Connection reset by peer"; NULL for a number without a name. The same whichever libc we are linked with. */
const char *sf_errno_text(int number);

/* getaddrinfo(3) errors by their positive value (EAI_NONAME is -2 on Linux: 2 here). */
const char *sf_eai_name(int positive);
int sf_eai_find(const char *name, size_t length); /* the positive value; -1: none */
const char *sf_eai_text(int positive);            /* "Temporary failure in name resolution" */

const char *sf_signal_name(int number);
int sf_signal_find(const char *name, size_t length); /* with or without SIG; -1: none */

/* The n-th flag of send and recv calls: its bit and its name ("MSG_NOSIGNAL"); name NULL past the end. */
struct sf_flag {
	uint32_t bit;
	const char *name;
};
extern const struct sf_flag sf_message_flags[];

#endif

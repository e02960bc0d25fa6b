/* SPDX-License-Identifier: MIT
 *
 * option.h -- what setsockopt(2) can be refused for besides its arguments: it depends on the option. socket(7), ip(7),
 * ipv6(7), tcp(7).
 */
#ifndef SF_CORE_OPTION_H
#define SF_CORE_OPTION_H

#include "core/operation.h"

/* An option as a call's flags have it. */
#define SF_OPTION(level, name) ((int)((unsigned)(level) << 16 | ((unsigned)(name)&0xffff)))

/* May this option fail with ENOMEM, ENOBUFS or EPERM? Linux allocates memory for few, and asks for a capability for
 * few; POSIX allows any of them to be short of memory. */
enum sf_realism sf_option_fails(int option, int err);

#endif

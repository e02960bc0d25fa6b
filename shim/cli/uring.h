/* SPDX-License-Identifier: MIT
 *
 * uring.h -- io_uring passes no function that a library could stand in for, so `run` may refuse it to the target: its
 * set-up fails with ENOSYS, as on a kernel without it, and programs fall back to ordinary calls.
 */
#ifndef SF_CLI_URING_H
#define SF_CLI_URING_H

#include <stdbool.h>

enum sf_uring { SF_URING_AUTO, SF_URING_ALLOW, SF_URING_REFUSE }; /* as the choices of --io-uring */

/* May this process set a filter without giving up privileges (CAP_SYS_ADMIN)? */
bool sf_uring_is_privileged(void);

/* In the child, before exec: from here io_uring_setup says ENOSYS. False with errno. */
bool sf_uring_refuse(bool no_new_privs);

#endif

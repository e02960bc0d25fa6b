/* SPDX-License-Identifier: MIT
 *
 * fdinfo.h -- what the kernel tells of an epoll instance below /proc/self (proc(5), fdinfo): the only way to learn what
 * is registered where that was done by somebody else. Only while a fault is applied, for it opens a file.
 */
#ifndef SF_FDINFO_H
#define SF_FDINFO_H

#include <stdbool.h>
#include <stdint.h>

struct sf_fdinfo {
	uint64_t data;
	uint32_t events; /* with EPOLLERR and EPOLLHUP, unless it was EPOLLONESHOT and has fired: then 0 */
	int fd;
};

/* Each registration of an instance, to `each`. Nothing where the kernel does not tell. */
void sf_fdinfo_read(int epfd, void (*each)(void *context, const struct sf_fdinfo *one), void *context);

/* Is the descriptor an epoll instance? */
bool sf_fdinfo_is_epoll(int fd);

#endif

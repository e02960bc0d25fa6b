/* SPDX-License-Identifier: MIT
 *
 * fdtab.c -- the table behind fdtab.h. Private to the process: fork copies it, exec forgets it.
 */
#include "fdtab.h"

#include "self.h"

SF_TABLE struct sf_fd_table sf_fd_table;
_Atomic int sf_fds_top;

void sf_fd_raise_top(int fd)
{
	int top = atomic_load_explicit(&sf_fds_top, memory_order_relaxed);

	while (fd >= top && !atomic_compare_exchange_weak_explicit(
	                        &sf_fds_top, &top, fd + 1, memory_order_relaxed, memory_order_relaxed))
		;
}

void sf_fd_bury(int fd)
{
	uint32_t socket = sf_fd_index(fd);

	if (!socket)
		return;
	if (sf_arena->trace_level == SF_TRACE_ALL)
		atomic_store_explicit(&sf_fd_table.entries[fd], sf_entry_grave(socket), memory_order_relaxed);
	else
		sf_fd_set(fd, NULL);
}

void sf_fd_reuse(int fd, uint64_t grave)
{
	atomic_compare_exchange_strong_explicit(
	    &sf_fd_table.entries[fd], &grave, 0, memory_order_relaxed, memory_order_relaxed);
}

void sf_fd_drop_range(unsigned first, unsigned last)
{
	unsigned top = (unsigned)atomic_load_explicit(&sf_fds_top, memory_order_relaxed);

	for (unsigned fd = first; fd < top && fd <= last; fd++)
		sf_fd_bury((int)fd);
}

bool sf_fd_any(unsigned first, unsigned last)
{
	unsigned top = (unsigned)atomic_load_explicit(&sf_fds_top, memory_order_relaxed);

	for (unsigned fd = first; fd < top && fd <= last; fd++)
		if (sf_fd_is_socket((int)fd))
			return true;
	return false;
}

void sf_fd_forget_closed(void)
{
	int top = atomic_load_explicit(&sf_fds_top, memory_order_relaxed);

	for (int fd = 0; fd < top; fd++)
		if (sf_entry_closed(sf_fd_entry(fd)))
			sf_fd_reuse(fd, sf_fd_entry(fd));
}

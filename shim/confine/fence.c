/* SPDX-License-Identifier: MIT
 *
 * fence.c -- Landlock (landlock(7)): what the process may no longer reach, without namespaces and without privilege. It
 * is a second wall at most; the numbers are those of include/uapi/linux/landlock.h, which older systems lack in part.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine.h"

#define SYS_CREATE_RULESET 444
#define SYS_ADD_RULE 445
#define SYS_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

#define BITS(count) ((UINT64_C(1) << (count)) - 1)
#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t access;
	int32_t parent;
} __attribute__((packed));

struct net_port {
	uint64_t access, port;
};

static struct {
	int fd; /* 0: not asked for, or there is no Landlock */
	int version;
	uint64_t fs; /* all rights to files that this version knows */
} fence;

int confine_fence_version(void)
{
	long version = syscall(SYS_CREATE_RULESET, NULL, (size_t)0, CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

/* Rights that came with each version: renaming between folders (2), truncating (3), ioctl of devices (5). */
static uint64_t rights_of(int version)
{
	return version >= 5 ? BITS(16) : version >= 3 ? BITS(15) : version == 2 ? BITS(14) : BITS(13);
}

static void allow_port(unsigned long port)
{
	struct net_port rule = {.access = NET_CONNECT_TCP, .port = port};

	if (syscall(SYS_ADD_RULE, fence.fd, RULE_NET_PORT, &rule, 0) != 0)
		confine_die("can't allow a port by Landlock", NULL);
}

void confine_fence_begin(unsigned long port)
{
	struct ruleset wanted;

	fence.version = confine_fence_version();
	if (!fence.version)
		return;
	fence.fs = rights_of(fence.version);
	wanted = (struct ruleset){.fs = fence.fs};
	if (fence.version >= 4 && port)
		wanted.net = NET_CONNECT_TCP;
	if (fence.version >= 6)
		wanted.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	fence.fd = (int)syscall(SYS_CREATE_RULESET, &wanted, sizeof wanted, 0);
	if (fence.fd < 0)
		confine_die("can't make a Landlock ruleset", NULL);
	(void)fcntl(fence.fd, F_SETFD, FD_CLOEXEC);
	if (wanted.net)
		allow_port(port);
}

void confine_fence_allow(const char *place, bool may_write)
{
	struct path_beneath rule = {.access = may_write ? fence.fs : FS_EXECUTE | FS_READ_FILE | FS_READ_DIR};
	struct stat st;

	if (!fence.fd)
		return;
	rule.parent = open(place, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return;
	if (fstat(rule.parent, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.access &= FS_OF_FILES;
	if (syscall(SYS_ADD_RULE, fence.fd, RULE_PATH_BENEATH, &rule, 0) != 0)
		confine_die("can't allow by Landlock", place);
	close(rule.parent);
}

void confine_fence_close(void)
{
	if (!fence.fd)
		return;
	if (syscall(SYS_RESTRICT_SELF, fence.fd, 0) != 0)
		confine_die("can't be restricted by Landlock", NULL);
	close(fence.fd);
}

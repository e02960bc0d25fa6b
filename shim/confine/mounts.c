/* SPDX-License-Identifier: MIT
 *
 * mounts.c -- a root file system put together from parts of the one we have, as bubblewrap does it: a tmpfs holds the
 * old root and the new one side by side while the parts are bound, then only the new one is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine.h"

#define STAGE "/tmp" /* any folder that is there: it is a mount of our own for a moment */
#define OLD "/old"
#define NEW "/new"

static const char *below(char *whole, const char *root, const char *place)
{
	if (snprintf(whole, PATH_MAX, "%s%s", root, place) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		confine_die("can't name", place);
	}
	return whole;
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		confine_die("can't make the folder", path);
}

static void make_parents(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof part, "%s", path);
	for (char *slash = part + sizeof NEW; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		make_folder(part);
	}
}

static void make_place(const char *path, bool is_folder)
{
	make_parents(path);
	if (is_folder) {
		make_folder(path);
		return;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		confine_die("can't make the file", path);
	close(fd);
}

static void pivot(const char *to, const char *old)
{
	if (syscall(SYS_pivot_root, to, old) != 0 || chdir("/") != 0)
		confine_die("can't change the root to", to);
}

void confine_view_begin(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		confine_die("can't make mounts private", NULL);
	if (mount("tmpfs", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755") != 0)
		confine_die("can't mount on", STAGE);
	make_folder(STAGE OLD);
	make_folder(STAGE NEW);
	pivot(STAGE, STAGE OLD);
	if (mount("tmpfs", NEW, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755") != 0)
		confine_die("can't mount on", NEW);
}

/* All that is mounted below as well; flags that came with a mount stay (mount_setattr(2)). */
static void bind_at(const char *from, const char *to, bool may_write)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | (may_write ? 0 : MOUNT_ATTR_RDONLY)};

	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) != 0)
		confine_die("can't bind", from);
	if (mount_setattr(AT_FDCWD, to, AT_RECURSIVE, &attributes, sizeof attributes) != 0)
		confine_die("can't set the flags of", to);
}

void confine_bind(const char *from, const char *to, bool may_write)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct stat st;

	below(source, OLD, from);
	below(target, NEW, to);
	/* Who names a link here means what it is; links of strangers are made by confine_symlink(). */
	if (lstat(source, &st) != 0 || S_ISLNK(st.st_mode)) {
		errno = errno ? errno : ELOOP;
		confine_die("can't bind", from);
	}
	make_place(target, S_ISDIR(st.st_mode));
	bind_at(source, target, may_write);
}

void confine_symlink(const char *content, const char *place)
{
	char target[PATH_MAX];

	below(target, NEW, place);
	make_parents(target);
	if (symlink(content, target) != 0 && errno != EEXIST)
		confine_die("can't make the link", place);
}

void confine_tmpfs(const char *place, const char *size, const char *mode)
{
	char target[PATH_MAX], options[80];

	below(target, NEW, place);
	snprintf(options, sizeof options, "size=%.20s,mode=%.8s", size ? size : "1m", mode ? mode : "0755");
	make_place(target, true);
	if (mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
		confine_die("can't mount a tmpfs on", place);
}

void confine_proc(const char *place)
{
	char target[PATH_MAX];

	below(target, NEW, place);
	make_place(target, true);
	if (mount("proc", target, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		confine_die("can't mount", place);
}

void confine_devices(const char *place)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const char *const links[][2] = {
	    {"/proc/self/fd", "fd"},
	    {"/proc/self/fd/0", "stdin"},
	    {"/proc/self/fd/1", "stdout"},
	    {"/proc/self/fd/2", "stderr"},
	};
	char from[64], to[PATH_MAX];

	confine_tmpfs(place, NULL, NULL);
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
		snprintf(from, sizeof from, OLD "/dev/%s", devices[i]);
		snprintf(to, sizeof to, NEW "%.128s/%s", place, devices[i]);
		make_place(to, false);
		if (mount(from, to, NULL, MS_BIND, NULL) != 0)
			confine_die("can't bind", from);
	}
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		snprintf(to, sizeof to, "%.128s/%s", place, links[i][1]);
		confine_symlink(links[i][0], to);
	}
}

void confine_read_only(const char *place)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	char target[PATH_MAX];

	below(target, NEW, place);
	if (mount_setattr(AT_FDCWD, target, 0, &attributes, sizeof attributes) != 0)
		confine_die("can't make read-only", place);
}

/* pivot_root(".", ".") puts the old root on top of the new one, from where it is taken away: pivot_root(2), NOTES. */
void confine_view_end(void)
{
	if (chdir(NEW) != 0)
		confine_die("can't change to", NEW);
	if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		confine_die("can't leave the old root", NULL);
}

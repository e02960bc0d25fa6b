/* SPDX-License-Identifier: MIT
 *
 * confine.c -- `sockfault-confine [OPTION]... -- PROGRAM [ARG]...`: puts limits on itself and becomes the program. What
 * `sockfault grade` runs strangers' programs through, in one exec: limits on resources always; a root of its own where
 * unshare(1) went before; another user and Landlock where there are no namespaces. Options are carried out in their
 * order, those of mounts in the words of bwrap(1).
 */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct confine {
	char **words; /* what is left of the command line */
	bool has_view, has_init, waits_for_all;
	const char *size, *mode; /* of the next tmpfs */
	const char *folder;      /* NULL: where we are */
	long user;               /* -1: who we are */
	unsigned long port;      /* of --landlock; 0: any */
};

_Noreturn void confine_die(const char *what, const char *name)
{
	int why = errno;

	fprintf(stderr, "sockfault-confine: %s%s%s: %s\n", what, name ? " " : "", name ? name : "", strerror(why));
	_exit(SF_CONFINE_TROUBLE);
}

_Noreturn static void refuse(const char *what, const char *word)
{
	fprintf(stderr, "sockfault-confine: %s %s\n", what, word ? word : "");
	_exit(SF_CONFINE_TROUBLE);
}

static char *next(struct confine *c, const char *option)
{
	if (!*c->words)
		refuse("a value is missing behind", option);
	return *c->words++;
}

static unsigned long long number(const char *option, const char *text)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);

	if (errno || *end || end == text || *text == '-')
		refuse("no number behind", option);
	return value;
}

/* ---- limits ---- */

static const struct {
	const char *option;
	int resource;
} limits[] = {
    {"--data", RLIMIT_DATA}, /* private memory, not address space: a trace is mapped as a whole */
    {"--processes", RLIMIT_NPROC},    {"--file-size", RLIMIT_FSIZE},
    {"--descriptors", RLIMIT_NOFILE}, {"--cpu", RLIMIT_CPU},
};

static bool limit(const char *option, struct confine *c)
{
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		if (strcmp(option, limits[i].option) != 0)
			continue;
		unsigned long long value = number(option, next(c, option));
		/* SIGXCPU can be caught, the hard limit's SIGKILL can't. */
		struct rlimit wanted = {value, value + (limits[i].resource == RLIMIT_CPU)};

		if (setrlimit(limits[i].resource, &wanted) != 0)
			confine_die("can't set the limit", option);
		return true;
	}
	return false;
}

/* No core: a limit of 0 still feeds a core_pattern that is a pipe; 1 feeds neither pipe nor file (core(5)). And where
 * memory is short, this process goes before any of the grader's. */
static void limit_always(void)
{
	struct rlimit none = {1, 1};
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)setrlimit(RLIMIT_CORE, &none);
	if (fd >= 0) {
		(void)!write(fd, "1000", 4);
		close(fd);
	}
}

/* ---- who we are ---- */

static void become_user(long user)
{
	if (setgroups(0, NULL) != 0 || setresgid((gid_t)user, (gid_t)user, (gid_t)user) != 0 ||
	    setresuid((uid_t)user, (uid_t)user, (uid_t)user) != 0)
		confine_die("can't become another user", NULL);
}

/* Capabilities came with the user namespace; so did the way to more of them. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
	int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		close(fd);
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0; i++)
		;
	if (syscall(SYS_capset, &header, none) != 0)
		confine_die("can't drop capabilities", NULL);
}

/* ---- the command line ---- */

static void view(struct confine *c)
{
	if (!c->has_view)
		confine_view_begin();
	c->has_view = true;
}

static bool mount_of(const char *option, struct confine *c)
{
	bool is_bind = strcmp(option, "--bind") == 0, is_read_only = strcmp(option, "--ro-bind") == 0;

	if (is_bind || is_read_only || strcmp(option, "--symlink") == 0) {
		const char *from = next(c, option), *to = next(c, option);

		view(c);
		if (is_bind || is_read_only)
			confine_bind(from, to, is_bind);
		else
			confine_symlink(from, to);
		return true;
	}
	static const char *const others[] = {"--tmpfs", "--proc", "--dev", "--remount-ro"};
	size_t which = 0;

	while (which < 4 && strcmp(option, others[which]) != 0)
		which++;
	if (which == 4)
		return false;
	const char *place = next(c, option);

	view(c);
	if (which == 0)
		confine_tmpfs(place, c->size, c->mode);
	else if (which == 1)
		confine_proc(place);
	else if (which == 2)
		confine_devices(place);
	else
		confine_read_only(place);
	c->size = c->mode = NULL;
	return true;
}

static bool fence_of(const char *option, struct confine *c)
{
	if (strcmp(option, "--landlock") == 0)
		confine_fence_begin(c->port);
	else if (strcmp(option, "--reads") == 0)
		confine_fence_allow(next(c, option), false);
	else if (strcmp(option, "--writes") == 0)
		confine_fence_allow(next(c, option), true);
	else if (strcmp(option, "--port") == 0)
		c->port = (unsigned long)number(option, next(c, option));
	else
		return false;
	return true;
}

/* A file of ours that the user of --user is to have: the trace. */
static void give(const char *path, long user)
{
	if (user < 0)
		refuse("--user goes before --give", path);
	if (lchown(path, (uid_t)user, (gid_t)user) != 0)
		confine_die("can't give away", path);
}

static void set_variable(char *setting)
{
	if (!strchr(setting, '=') || putenv(setting) != 0)
		refuse("--set wants NAME=VALUE, not", setting);
}

/* Which process the box ends with. */
static void set_init(const char *which, struct confine *c)
{
	c->has_init = true;
	c->waits_for_all = strcmp(which, "last") == 0;
	if (!c->waits_for_all && strcmp(which, "first") != 0)
		refuse("--init wants first or last, not", which);
}

static void option_of(const char *option, struct confine *c)
{
	if (strcmp(option, "--size") == 0)
		c->size = next(c, option);
	else if (strcmp(option, "--perms") == 0)
		c->mode = next(c, option);
	else if (strcmp(option, "--chdir") == 0)
		c->folder = next(c, option);
	else if (strcmp(option, "--user") == 0)
		c->user = (long)number(option, next(c, option));
	else if (strcmp(option, "--give") == 0)
		give(next(c, option), c->user);
	else if (strcmp(option, "--set") == 0)
		set_variable(next(c, option));
	else if (strcmp(option, "--init") == 0)
		set_init(next(c, option), c);
	else if (!limit(option, c) && !mount_of(option, c) && !fence_of(option, c))
		refuse("there is no option", option);
}

int main(int argc, char **argv)
{
	struct confine c = {.words = argv + (argc > 0), .user = -1};

	if (argc == 2 && strcmp(argv[1], "--landlock-version") == 0)
		return printf("%d\n", confine_fence_version()) < 0;
	while (*c.words && strcmp(*c.words, "--") != 0) {
		const char *option = *c.words++;

		option_of(option, &c);
	}
	if (!*c.words || !c.words[1])
		refuse("a PROGRAM is missing behind", "--");
	if (c.has_view)
		confine_view_end();
	if (c.folder && chdir(c.folder) != 0)
		confine_die("can't change to the folder", c.folder);
	limit_always();
	if (c.has_init)
		confine_fork_init(c.waits_for_all);
	if (c.user >= 0)
		become_user(c.user);
	if (c.has_view)
		drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		confine_die("can't give up privileges", NULL);
	confine_fence_close();
	execvp(c.words[1], c.words + 1);
	fprintf(stderr, "sockfault-confine: %s: %s\n", c.words[1], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

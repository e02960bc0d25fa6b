/* SPDX-License-Identifier: MIT
 *
 * doctor.c -- the verdicts of doctor.h: why a program would run without the library, which sanitizer it brings, whether
 * it can use io_uring. The facts come from files alone (elf.h, target.h, library.h); `sockfault doctor` itself is
 * checkup.c.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <link.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/elf.h"
#include "cli/library.h"
#include "cli/target.h"
#include "cli/verdicts.h"

/* The header of this very command, which is built for the same machine as the library beside it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86-64";
	case EM_ARM:
		return "arm";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64le";
	case EM_S390:
		return "s390x";
	case EM_MIPS:
		return "mips";
	default:
		return "another machine";
	}
}

static bool built_for_others(const struct sf_elf *elf, char *why, size_t size)
{
	const unsigned char *ours = __ehdr_start.e_ident;

	if (elf->data[EI_CLASS] == ours[EI_CLASS] && elf->data[EI_DATA] == ours[EI_DATA] &&
	    elf->machine == __ehdr_start.e_machine)
		return false;
	snprintf(
	    why, size, "is a %d-bit program (%s) and this sockfault a %d-bit one (%s): a sockfault built for it is needed",
	    elf->wide ? 64 : 32, machine_name(elf->machine), ours[EI_CLASS] == ELFCLASS64 ? 64 : 32,
	    machine_name(__ehdr_start.e_machine));
	return true;
}

/* Will the kernel change identity at exec? Then the loader takes no library from the environment. */
static bool changes_user(const char *path, char *why, size_t size)
{
	struct stat st;
	struct statvfs fs;

	if (stat(path, &st) != 0 || !(st.st_mode & (S_ISUID | S_ISGID)))
		return false;
	bool user = (st.st_mode & S_ISUID) && st.st_uid != getuid();
	bool group = (st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid();

	if (!(user || group) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID)))
		return false;
	snprintf(
	    why, size, "is set-%s-ID: the loader ignores preloaded libraries there; run a copy without that bit, or as %s",
	    user ? "user" : "group", user ? "that user" : "that group");
	return true;
}

static bool gains_capabilities(const char *path, char *why, size_t size)
{
	struct vfs_ns_cap_data caps;

	if (getuid() == 0)
		return false;
	ssize_t got = getxattr(path, XATTR_NAME_CAPS, &caps, sizeof caps);

	if (got < (ssize_t)XATTR_CAPS_SZ_1 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	bool second = got >= (ssize_t)XATTR_CAPS_SZ_2 && caps.data[1].permitted;

	if (!(caps.magic_etc & VFS_CAP_FLAGS_EFFECTIVE) && !caps.data[0].permitted && !second)
		return false;
	snprintf(
	    why, size, "has file capabilities: the loader ignores preloaded libraries there; run a copy of it, or as root");
	return true;
}

/* The loader itself, run as a command, has no loader and preloads all the same. */
static bool is_static(const struct sf_elf *elf, char *why, size_t size)
{
	const char *own = sf_elf_string(elf, DT_SONAME, 0);

	if (sf_elf_loader(elf) || (own && strncmp(own, "ld", 2) == 0))
		return false;
	snprintf(
	    why, size, "is %sstatically linked: no library can be preloaded into it; link it dynamically",
	    sf_elf_is_go(elf) ? "a Go program and " : "");
	return true;
}

static bool is_go(const struct sf_elf *elf, char *why, size_t size)
{
	if (!sf_elf_is_go(elf))
		return false;
	snprintf(why, size, "is a Go program: it makes its system calls itself, and a preloaded library sees none of them");
	return true;
}

/* What stands in the way of one program, without its subject; false: nothing. */
static bool obstacle(const char *path, const struct sf_elf *elf, char *why, size_t size)
{
	if (changes_user(path, why, size) || gains_capabilities(path, why, size))
		return true;
	bool program = elf->is_elf && (elf->type == ET_EXEC || elf->type == ET_DYN);

	return program && (built_for_others(elf, why, size) || is_static(elf, why, size) || is_go(elf, why, size));
}

/* Set-user-ID bits of scripts mean nothing to the kernel: scripts have no obstacles of their own. */
static bool file_has_obstacle(const struct sf_target *target, unsigned n, char *why, size_t size)
{
	struct sf_elf elf;

	if (n + 1 == target->count)
		return obstacle(target->files[n], &target->elf, why, size);
	bool found = sf_elf_open(&elf, target->files[n]) && elf.is_elf && obstacle(target->files[n], &elf, why, size);

	sf_elf_close(&elf);
	return found;
}

/* Asked thrice for each run: the files of a command are looked for once, and the program stays mapped. */
static const struct sf_target *target_of(const char *command)
{
	static SF_LARGE struct sf_target target;
	static char *known;

	if (known && strcmp(known, command) == 0)
		return &target;
	if (known)
		sf_target_close(&target);
	free(known);
	known = sf_print("%s", command);
	sf_target_find(&target, command);
	return &target;
}

bool sf_doctor_refuses(const char *command, char *why, size_t size)
{
	const struct sf_target *target = target_of(command);
	char predicate[192];

	for (unsigned i = 0; target->error == 0 && i < target->count; i++) {
		if (!file_has_obstacle(target, i, predicate, sizeof predicate))
			continue;
		if (i == 0)
			snprintf(why, size, "it %s", predicate);
		else
			snprintf(why, size, "its interpreter %s %s", target->files[i], predicate);
		return true;
	}
	return false;
}

/* ---- sanitizers ---- */

static bool is_sanitizer(const char *name)
{
	static const char *const runtimes[] = {"libasan.so",       "libtsan.so",         "liblsan.so",
	                                       "libhwasan.so",     "libclang_rt.asan",   "libclang_rt.tsan",
	                                       "libclang_rt.lsan", "libclang_rt.hwasan", NULL};

	for (int i = 0; runtimes[i]; i++)
		if (strncmp(name, runtimes[i], strlen(runtimes[i])) == 0)
			return true;
	return false;
}

const char *sf_doctor_asan_runtime(const char *command, char *path, size_t size)
{
	const struct sf_target *target = target_of(command);
	const char *needed;

	for (unsigned i = 0; (needed = sf_elf_string(&target->elf, DT_NEEDED, i)) && !is_sanitizer(needed); i++)
		;
	return needed && sf_library_find(&target->elf, sf_target_program(target), needed, path, size) ? path : NULL;
}

/* ---- io_uring ---- */

/* Its number is 425 everywhere: put where the kernel wants it, then the system call; or where syscall(2) wants it, then
 * a call. A stray 425 (the number of a line, say) before some other call is possible: then it is suspected in vain. */
static const struct {
	uint16_t machine;
	bool by_syscall; /* through the function of libc */
	struct sf_elf_code code;
} its_number[] = {
    {EM_X86_64, false, {"\xb8\xa9\x01\x00\x00", "\x0f\x05", 5, 2, 48, 1}},
    {EM_X86_64, true, {"\xbf\xa9\x01\x00\x00", "\xe8", 5, 1, 24, 1}},
    {EM_AARCH64, false, {"\x28\x35\x80\xd2", "\x01\x00\x00\xd4", 4, 4, 48, 4}},
    {EM_AARCH64, false, {"\x28\x35\x80\x52", "\x01\x00\x00\xd4", 4, 4, 48, 4}},
    {EM_AARCH64, true, {"\x20\x35\x80\xd2", "\x97", 4, 1, 32, 4}},
    {EM_AARCH64, true, {"\x20\x35\x80\x52", "\x97", 4, 1, 32, 4}},
};

static bool has_its_number(const struct sf_elf *elf, bool inline_too, bool by_syscall_too)
{
	for (size_t i = 0; i < sizeof its_number / sizeof its_number[0]; i++)
		if (its_number[i].machine == elf->machine && (its_number[i].by_syscall ? by_syscall_too : inline_too) &&
		    sf_elf_code_has(elf, &its_number[i].code))
			return true;
	return false;
}

bool sf_doctor_uses_io_uring(const struct sf_elf *elf, bool program)
{
	uint64_t cursor = 0;
	bool imports_syscall = false;

	for (const char *name; (name = sf_elf_import(elf, &cursor));) {
		if (strncmp(name, "io_uring_", 9) == 0)
			return true;
		imports_syscall |= strcmp(name, "syscall") == 0;
	}
	return has_its_number(elf, program || imports_syscall, imports_syscall);
}

static bool visit(void *found, const struct sf_library *library)
{
	*(bool *)found |= library->elf && sf_doctor_uses_io_uring(library->elf, library->needed_by == NULL);
	return !*(bool *)found;
}

/* libc has no io_uring of its own, and many small programs need nothing else. */
static bool needs_libc_alone(const struct sf_elf *elf)
{
	const char *first = sf_elf_string(elf, DT_NEEDED, 0);

	return !first || (strncmp(first, "libc.", 5) == 0 && !sf_elf_string(elf, DT_NEEDED, 1));
}

bool sf_doctor_may_use_io_uring(const char *command)
{
	const struct sf_target *target = target_of(command);
	bool found = false;

	if (target->error || !target->elf.is_elf)
		return false;
	if (needs_libc_alone(&target->elf))
		return sf_doctor_uses_io_uring(&target->elf, true);
	sf_library_walk(sf_target_program(target), false, visit, &found);
	return found;
}

/* ---- all of it ---- */

static bool is_plain(const char *path)
{
	char text[PATH_MAX];

	return !sf_doctor_refuses(path, text, sizeof text) && !sf_doctor_asan_runtime(path, text, sizeof text) &&
	       !sf_doctor_may_use_io_uring(path);
}

bool sf_doctor_knows_as_plain(const char *command)
{
	char path[PATH_MAX];

	return sf_verdicts_are_shared() && sf_target_search(path, command) == 0 && sf_verdict(path, is_plain);
}

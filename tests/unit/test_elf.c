/* SPDX-License-Identifier: MIT
 *
 * test_elf.c -- the files that doctor reads: real ones are understood, and no file can hurt it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/elf.h"
#include "cli/library.h"
#include "cli/target.h"
#include "unit.h"

static char folder[] = "/tmp/sockfault-test-elf-XXXXXX";

static const char *write_file(const char *name, const void *bytes, size_t length, mode_t mode)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(close(fd), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static const char *write_script(const char *name, const char *text)
{
	return write_file(name, text, strlen(text), 0755);
}

/* This test itself, as bytes. */
static char *read_self(size_t *size)
{
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY);
	char *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	assert_int_equal(read(fd, bytes, *size), (ssize_t)*size);
	close(fd);
	return bytes;
}

static bool imports(const struct sf_elf *elf, const char *wanted)
{
	uint64_t cursor = 0;

	for (const char *name; (name = sf_elf_import(elf, &cursor));)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

static void a_program_tells_its_loader_libraries_and_imports(void **state)
{
	struct sf_elf elf;
	bool needs_cmocka = false;
	const char *name;

	assert_true(sf_elf_open(&elf, "/proc/self/exe"));
	assert_true(elf.is_elf && elf.dynamic);
	assert_non_null(strstr(sf_elf_loader(&elf), "/ld-"));
	for (unsigned i = 0; (name = sf_elf_string(&elf, DT_NEEDED, i)); i++)
		needs_cmocka |= strncmp(name, "libcmocka.so", 12) == 0;
	assert_true(needs_cmocka);
	assert_true(imports(&elf, "mkdtemp"));
	assert_false(imports(&elf, "main"));
	assert_false(imports(&elf, "recvmmsg"));
	assert_false(sf_elf_is_go(&elf));
	sf_elf_close(&elf);
	(void)state;
}

static void what_is_no_elf_file_is_none(void **state)
{
	struct sf_elf elf;

	assert_true(sf_elf_open(&elf, write_script("text", "hello")));
	assert_false(elf.is_elf);
	sf_elf_close(&elf);
	assert_true(sf_elf_open(&elf, write_script("empty", "")));
	assert_false(elf.is_elf);
	sf_elf_close(&elf);
	assert_false(sf_elf_open(&elf, folder));
	assert_false(sf_elf_open(&elf, "/dev/null"));
	(void)state;
}

static void a_library_is_found_where_the_loader_finds_it(void **state)
{
	char path[PATH_MAX] = "";
	struct sf_elf elf, libc;

	assert_true(sf_elf_open(&elf, "/proc/self/exe"));
	assert_true(sf_library_find(&elf, "/proc/self/exe", "libc.so.6", path, sizeof path));
	assert_true(sf_elf_open(&libc, path));
	assert_int_equal(libc.machine, elf.machine);
	sf_elf_close(&libc);
	assert_false(sf_library_find(&elf, "/proc/self/exe", "libnone.so.9", path, sizeof path));
	sf_elf_close(&elf);
	(void)state;
}

/* ---- targets ---- */

static void a_script_is_followed_to_its_interpreter(void **state)
{
	static struct sf_target target;

	sf_target_find(&target, write_script("plain", "#! /bin/sh -e\n"));
	assert_int_equal(target.count, 2);
	assert_string_equal(sf_target_program(&target), "/bin/sh");
	sf_target_find(&target, write_script("env", "#!/usr/bin/env sh\n"));
	assert_int_equal(target.count, 3);
	assert_non_null(strstr(sf_target_program(&target), "/sh"));
	sf_target_find(&target, write_script("split", "#!/usr/bin/env -S A=1 sh -e\n"));
	assert_int_equal(target.count, 3);
	assert_non_null(strstr(sf_target_program(&target), "/sh"));
	sf_target_find(&target, write_script("unmarked", "echo\n"));
	assert_string_equal(sf_target_program(&target), "/bin/sh");
	(void)state;
}

static void what_can_not_be_run_says_why(void **state)
{
	static struct sf_target target;
	char loop[PATH_MAX], text[PATH_MAX + 8];

	sf_target_find(&target, "no-such-command-at-all");
	assert_int_equal(target.error, ENOENT);
	sf_target_find(&target, "");
	assert_int_equal(target.error, ENOENT);
	sf_target_find(&target, folder);
	assert_int_equal(target.error, EACCES);
	snprintf(loop, sizeof loop, "%s/loop", folder);
	snprintf(text, sizeof text, "#!%s\n", loop);
	sf_target_find(&target, write_script("loop", text));
	assert_int_equal(target.error, ELOOP);
	sf_target_find(&target, write_script("lost", "#!/no/such/interpreter\n"));
	assert_int_equal(target.error, ENOENT);
	(void)state;
}

/* ---- verdicts, on this very program with a few bytes changed ---- */

static void changed(const char *name, size_t at, const void *bytes, size_t length, const char *want)
{
	char why[256] = "";
	size_t size;
	char *copy = read_self(&size);

	memcpy(copy + at, bytes, length);
	bool refused = sf_doctor_refuses(write_file(name, copy, size, 0755), why, sizeof why);

	assert_int_equal(refused, want != NULL);
	if (want && !strstr(why, want))
		fail_msg("\"%s\" does not say \"%s\"", why, want);
	free(copy);
}

/* Offset of the first program header of a type. */
static size_t segment_at(uint32_t type)
{
	size_t size;
	char *self = read_self(&size);
	const Elf64_Ehdr *header = (const void *)self;
	const Elf64_Phdr *segments = (const void *)(self + header->e_phoff);
	size_t found = 0;

	for (int i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == type)
			found = header->e_phoff + (size_t)i * sizeof *segments;
	free(self);
	assert_true(found > 0);
	return found;
}

static size_t loader_at(void)
{
	size_t size;
	char *self = read_self(&size);
	const Elf64_Phdr *segment = (const void *)(self + segment_at(PT_INTERP));
	size_t offset = segment->p_offset;

	free(self);
	return offset;
}

static void each_obstacle_is_named(void **state)
{
	static const Elf64_Word null = PT_NULL;
	static const Elf64_Half sparc = EM_SPARCV9;

	changed("itself", 0, ELFMAG, SELFMAG, NULL);
	changed("static", segment_at(PT_INTERP), &null, sizeof null, "statically linked");
	changed("machine", offsetof(Elf64_Ehdr, e_machine), &sparc, sizeof sparc, "another machine");
	changed("narrow", EI_CLASS, "\1", 1, "32-bit program");
	changed("musl", loader_at(), "/lib/ld-musl-x86", 17, NULL); /* no obstacle: one library for both */
	(void)state;
}

static void the_interpreter_of_a_script_is_judged_too(void **state)
{
	static const Elf64_Word null = PT_NULL;
	char text[PATH_MAX + 8], why[PATH_MAX + 256];

	changed("static", segment_at(PT_INTERP), &null, sizeof null, "statically linked");
	snprintf(text, sizeof text, "#!%s/static\n", folder);
	assert_true(sf_doctor_refuses(write_script("script", text), why, sizeof why));
	assert_non_null(strstr(why, "its interpreter /tmp/"));
	(void)state;
}

static void go_is_known_by_its_note(void **state)
{
	static const struct {
		Elf64_Nhdr header;
		char name[4], id[4];
	} note = {{4, 4, 4}, "Go\0", "abc"};
	size_t at = segment_at(PT_NOTE), size;
	char *self = read_self(&size);
	const Elf64_Phdr *segment = (const void *)(self + at);

	assert_true(segment->p_filesz >= sizeof note);
	changed("go", segment->p_offset, &note, sizeof note, "Go program");
	free(self);
	(void)state;
}

static void set_id_bits_of_others_are_an_obstacle(void **state)
{
	char why[256], path[PATH_MAX];
	size_t size;
	char *self = read_self(&size);

	snprintf(path, sizeof path, "%s", write_file("set-id", self, size, 0755));
	free(self);
	if (getuid() != 0 || chown(path, 65534, 65534) != 0)
		skip();
	assert_false(sf_doctor_refuses(path, why, sizeof why));
	assert_int_equal(chmod(path, 04755), 0);
	assert_true(sf_doctor_refuses(path, why, sizeof why));
	assert_non_null(strstr(why, "set-user-ID"));
	assert_int_equal(chmod(path, 02755), 0);
	assert_true(sf_doctor_refuses(path, why, sizeof why));
	assert_non_null(strstr(why, "set-group-ID"));
	assert_int_equal(chmod(path, 02745), 0); /* without the group's x it means something else */
	assert_false(sf_doctor_refuses(path, why, sizeof why));
	(void)state;
}

static void the_number_of_io_uring_is_found_in_code(void **state)
{
	size_t size;
	char *self = read_self(&size);
	const Elf64_Ehdr *header = (const void *)self;
	const Elf64_Phdr *segments = (const void *)(self + header->e_phoff);
	struct sf_elf elf;

	assert_false(sf_doctor_may_use_io_uring(write_file("without", self, size, 0755)));
	for (int i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X))
			memcpy(self + segments[i].p_offset + 64, "\xb8\xa9\x01\x00\x00\x0f\x05", 7);
	if (header->e_machine != EM_X86_64)
		skip();
	assert_true(sf_doctor_may_use_io_uring(write_file("with", self, size, 0755)));
	assert_true(sf_elf_open(&elf, write_file("with", self, size, 0755)));
	assert_false(sf_doctor_uses_io_uring(&elf, false)); /* as a library that does not import syscall */
	sf_elf_close(&elf);
	free(self);
	(void)state;
}

/* ---- hostile files ---- */

static bool visit(void *user, const struct sf_library *library)
{
	uint64_t cursor = 0;

	(void)user;
	while (library->elf && sf_elf_import(library->elf, &cursor))
		;
	return library->needed_by == NULL;
}

static void no_byte_of_a_program_can_hurt(void **state)
{
	size_t size;
	char *self = read_self(&size), *copy = malloc(size), why[256], path[PATH_MAX];
	uint64_t random = 3;

	for (int round = 0; round < 200; round++) {
		memcpy(copy, self, size);
		for (int i = 0; i < 60; i++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
			/* headers, notes and the dynamic tables lie at the beginning */
			copy[4 + (random >> 33) % (i % 2 ? 1024 : 16384)] = (char)(random >> 24);
		}
		const char *file = write_file("hostile", copy, round % 4 ? size : size * (size_t)round / 200, 0755);

		sf_doctor_refuses(file, why, sizeof why);
		sf_doctor_asan_runtime(file, path, sizeof path);
		sf_library_walk(file, false, visit, NULL);
	}
	free(self);
	free(copy);
	(void)state;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOLDS(a_program_tells_its_loader_libraries_and_imports),
	    HOLDS(what_is_no_elf_file_is_none),
	    HOLDS(a_library_is_found_where_the_loader_finds_it),
	    HOLDS(a_script_is_followed_to_its_interpreter),
	    HOLDS(what_can_not_be_run_says_why),
	    HOLDS(each_obstacle_is_named),
	    HOLDS(the_interpreter_of_a_script_is_judged_too),
	    HOLDS(go_is_known_by_its_note),
	    HOLDS(set_id_bits_of_others_are_an_obstacle),
	    HOLDS(the_number_of_io_uring_is_found_in_code),
	    HOLDS(no_byte_of_a_program_can_hurt),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: MIT
 *
 * elf.h -- just enough of ELF to know what the dynamic loader would do with a file, and which names it imports.
 * 32 and 64 bits, little endian. The file may be anything: each offset is checked, and what is not there reads as
 * "none". Nothing is copied: strings point into the mapped file and live until sf_elf_close().
 */
#ifndef SF_CLI_ELF_H
#define SF_CLI_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sf_elf {
	const unsigned char *data; /* the mapped file */
	size_t size;
	bool is_elf; /* false: something else, a script perhaps; data and size stand all the same */
	bool wide;   /* 64-bit */
	uint16_t type, machine;
	/* of its dynamic section; offsets in the file, 0: none */
	bool dynamic;
	uint64_t dynamic_at, dynamic_count;
	uint64_t strings_at, strings_size;
	uint64_t symbols_at, symbol_count; /* up to the last one that can be undefined */
};

/* Maps a file for reading. False with errno: it can't be opened, or is not a regular file. */
bool sf_elf_open(struct sf_elf *elf, const char *path);
void sf_elf_close(struct sf_elf *elf);

/* The n-th program header, from 0, widened to 64 bits. False past the end. */
bool sf_elf_segment(const struct sf_elf *elf, unsigned n, Elf64_Phdr *segment);

/* The loader it asks for; NULL: it has none, it is static (or a library). */
const char *sf_elf_loader(const struct sf_elf *elf);

/* The n-th string, from 0, of this tag of the dynamic section (DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH); NULL: no
 * more. */
const char *sf_elf_string(const struct sf_elf *elf, int64_t tag, unsigned n);

/* The next name that the file imports. *cursor starts at 0. NULL: no more. */
const char *sf_elf_import(const struct sf_elf *elf, uint64_t *cursor);

/* The function at an address, by the tables of symbols that it has, and how far into it that is; NULL: none. */
const char *sf_elf_function(const struct sf_elf *elf, uint64_t address, uint64_t *into);

/* Was it linked by Go's own linker? */
bool sf_elf_is_go(const struct sf_elf *elf);

/* Does it say which source line an instruction comes from? */
bool sf_elf_has_lines(const struct sf_elf *elf);

/* An instruction, and another one that follows it within `reach` bytes; both at multiples of `step`. */
struct sf_elf_code {
	const char *first, *then;
	unsigned char first_length, then_length, reach, step;
};

/* Do these two occur in its code? */
bool sf_elf_code_has(const struct sf_elf *elf, const struct sf_elf_code *code);

#endif

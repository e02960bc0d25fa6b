/* SPDX-License-Identifier: MIT
 *
 * elf.c -- what elf.h promises. All reading goes through within(): a place in the file, or NULL. The tables of the
 * dynamic section are used, not the section headers (which strip(1) and packers take away), but for Go's mark and for
 * names of functions.
 */
#include "cli/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A hostile header may claim 65,535 segments or endless tables: more than any real file has is not looked at. */
#define SEGMENTS_MAX 256
#define DYNAMIC_MAX 4096
#define SECTIONS_MAX 4096
#define GO_BUILD_ID 4

static const void *within(const struct sf_elf *elf, uint64_t offset, uint64_t length)
{
	return offset <= elf->size && length <= elf->size - offset ? elf->data + offset : NULL;
}

static const char *text_at(const struct sf_elf *elf, uint64_t offset)
{
	if (offset >= elf->size || !memchr(elf->data + offset, '\0', elf->size - offset))
		return NULL;
	return (const char *)elf->data + offset;
}

static uint64_t header(const struct sf_elf *elf, size_t wide_offset, size_t narrow_offset, size_t wide, size_t narrow)
{
	uint64_t value = 0;

	memcpy(&value, elf->data + (elf->wide ? wide_offset : narrow_offset), elf->wide ? wide : narrow);
	return value;
}

/* A field of the ELF header, whichever the word size. */
#define HEADER(elf, field)                                                                                             \
	header(                                                                                                            \
	    elf, offsetof(Elf64_Ehdr, field), offsetof(Elf32_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field),               \
	    sizeof(((Elf32_Ehdr *)0)->field))

bool sf_elf_segment(const struct sf_elf *elf, unsigned n, Elf64_Phdr *segment)
{
	size_t size = elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	uint64_t offset = HEADER(elf, e_phoff);
	const void *at = within(elf, offset, (n + 1) * size);

	if (!at || n >= SEGMENTS_MAX || n >= HEADER(elf, e_phnum) || HEADER(elf, e_phentsize) != size)
		return false;
	at = (const char *)at + n * size;
	if (elf->wide) {
		memcpy(segment, at, sizeof *segment);
		return true;
	}
	Elf32_Phdr narrow;

	memcpy(&narrow, at, sizeof narrow);
	*segment = (Elf64_Phdr){
	    .p_type = narrow.p_type,
	    .p_flags = narrow.p_flags,
	    .p_offset = narrow.p_offset,
	    .p_vaddr = narrow.p_vaddr,
	    .p_filesz = narrow.p_filesz};
	return true;
}

static bool segment_of(const struct sf_elf *elf, uint32_t type, Elf64_Phdr *segment)
{
	for (unsigned i = 0; sf_elf_segment(elf, i, segment); i++)
		if (segment->p_type == type)
			return true;
	return false;
}

/* Where in the file an address lies; 0: nowhere. */
static uint64_t offset_of(const struct sf_elf *elf, uint64_t address)
{
	Elf64_Phdr s;

	for (unsigned i = 0; sf_elf_segment(elf, i, &s); i++)
		if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz)
			return s.p_offset + (address - s.p_vaddr);
	return 0;
}

static bool dynamic_entry(const struct sf_elf *elf, uint64_t n, int64_t *tag, uint64_t *value)
{
	if (n >= elf->dynamic_count)
		return false;
	if (elf->wide) {
		Elf64_Dyn d;

		memcpy(&d, elf->data + elf->dynamic_at + n * sizeof d, sizeof d);
		*tag = d.d_tag;
		*value = d.d_un.d_val;
	} else {
		Elf32_Dyn d;

		memcpy(&d, elf->data + elf->dynamic_at + n * sizeof d, sizeof d);
		*tag = d.d_tag;
		*value = d.d_un.d_val;
	}
	return *tag != DT_NULL;
}

static uint64_t dynamic_value(const struct sf_elf *elf, int64_t wanted)
{
	int64_t tag;
	uint64_t value;

	for (uint64_t i = 0; dynamic_entry(elf, i, &tag, &value); i++)
		if (tag == wanted)
			return value;
	return 0;
}

/* Undefined symbols stand before those that the hash table of GNU covers: its second word says how many. Where it
 * covers none ld(1) writes 1 there, whatever there is; the names follow the symbols then. */
static uint64_t count_symbols(const struct sf_elf *elf)
{
	uint64_t gnu = dynamic_value(elf, DT_GNU_HASH), old = dynamic_value(elf, DT_HASH);
	uint64_t table = offset_of(elf, gnu ? gnu : old);
	const void *at = table ? within(elf, table + 4, 4) : NULL;
	uint32_t count = 0;

	if (at)
		memcpy(&count, at, sizeof count);
	if (count == 1 && gnu && elf->strings_at > elf->symbols_at)
		return (elf->strings_at - elf->symbols_at) / (elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym));
	return count;
}

static void find_dynamic(struct sf_elf *elf)
{
	size_t entry = elf->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	size_t symbol = elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	Elf64_Phdr s;

	elf->dynamic = segment_of(elf, PT_DYNAMIC, &s);
	if (!elf->dynamic || !within(elf, s.p_offset, s.p_filesz))
		return;
	elf->dynamic_at = s.p_offset;
	elf->dynamic_count = s.p_filesz / entry < DYNAMIC_MAX ? s.p_filesz / entry : DYNAMIC_MAX;
	elf->strings_at = offset_of(elf, dynamic_value(elf, DT_STRTAB));
	elf->strings_size = dynamic_value(elf, DT_STRSZ);
	elf->symbols_at = offset_of(elf, dynamic_value(elf, DT_SYMTAB));
	elf->symbol_count = count_symbols(elf);
	if (!elf->strings_at || !within(elf, elf->strings_at, elf->strings_size))
		elf->strings_size = 0;
	if (!elf->symbols_at || !within(elf, elf->symbols_at, elf->symbol_count * symbol))
		elf->symbol_count = 0;
}

static bool map(struct sf_elf *elf, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		errno = EACCES;
		return false;
	}
	elf->size = (size_t)st.st_size;
	if (elf->size == 0)
		return true;
	void *data = mmap(NULL, elf->size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (data == MAP_FAILED)
		return false;
	elf->data = data;
	return true;
}

bool sf_elf_open(struct sf_elf *elf, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*elf = (struct sf_elf){0};
	if (fd < 0)
		return false;
	bool mapped = map(elf, fd);
	int saved = errno;

	close(fd);
	errno = saved;
	if (!mapped || elf->size < sizeof(Elf32_Ehdr) || memcmp(elf->data, ELFMAG, SELFMAG) != 0)
		return mapped;
	elf->wide = elf->data[EI_CLASS] == ELFCLASS64;
	elf->is_elf = elf->size >= (elf->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	if (!elf->is_elf)
		return true;
	elf->type = (uint16_t)HEADER(elf, e_type);
	elf->machine = (uint16_t)HEADER(elf, e_machine);
	if (elf->data[EI_DATA] == ELFDATA2LSB)
		find_dynamic(elf);
	return true;
}

void sf_elf_close(struct sf_elf *elf)
{
	if (elf->data)
		munmap((void *)(uintptr_t)elf->data, elf->size);
	*elf = (struct sf_elf){0};
}

const char *sf_elf_loader(const struct sf_elf *elf)
{
	Elf64_Phdr s;

	return segment_of(elf, PT_INTERP, &s) ? text_at(elf, s.p_offset) : NULL;
}

static const char *dynamic_text(const struct sf_elf *elf, uint64_t offset)
{
	if (offset >= elf->strings_size)
		return NULL;
	const char *text = (const char *)elf->data + elf->strings_at + offset;

	return memchr(text, '\0', elf->strings_size - offset) ? text : NULL;
}

const char *sf_elf_string(const struct sf_elf *elf, int64_t wanted, unsigned n)
{
	int64_t tag;
	uint64_t value;

	for (uint64_t i = 0; dynamic_entry(elf, i, &tag, &value); i++)
		if (tag == wanted && n-- == 0)
			return dynamic_text(elf, value);
	return NULL;
}

const char *sf_elf_import(const struct sf_elf *elf, uint64_t *cursor)
{
	while (*cursor < elf->symbol_count) {
		uint64_t n = (*cursor)++;
		uint32_t name;
		uint16_t section;

		if (elf->wide) {
			const unsigned char *at = elf->data + elf->symbols_at + n * sizeof(Elf64_Sym);

			memcpy(&name, at + offsetof(Elf64_Sym, st_name), sizeof name);
			memcpy(&section, at + offsetof(Elf64_Sym, st_shndx), sizeof section);
		} else {
			const unsigned char *at = elf->data + elf->symbols_at + n * sizeof(Elf32_Sym);

			memcpy(&name, at + offsetof(Elf32_Sym, st_name), sizeof name);
			memcpy(&section, at + offsetof(Elf32_Sym, st_shndx), sizeof section);
		}
		const char *text = section == SHN_UNDEF && name ? dynamic_text(elf, name) : NULL;

		if (text)
			return text;
	}
	return NULL;
}

/* ---- section headers ---- */

/* The n-th section header, widened to 64 bits. */
static bool section(const struct sf_elf *elf, uint64_t n, Elf64_Shdr *s)
{
	uint64_t at = HEADER(elf, e_shoff), size = elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	Elf32_Shdr narrow;

	if (!at || n >= HEADER(elf, e_shnum) || n >= SECTIONS_MAX || at > elf->size || !within(elf, at + n * size, size))
		return false;
	if (elf->wide) {
		memcpy(s, elf->data + at + n * size, sizeof *s);
		return true;
	}
	memcpy(&narrow, elf->data + at + n * size, sizeof narrow);
	*s = (Elf64_Shdr){
	    .sh_name = narrow.sh_name,
	    .sh_type = narrow.sh_type,
	    .sh_offset = narrow.sh_offset,
	    .sh_size = narrow.sh_size,
	    .sh_link = narrow.sh_link};
	return true;
}

static void symbol_at(const struct sf_elf *elf, const unsigned char *at, Elf64_Sym *symbol)
{
	Elf32_Sym narrow;

	if (elf->wide) {
		memcpy(symbol, at, sizeof *symbol);
		return;
	}
	memcpy(&narrow, at, sizeof narrow);
	*symbol = (Elf64_Sym){
	    .st_name = narrow.st_name, .st_info = narrow.st_info, .st_value = narrow.st_value, .st_size = narrow.st_size};
}

static const char *function_in(const struct sf_elf *elf, const Elf64_Shdr *table, uint64_t address, uint64_t *into)
{
	size_t size = elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	const unsigned char *at = within(elf, table->sh_offset, table->sh_size);
	Elf64_Shdr strings;
	Elf64_Sym symbol;

	if (!at || !section(elf, table->sh_link, &strings))
		return NULL;
	for (uint64_t i = 0; i < table->sh_size / size; i++) {
		symbol_at(elf, at + i * size, &symbol);
		unsigned type = ELF64_ST_TYPE(symbol.st_info);

		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || address < symbol.st_value ||
		    address - symbol.st_value >= symbol.st_size || symbol.st_name >= strings.sh_size)
			continue;
		*into = address - symbol.st_value;
		return text_at(elf, strings.sh_offset + symbol.st_name);
	}
	return NULL;
}

const char *sf_elf_function(const struct sf_elf *elf, uint64_t address, uint64_t *into)
{
	Elf64_Shdr table;
	const char *found = NULL;

	for (uint64_t i = 0; elf->is_elf && !found && section(elf, i, &table); i++)
		if (table.sh_type == SHT_SYMTAB || table.sh_type == SHT_DYNSYM)
			found = function_in(elf, &table, address, into);
	return found;
}

/* ---- Go ---- */

static bool notes_have_go(const struct sf_elf *elf, const Elf64_Phdr *s)
{
	uint64_t at = s->p_offset, end = s->p_offset + s->p_filesz;
	const void *found;

	if (!within(elf, s->p_offset, s->p_filesz))
		return false;
	while (end - at >= sizeof(Elf64_Nhdr) && (found = within(elf, at, sizeof(Elf64_Nhdr)))) {
		Elf64_Nhdr note;

		memcpy(&note, found, sizeof note);
		uint64_t size = sizeof note + (note.n_namesz + UINT64_C(3)) / 4 * 4 + (note.n_descsz + UINT64_C(3)) / 4 * 4;
		const void *name = within(elf, at + sizeof note, note.n_namesz);

		if (name && note.n_type == GO_BUILD_ID && note.n_namesz == 4 && memcmp(name, "Go", 3) == 0)
			return true;
		if (size > end - at)
			return false;
		at += size;
	}
	return false;
}

static bool has_section(const struct sf_elf *elf, const char *wanted)
{
	Elf64_Shdr names, one;
	size_t length = strlen(wanted) + 1;

	if (!section(elf, HEADER(elf, e_shstrndx), &names) || names.sh_offset > elf->size)
		return false;
	for (uint64_t i = 0; section(elf, i, &one); i++) {
		const void *text = within(elf, names.sh_offset + one.sh_name, length);

		if (text && memcmp(text, wanted, length) == 0)
			return true;
	}
	return false;
}

bool sf_elf_is_go(const struct sf_elf *elf)
{
	Elf64_Phdr s;

	for (unsigned i = 0; sf_elf_segment(elf, i, &s); i++)
		if (s.p_type == PT_NOTE && notes_have_go(elf, &s))
			return true;
	return has_section(elf, ".go.buildinfo");
}

bool sf_elf_has_lines(const struct sf_elf *elf)
{
	return has_section(elf, ".debug_line");
}

/* The second byte of a number is seldom, and memchr the quickest search there is. */
static const unsigned char *
find_first(const unsigned char *at, const unsigned char *end, const struct sf_elf_code *code)
{
	while (end - at >= (ptrdiff_t)code->first_length) {
		const unsigned char *second = memchr(at + 1, code->first[1], (size_t)(end - at - 1));

		if (!second)
			return NULL;
		at = second - 1;
		if (end - at >= (ptrdiff_t)code->first_length && memcmp(at, code->first, code->first_length) == 0)
			return at;
		at++;
	}
	return NULL;
}

static bool bytes_have(const unsigned char *at, size_t left, const struct sf_elf_code *code)
{
	const unsigned char *found, *start = at, *end = at + left;

	while ((found = find_first(at, end, code))) {
		size_t reach = (size_t)(end - found) < code->reach ? (size_t)(end - found) : code->reach;

		if ((found - start) % code->step == 0 && memmem(found, reach, code->then, code->then_length))
			return true;
		at = found + 1;
	}
	return false;
}

bool sf_elf_code_has(const struct sf_elf *elf, const struct sf_elf_code *code)
{
	Elf64_Phdr s;

	for (unsigned i = 0; sf_elf_segment(elf, i, &s); i++) {
		const unsigned char *at = within(elf, s.p_offset, s.p_filesz);

		if (at && s.p_type == PT_LOAD && (s.p_flags & PF_X) && bytes_have(at, s.p_filesz, code))
			return true;
	}
	return false;
}

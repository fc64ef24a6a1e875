// SPDX-License-Identifier: GPL-2.0-or-later
// Choosing parts of ELF files.
#include "needed.h"

#include "cleanup.h"

#include <gelf.h>
#include <string.h>

enum {
	HEADERS_MAX = 1 << 16, // program headers and sections looked at, each
	GAP_MAX = 512,         // what is so near is one part
	BEGINNING_LEN = 4096,
};

// The sections that are needed though nothing of them is mapped, besides symbols, strings and
// notes, which their type tells.
static const char *const sections[] = {
	".debug_frame",
	".zdebug_frame",
	".eh_frame",
	".eh_frame_hdr",
	".gnu_debugdata",
	".gnu_debuglink",
	".gnu_debugaltlink",
	".gopclntab",
};

struct parts {
	struct file_part *rows;
	size_t count, capacity;
	uint64_t file_len;
	bool failed; // no memory
};

static void add(struct parts *parts, uint64_t offset, uint64_t len)
{
	if (parts->failed || len == 0 || offset >= parts->file_len)
		return;
	if (parts->count == parts->capacity) {
		size_t capacity = 2 * parts->capacity + 64;
		struct file_part *grown = reallocarray(parts->rows, capacity, sizeof(*grown));
		parts->failed = !grown;
		if (!grown)
			return;
		parts->rows = grown;
		parts->capacity = capacity;
	}
	uint64_t left = parts->file_len - offset;
	parts->rows[parts->count++] = (struct file_part){offset, len < left ? len : left};
}

static void add_segments(struct parts *parts, Elf *elf)
{
	size_t count;
	GElf_Phdr phdr;

	if (elf_getphdrnum(elf, &count) < 0)
		return;
	for (size_t i = 0; i < count && i < HEADERS_MAX; i++)
		if (gelf_getphdr(elf, (int)i, &phdr) &&
			(phdr.p_type == PT_LOAD || phdr.p_type == PT_NOTE))
			add(parts, phdr.p_offset, phdr.p_filesz);
}

static bool is_needed(const GElf_Shdr *shdr, const char *name)
{
	if (shdr->sh_type == SHT_NOBITS)
		return false;
	if (shdr->sh_type == SHT_SYMTAB || shdr->sh_type == SHT_DYNSYM ||
		shdr->sh_type == SHT_NOTE || shdr->sh_type == SHT_SYMTAB_SHNDX)
		return true;
	if (!name)
		return false;
	// The strings of debug information are as large as it is.
	if (shdr->sh_type == SHT_STRTAB)
		return strstr(name, "debug") == NULL;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(name, sections[i]) == 0)
			return true;
	return false;
}

static void add_sections(struct parts *parts, Elf *elf)
{
	size_t names, count = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return;
	while ((section = elf_nextscn(elf, section)) && count++ < HEADERS_MAX)
		if (gelf_getshdr(section, &shdr) &&
			is_needed(&shdr, elf_strptr(elf, names, shdr.sh_name)))
			add(parts, shdr.sh_offset, shdr.sh_size);
}

static void add_headers(struct parts *parts, Elf *elf, const GElf_Ehdr *ehdr)
{
	size_t count;

	add(parts, 0, ehdr->e_ehsize);
	if (elf_getphdrnum(elf, &count) == 0)
		add(parts, ehdr->e_phoff, count * ehdr->e_phentsize);
	if (elf_getshdrnum(elf, &count) == 0)
		add(parts, ehdr->e_shoff, count * ehdr->e_shentsize);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct file_part *)a)->offset;
	uint64_t y = ((const struct file_part *)b)->offset;

	return (x > y) - (x < y);
}

// Puts together what overlaps or is near, to ROWS.
static int merge(const struct parts *parts, struct file_part *rows, size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct file_part *part = &parts->rows[i];
		struct file_part *last = count > 0 ? &rows[count - 1] : NULL;
		if (last && part->offset <= last->offset + last->len + GAP_MAX) {
			uint64_t len = part->offset + part->len - last->offset;
			last->len = len > last->len ? len : last->len;
			continue;
		}
		if (count == FILE_PARTS_MAX)
			return -E2BIG;
		rows[count++] = *part;
	}
	*ret_count = count;
	return 0;
}

int needed_parts(Elf *elf, bool debug, uint64_t len, struct file_part *rows, size_t *ret_count)
{
	struct parts parts = {.file_len = len};
	GElf_Ehdr ehdr;

	// The beginning of debug information without the rest would look like a broken one.
	if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &ehdr)) {
		add_headers(&parts, elf, &ehdr);
		add_sections(&parts, elf);
		if (!debug)
			add_segments(&parts, elf);
	} else {
		add(&parts, 0, BEGINNING_LEN);
	}
	if (parts.count > 0)
		qsort(parts.rows, parts.count, sizeof(*parts.rows), compare);
	int r = parts.failed ? -ENOMEM : merge(&parts, rows, ret_count);
	free(parts.rows);
	return r;
}

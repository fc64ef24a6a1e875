// SPDX-License-Identifier: GPL-2.0-or-later
// Function beginnings.
#include "entries.h"

#include "cleanup.h"
#include "jitnames.h"
#include "order.h"

#include <gelf.h>
#include <string.h>

enum {
	ENTRIES_MAX = 1 << 21, // kept of one module
	SYMBOLS_MAX = 1 << 20, // looked at in one table
	RELOCATIONS_MAX = 1 << 21,
	SCAN_MAX = 256 << 20, // bytes of code looked at
	CALL_LEN = 5,
	LEA_LEN = 7,
};

struct collector {
	const struct module *module;
	struct entries *entries;
	size_t capacity;
	bool fixed; // the module is not relocated: addresses stand in it as they are
};

static void add(struct collector *collector, uint64_t vaddr, bool loaded)
{
	struct entries *entries = collector->entries;

	if (entries->count == ENTRIES_MAX || !module_is_code(collector->module, vaddr))
		return;
	if (entries->count == collector->capacity) {
		size_t capacity = collector->capacity ? 2 * collector->capacity : 4096;
		uint64_t *grown = reallocarray(entries->rows, capacity, sizeof(*grown));
		if (!grown)
			return;
		entries->rows = grown;
		collector->capacity = capacity;
	}
	entries->rows[entries->count++] = vaddr << 1 | loaded;
}

static void add_symbols(struct collector *collector, Elf_Scn *section, const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = shdr->sh_entsize > 0 ? shdr->sh_size / shdr->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 0; data && i < count && i < SYMBOLS_MAX; i++)
		if (gelf_getsym(data, (int)i, &symbol) && symbol.st_shndx != SHN_UNDEF &&
			(GELF_ST_TYPE(symbol.st_info) == STT_FUNC ||
				GELF_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC))
			add(collector, symbol.st_value, false);
}

// What is relocated to an address of the module itself: function pointers in data.
static void add_relocations(struct collector *collector, Elf_Scn *section, const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = shdr->sh_entsize > 0 ? shdr->sh_size / shdr->sh_entsize : 0;
	GElf_Rela rela;

	for (size_t i = 0; data && i < count && i < RELOCATIONS_MAX; i++)
		if (gelf_getrela(data, (int)i, &rela) && GELF_R_SYM(rela.r_info) == 0)
			add(collector, (uint64_t)rela.r_addend, true);
}

static void add_sections(struct collector *collector, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;

	while (elf && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &shdr))
			continue;
		if (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM)
			add_symbols(collector, section, &shdr);
		else if (shdr.sh_type == SHT_RELA)
			add_relocations(collector, section, &shdr);
	}
}

// The targets of what looks like direct calls, and of what loads an address relative to the pc, in
// the LEN BYTES of code at VADDR.
static void scan_code(
	struct collector *collector, const unsigned char *bytes, size_t len, uint64_t vaddr)
{
	int32_t distance;

	for (size_t i = 0; i + CALL_LEN <= len; i++) {
		bool call = bytes[i] == 0xe8;
		bool lea = i + LEA_LEN <= len && (bytes[i] & 0xfb) == 0x48 &&
			   bytes[i + 1] == 0x8d && (bytes[i + 2] & 0xc7) == 0x05;
		bool move = collector->fixed && (bytes[i] & 0xf8) == 0xb8;
		if (!call && !lea && !move)
			continue;
		memcpy(&distance, bytes + i + (lea ? 3 : 1), sizeof(distance));
		uint64_t from = move ? 0 : vaddr + i + (lea ? LEA_LEN : CALL_LEN);
		add(collector, from + (uint64_t)(int64_t)distance, !call);
	}
}

// Code that is in no file begins where it has a name: what lies between its pieces is no code, and
// would show calls that are none.
static void add_made(struct collector *collector, const struct made_code *made)
{
	for (size_t i = 0; i < made->names->count; i++)
		add(collector, made->names->rows[i].start, false);
}

// Words of data that are addresses of code: function pointers of a program that is not relocated.
static void scan_data(struct collector *collector, const unsigned char *bytes, size_t len)
{
	uint64_t word;

	for (size_t i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		if (word != 0)
			add(collector, word, true);
	}
}

void entries_init(struct entries *ret, const struct module *module)
{
	struct collector collector = {.module = module, .entries = ret};
	size_t scanned = 0, kept = 0;

	*ret = (struct entries){0};
	if (module->made)
		add_made(&collector, module->made);
	if (module->elf)
		add(&collector, module->entry, false);
	collector.fixed = module->fixed;
	add_sections(&collector, module->elf);
	for (size_t i = 0; i < EXTRA_COUNT; i++)
		add_sections(&collector, module->extras[i].elf);
	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		size_t len;
		const unsigned char *bytes = module_bytes(module, segment, 0, &len);
		if (!bytes || len > SCAN_MAX - scanned)
			continue;
		scanned += len;
		if (segment->executable)
			scan_code(&collector, bytes, len, segment->vaddr);
		else if (collector.fixed)
			scan_data(&collector, bytes, len);
	}
	if (ret->count == 0)
		return;
	qsort(ret->rows, ret->count, sizeof(*ret->rows), order_u64);
	// Of equal addresses the called one comes first, and stays.
	for (size_t i = 0; i < ret->count; i++)
		if (kept == 0 || ret->rows[kept - 1] >> 1 != ret->rows[i] >> 1)
			ret->rows[kept++] = ret->rows[i];
	ret->count = kept;
}

void entries_fini(struct entries *entries)
{
	free(entries->rows);
	*entries = (struct entries){0};
}

size_t entries_below(const struct entries *entries, uint64_t vaddr)
{
	size_t begin = 0, end = entries->count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		if (entries->rows[middle] >> 1 <= vaddr)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

bool entries_has(const struct entries *entries, uint64_t vaddr)
{
	size_t below = entries_below(entries, vaddr);

	return below > 0 && entries_at(entries, below - 1) == vaddr;
}

bool entries_is_called(const struct entries *entries, uint64_t vaddr)
{
	size_t below = entries_below(entries, vaddr);

	return below > 0 && entries->rows[below - 1] == vaddr << 1;
}

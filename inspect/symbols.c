// SPDX-License-Identifier: GPL-2.0-or-later
// Symbol tables, walked once for all addresses.
#include "symbols.h"

#include "cleanup.h"
#include "plt.h"
#include "sys.h"

#include <gelf.h>
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

enum {
	D_NAME_MAX = 512,
	UNDERSCORES_MAX = 7, // that are told apart
	FEW = 4,             // queries that each symbol is compared with,
	SOME = 4 * FEW,      // and for which that is done for a few at a time
};

// A symbol table section, checked.
struct table {
	Elf *elf;
	const Elf64_Sym *symbols;
	size_t count;
	const char *strings; // its names; a NUL ends the last one
	size_t strings_len;
};

// How good a name is: the binding first (global, weak, local), then a function over a label, then
// fewer leading underscores (of __poll and poll, poll is what people call it).
static unsigned rank_of(const Elf64_Sym *symbol, const char *name)
{
	unsigned char binding = ELF64_ST_BIND(symbol->st_info),
		      type = ELF64_ST_TYPE(symbol->st_info);
	unsigned rank = binding == STB_GLOBAL ? 3 : binding == STB_WEAK ? 2 : 1;
	unsigned underscores = 0;

	while (underscores < UNDERSCORES_MAX && name[underscores] == '_')
		underscores++;
	rank = rank * 4 + (type == STT_FUNC ? 2 : type == STT_NOTYPE ? 0 : 1);
	return rank * (UNDERSCORES_MAX + 1) + UNDERSCORES_MAX - underscores;
}

// Symbols that can name code: functions, and labels of assembly that are no mapping symbols.
static bool is_code(const Elf64_Sym *symbol)
{
	unsigned char type = ELF64_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

// The name of SYMBOL, or NULL when it has none that names code.
static const char *name_of(const struct table *table, const Elf64_Sym *symbol)
{
	const char *name = table->strings + symbol->st_name;

	if (symbol->st_name >= table->strings_len || name[0] == '\0' || name[0] == '$' ||
		(name[0] == '.' && name[1] == 'L'))
		return NULL;
	return name;
}

// The first query at or above VADDR.
static size_t lower_bound(const struct symbol_query *queries, size_t count, uint64_t vaddr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (queries[middle].vaddr < vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// True when a symbol at START of SIZE and RANK is a better name for QUERY than the one it has: the
// innermost wins, then the rank; then the first.
static bool is_better(const struct symbol_query *query, const Elf64_Sym *symbol, unsigned rank)
{
	if (!query->name)
		return true;
	if (symbol->st_value != query->start)
		return symbol->st_value > query->start;
	return rank > query->rank;
}

static void offer_sized(struct symbol_query *query, const Elf64_Sym *symbol, const char *name)
{
	unsigned rank = rank_of(symbol, name);

	if (!is_better(query, symbol, rank))
		return;
	query->name = name;
	query->start = symbol->st_value;
	query->size = symbol->st_size;
	query->rank = rank;
}

static void offer_open(struct symbol_query *query, const Elf64_Sym *symbol, const char *name)
{
	unsigned rank = rank_of(symbol, name);

	if (query->open_name &&
		(symbol->st_value < query->open_start ||
			(symbol->st_value == query->open_start && rank <= query->open_rank)))
		return;
	query->open_name = name;
	query->open_start = symbol->st_value;
	query->open_rank = rank;
	query->open_section = symbol->st_shndx;
}

// Offers SYMBOL to each query that it covers, and, as the nearest so far, to the first one above
// it.
static void offer(const struct table *table, const Elf64_Sym *symbol, struct symbol_query *queries,
	size_t count)
{
	size_t first = lower_bound(queries, count, symbol->st_value);
	size_t covered = first;

	while (covered < count && queries[covered].vaddr - symbol->st_value < symbol->st_size)
		covered++;
	if (first == count || (symbol->st_value <= queries[first].nearest && covered == first &&
				      symbol->st_size != 0))
		return;
	const char *name = name_of(table, symbol);
	if (!name)
		return; // such a label bounds nothing either
	if (symbol->st_value > queries[first].nearest)
		queries[first].nearest = symbol->st_value;
	for (size_t i = first; i < covered; i++)
		offer_sized(&queries[i], symbol, name);
	if (symbol->st_size == 0)
		offer_open(&queries[first], symbol, name);
}

// True when VADDR lies in section INDEX.
static bool is_in_section(const struct table *table, unsigned index, uint64_t vaddr)
{
	GElf_Shdr shdr;
	Elf_Scn *section = elf_getscn(table->elf, index);

	return section && gelf_getshdr(section, &shdr) && vaddr >= shdr.sh_addr &&
	       vaddr - shdr.sh_addr < shdr.sh_size;
}

// Gives each query that no symbol covers the symbol without a size that reaches it, if one does.
static void settle_open(const struct table *table, struct symbol_query *queries, size_t count)
{
	const struct symbol_query *open = NULL; // the query that has the last name without a size
	uint64_t nearest = 0;

	for (size_t i = 0; i < count; i++) {
		struct symbol_query *query = &queries[i];
		if (query->nearest > nearest)
			nearest = query->nearest;
		if (query->open_name && (!open || query->open_start >= open->open_start))
			open = query;
		if (query->name || !open || open->open_start != nearest ||
			!is_in_section(table, open->open_section, query->vaddr))
			continue;
		query->name = open->open_name;
		query->start = open->open_start;
		query->size = 0;
		query->rank = open->open_rank;
	}
}

// False when SYMBOL is above all QUERIES, or ends before the first of them and there is a nearer
// one: what is to be said of most symbols, at once.
static bool can_matter(const Elf64_Sym *symbol, const struct symbol_query *queries, size_t count)
{
	if (symbol->st_value > queries[count - 1].vaddr)
		return false;
	return symbol->st_value > queries[0].nearest || symbol->st_size == 0 ||
	       queries[0].vaddr - symbol->st_value < symbol->st_size ||
	       symbol->st_value > queries[0].vaddr;
}

// How far below QUERIES[INDEX] a symbol may begin that is as near to it as the nearest so far, and
// above the query before it.
static uint64_t reach_of(const struct symbol_query *queries, size_t index)
{
	const struct symbol_query *query = &queries[index];
	uint64_t above = index == 0                                 ? 0
			 : queries[index - 1].vaddr == query->vaddr ? query->vaddr
								    : queries[index - 1].vaddr + 1;

	return query->vaddr - (above > query->nearest ? above : query->nearest);
}

// FEW numbers of 32 bits, which vectors of most machines compare by their signs only: so the first
// bit is turned round.
typedef uint32_t few __attribute__((vector_size(FEW * sizeof(uint32_t))));
typedef int32_t few_signed __attribute__((vector_size(FEW * sizeof(int32_t))));

static uint32_t turned(uint64_t number)
{
	return (uint32_t)number ^ UINT32_C(0x80000000);
}

// What a symbol is compared with. Numbers that are cut to 32 bits find more than what matters, not
// less.
struct wanted {
	few vaddrs;
	few reaches; // one above them
	bool far;    // a reach has more bits
};

static struct wanted wanted_of(const struct symbol_query *queries, size_t count)
{
	struct wanted wanted = {.far = false};

	for (size_t i = 0; i < FEW; i++) {
		size_t index = i < count ? i : 0;
		uint64_t reach = reach_of(queries, index);
		wanted.vaddrs[i] = turned(queries[index].vaddr);
		wanted.reaches[i] = turned(reach + 1);
		wanted.far |= reach >= UINT32_MAX;
	}
	return wanted;
}

// The same as walk_many(), for FEW queries at most: what matters is found without a branch that
// depends on the order of the symbols, which is any.
static void walk_few(const struct table *table, struct symbol_query *queries, size_t count)
{
	const few zeros = {0};
	struct wanted wanted = wanted_of(queries, count);

	for (size_t i = 0; i < table->count; i++) {
		const Elf64_Sym *symbol = &table->symbols[i];
		few_signed distances = (few_signed)(wanted.vaddrs - (uint32_t)symbol->st_value);
		few_signed sizes = (few_signed)(zeros + turned(symbol->st_size));
		few_signed near = (distances < sizes) | (distances < (few_signed)wanted.reaches);
		uint64_t halves[2];
		memcpy(halves, &near, sizeof(halves));
		if (((halves[0] | halves[1] | symbol->st_size >> 32) == 0 && !wanted.far) ||
			!is_code(symbol))
			continue;
		offer(table, symbol, queries, count);
		wanted = wanted_of(queries, count);
	}
}

static void walk_many(const struct table *table, struct symbol_query *queries, size_t count)
{
	for (size_t i = 0; i < table->count; i++)
		if (can_matter(&table->symbols[i], queries, count) && is_code(&table->symbols[i]))
			offer(table, &table->symbols[i], queries, count);
}

// All of TABLE will be looked at: its pages at once, as far as they come. A page fault brings 16.
static void populate(const struct table *table)
{
	const uintptr_t page = 4096;
	uintptr_t start = (uintptr_t)table->symbols & ~(page - 1);
	size_t len = (uintptr_t)(table->symbols + table->count) - start;

	if (len > 16 * page)
		sys_populate((void *)start, len);
}

static void walk(const struct table *table, struct symbol_query *queries, size_t count)
{
	populate(table);
	for (size_t i = 0; i < count; i++) {
		queries[i].nearest = 0;
		queries[i].open_name = NULL;
	}
	if (count > SOME)
		walk_many(table, queries, count);
	for (size_t i = 0; count <= SOME && i < count; i += FEW)
		walk_few(table, queries + i, count - i < FEW ? count - i : FEW);
	settle_open(table, queries, count);
}

// Finds the names of TABLE in section INDEX of ELF, as far as they are ended.
static bool find_strings(Elf *elf, size_t index, struct table *table)
{
	GElf_Shdr shdr;
	Elf_Scn *section = elf_getscn(elf, index);

	if (!section || !gelf_getshdr(section, &shdr) || shdr.sh_type != SHT_STRTAB)
		return false;
	const Elf_Data *data = elf_getdata(section, NULL);
	const char *last = data && data->d_buf ? memrchr(data->d_buf, '\0', data->d_size) : NULL;
	if (!last)
		return false;
	table->strings = data->d_buf;
	table->strings_len = (size_t)(last - table->strings) + 1;
	return true;
}

// Opens the symbol table that SECTION, with header SHDR, of ELF is. Returns false when it cannot be
// used.
static bool open_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *shdr, struct table *ret)
{
	const Elf_Data *data =
		shdr->sh_entsize == sizeof(Elf64_Sym) ? elf_getdata(section, NULL) : NULL;

	if (!data || !data->d_buf || (uintptr_t)data->d_buf % _Alignof(Elf64_Sym) != 0)
		return false;
	*ret = (struct table){
		.elf = elf, .symbols = data->d_buf, .count = data->d_size / sizeof(Elf64_Sym)};
	return find_strings(elf, shdr->sh_link, ret);
}

// Finds the symbol table of TYPE in ELF. Returns false when there is none that can be used.
static bool find_table(Elf *elf, uint32_t type, struct table *ret)
{
	GElf_Shdr shdr;

	for (Elf_Scn *section = NULL; elf && (section = elf_nextscn(elf, section));)
		if (gelf_getshdr(section, &shdr) && shdr.sh_type == type &&
			open_table(elf, section, &shdr, ret))
			return true;
	return false;
}

// The .symtab of MODULE that has what its .dynsym has, too.
static bool find_whole_symtab(const struct module *module, struct table *ret)
{
	return find_table(module->elf, SHT_SYMTAB, ret) ||
	       find_table(module->extras[EXTRA_FILE].elf, SHT_SYMTAB, ret);
}

// The one that has only what is not in .dynsym.
static bool find_mini_symtab(const struct module *module, struct table *ret)
{
	return find_table(module->extras[EXTRA_MINI].elf, SHT_SYMTAB, ret);
}

bool symbols_are_complete(const struct module *module)
{
	struct table table;

	return find_table(module->elf, SHT_SYMTAB, &table);
}

bool symbols_are_there(const struct module *module)
{
	struct table table;

	return find_whole_symtab(module, &table) || find_mini_symtab(module, &table);
}

bool symbols_are_broken(const struct module *module)
{
	GElf_Shdr shdr;
	struct table table;

	// Of what was in memory only there may be headers, but no tables.
	if (!module->source || module->source->source == SNAPSHOT_SOURCE_MEMORY)
		return false;
	for (Elf_Scn *section = NULL; module->elf && (section = elf_nextscn(module->elf, section));)
		if (gelf_getshdr(section, &shdr) && shdr.sh_size > 0 &&
			(shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM) &&
			!open_table(module->elf, section, &shdr, &table))
			return true;
	return false;
}

// Gives each query that has no name the one in Go's function table.
static void name_by_go(const struct gopclntab *table, struct symbol_query *queries, size_t count)
{
	struct gopclntab_function function;

	for (size_t i = 0; i < count; i++) {
		struct symbol_query *query = &queries[i];
		if (query->name || !gopclntab_find(table, query->vaddr, &function) ||
			!function.name[0])
			continue;
		query->name = function.name;
		query->start = function.start;
		query->size = function.end - function.start;
	}
}

// Gives each query that has no name that of what it calls, if it is in the PLT.
static void name_by_plt(const struct module *module, struct symbol_query *queries, size_t count)
{
	struct plt_entry entry;
	struct plt plt;
	bool opened = false;

	for (size_t i = 0; i < count; i++) {
		struct symbol_query *query = &queries[i];
		if (query->name)
			continue;
		if (!opened)
			plt_open(module->elf, &plt);
		opened = true;
		if (!plt_find(&plt, query->vaddr, &entry))
			continue;
		query->name = entry.name;
		query->start = entry.start;
		query->size = entry.size;
		query->plt = true;
	}
}

bool symbols_cover(const struct symbol_query *queries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!queries[i].name || queries[i].size == 0)
			return false;
	return true;
}

void symbols_resolve(const struct module *module, struct symbol_query *queries, size_t count)
{
	struct table table;

	for (size_t i = 0; i < count; i++)
		queries[i] = (struct symbol_query){.vaddr = queries[i].vaddr};
	bool whole = find_whole_symtab(module, &table);
	if (whole || find_mini_symtab(module, &table))
		walk(&table, queries, count);
	if (!(whole && symbols_cover(queries, count)) &&
		find_table(module->elf, SHT_DYNSYM, &table))
		walk(&table, queries, count);
	name_by_go(&module->gopclntab, queries, count);
	name_by_plt(module, queries, count);
}

// A name that is being demangled, piece by piece: a few bytes can stand for gigabytes.
struct demangling {
	size_t len;
	jmp_buf full;
	char text[SYMBOL_NAME_MAX];
};

static void take_piece(const char *piece, size_t len, void *arg)
{
	struct demangling *demangling = arg;
	size_t room = sizeof(demangling->text) - demangling->len;

	memcpy(demangling->text + demangling->len, piece, len < room ? len : room);
	demangling->len += len < room ? len : room;
	if (len > room)
		longjmp(demangling->full, 1); // the only way out of the demangler
}

// Demangles NAME (C++ or Rust) into DEMANGLING, which is the caller's, so that a jump back to here
// leaves it as it is. Returns false when it is neither.
static bool demangle_into(const char *name, struct demangling *demangling)
{
	const int options = DMGL_PARAMS | DMGL_ANSI;

	demangling->len = 0;
	if (setjmp(demangling->full) != 0) {
		memcpy(demangling->text + sizeof(demangling->text) - 3, "...", 3);
		return true;
	}
	if (rust_demangle_callback(name, options, take_piece, demangling) == 1)
		return true;
	demangling->len = 0;
	return cplus_demangle_v3_callback(name, options, take_piece, demangling) == 1;
}

// Demangles NAME into a new string. Returns NULL when it is neither C++ nor Rust.
static char *demangle(const char *name)
{
	struct demangling demangling;

	return demangle_into(name, &demangling) ? strndup(demangling.text, demangling.len) : NULL;
}

char *symbol_display_name(const char *name, bool raw)
{
	size_t len = strnlen(name, SYMBOL_NAME_RAW);
	const char *version = memchr(name, '@', len);

	if (version && version != name)
		len = (size_t)(version - name);
	char *plain = strndup(name, len);
	if (!plain)
		return NULL;
	char *shown = raw ? NULL : demangle(plain);
	// D's demangler knows no bounds: only names that cannot grow much are given to it.
	if (!shown && !raw && strncmp(plain, "_D", 2) == 0 && len < D_NAME_MAX)
		shown = dlang_demangle(plain, 0);
	if (shown)
		free(plain);
	else
		shown = plain;
	if (strlen(shown) > SYMBOL_NAME_MAX)
		memcpy(shown + SYMBOL_NAME_MAX - 3, "...", 4);
	return shown;
}

char *symbol_query_name(const struct symbol_query *query, bool raw)
{
	auto_free char *name = symbol_display_name(query->name, raw);
	char *whole = NULL;

	if (!query->plt)
		return take_ptr(name);
	return name && asprintf(&whole, "%s@plt", name) >= 0 ? whole : NULL;
}

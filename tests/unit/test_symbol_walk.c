// SPDX-License-Identifier: GPL-2.0-or-later
// Symbol tables of any content: an address is named alone as among many, which are looked for in
// another way.
#include "module.h"
#include "section_image.h"
#include "symbols.h"

#include <libelf.h>

enum { CODE = 0x1000, SYMBOLS = 400, QUERIES = 40, FEW_MAX = 16, NAME_LEN = 5, TABLES = 200 };

static Elf64_Sym symbols[SYMBOLS];
static char strings[1 + SYMBOLS * NAME_LEN];

static uint64_t one_of(const uint64_t *values, size_t count)
{
	return values[(size_t)random() % count];
}

// Near a few places, some of which agree in their low 32 bits, or overflow.
static uint64_t any_address(void)
{
	static const uint64_t places[] = {0, 0x1000, 0x1000, UINT32_MAX, UINT64_C(0x100001000),
		UINT64_C(0x7fffffff00001000), INT64_MAX, UINT64_MAX - 64, UINT64_C(0x123456789),
		UINT64_C(0x7654321000), UINT64_C(0x6edcba9800000000)};

	return one_of(places, sizeof(places) / sizeof(places[0])) + (uint64_t)random() % 64;
}

static uint64_t any_size(void)
{
	static const uint64_t sizes[] = {0, 0, 1, 8, 16, 64, INT32_MAX, UINT32_MAX,
		UINT64_C(0x100000000), UINT64_C(0x100000010), INT64_MAX, UINT64_MAX};

	return one_of(sizes, sizeof(sizes) / sizeof(sizes[0]));
}

// Makes COUNT symbols; none has a size unless they are SIZED.
static void make_symbols(size_t count, bool sized)
{
	strings[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		char *name = strings + 1 + i * NAME_LEN;
		char text[32];
		snprintf(text, sizeof(text), "s%03zu", i);
		memcpy(name, text, NAME_LEN); // with its NUL
		symbols[i] = (Elf64_Sym){.st_name = (Elf64_Word)(name - strings),
			.st_info = (unsigned char)ELF64_ST_INFO(
				random() % 3, random() % 4 ? STT_FUNC : STT_NOTYPE),
			.st_shndx = 3,
			.st_value = any_address(),
			.st_size = sized ? any_size() : 0};
	}
}

static int compare(const void *a, const void *b)
{
	const struct symbol_query *x = a, *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

static void check_same(const struct symbol_query *few, const struct symbol_query *many)
{
	check_u64(few->vaddr, many->vaddr);
	check_str(few->name ? few->name : "(none)", many->name ? many->name : "(none)");
	check_u64(few->start, many->start);
	check_u64(few->size, many->size);
}

static void check_table(const struct module *module)
{
	struct symbol_query many[QUERIES] = {0}, few[FEW_MAX];

	for (size_t i = 0; i < QUERIES; i++)
		many[i].vaddr = any_address();
	qsort(many, QUERIES, sizeof(many[0]), compare);
	symbols_resolve(module, many, QUERIES);
	for (size_t count = 1; count <= FEW_MAX; count++)
		for (size_t first = 0; first + count <= QUERIES; first += count) {
			memcpy(few, many + first, count * sizeof(few[0]));
			symbols_resolve(module, few, count);
			for (size_t i = 0; i < count; i++)
				check_same(&few[i], &many[first + i]);
		}
}

Test(symbol_walk, few_addresses_are_named_as_many)
{
	srandom(1);
	elf_version(EV_CURRENT);
	for (int table = 0; table < TABLES; table++) {
		const size_t count = 1 + (size_t)random() % SYMBOLS;
		make_symbols(count, table % 2);
		const struct section_row rows[] = {{.name = ".strtab",
							   .data = strings,
							   .len = sizeof(strings),
							   .type = SHT_STRTAB},
			{.name = ".symtab",
				.data = symbols,
				.len = count * sizeof(symbols[0]),
				.type = SHT_SYMTAB,
				.link = 1,
				.entsize = sizeof(Elf64_Sym)},
			{.name = ".text", .len = 0}};
		struct section_image image = section_image_with(rows, 3, 0x1000);
		Elf64_Shdr *headers = (void *)(image.bytes + image.ehdr->e_shoff);
		headers[3].sh_size = UINT64_MAX; // all is code
		struct module module = {.elf = elf_memory((char *)image.bytes, image.len)};
		cr_assert(module.elf);
		check_table(&module);
		elf_end(module.elf);
		free(image.bytes);
	}
}

// A table of TYPE with one symbol of the code, NAME, of SIZE.
struct one {
	struct section_image image;
	Elf *elf;
	Elf64_Sym symbols[2];
	char names[16];
};

static void open_one(struct one *one, Elf64_Word type, const char *name, unsigned char binding,
	uint64_t start, uint64_t size)
{
	*one = (struct one){
		.symbols = {{0}, {.st_name = 1,
					 .st_info = (unsigned char)ELF64_ST_INFO(binding, STT_FUNC),
					 .st_shndx = 3,
					 .st_value = start,
					 .st_size = size}}};
	strcpy(one->names + 1, name);
	const struct section_row rows[] = {{.name = ".names",
						   .data = one->names,
						   .len = sizeof(one->names),
						   .type = SHT_STRTAB},
		{.name = ".table",
			.data = one->symbols,
			.len = sizeof(one->symbols),
			.type = type,
			.link = 1,
			.entsize = sizeof(Elf64_Sym)},
		{.name = ".text", .data = strings, .len = 64, .addr = CODE}};
	one->image = section_image_with(rows, 3, CODE);
	elf_version(EV_CURRENT);
	one->elf = elf_memory((char *)one->image.bytes, one->image.len);
	cr_assert(one->elf);
}

static void close_one(struct one *one)
{
	elf_end(one->elf);
	free(one->image.bytes);
}

// Asserts what the address is called by the .dynsym that has "dynamic" for all of the code, and the
// .symtab of KIND that has "local" from START on, SIZE bytes.
static void check_beside_dynsym(
	enum extra_kind kind, uint64_t start, uint64_t size, uint64_t vaddr, const char *name)
{
	struct symbol_query query = {.vaddr = vaddr};
	struct one dynsym, symtab;

	open_one(&dynsym, SHT_DYNSYM, "dynamic", STB_GLOBAL, CODE, 64);
	open_one(&symtab, SHT_SYMTAB, "local", STB_LOCAL, start, size);
	struct module module = {.elf = dynsym.elf};
	module.extras[kind].elf = symtab.elf;
	symbols_resolve(&module, &query, 1);
	check_str(query.name ? query.name : "(none)", name);
	close_one(&dynsym);
	close_one(&symtab);
}

Test(symbol_walk, dynsym_names_what_symtab_leaves)
{
	check_beside_dynsym(EXTRA_FILE, CODE + 16, 16, CODE + 20, "local");
	check_beside_dynsym(EXTRA_FILE, CODE + 16, 16, CODE + 40, "dynamic");
}

Test(symbol_walk, name_without_a_size_is_none_yet)
{
	check_beside_dynsym(EXTRA_FILE, CODE, 0, CODE + 20, "dynamic");
}

// A .symtab that has only what .dynsym has not: so both are looked at.
Test(symbol_walk, dynsym_may_have_a_better_name_than_a_small_symtab)
{
	check_beside_dynsym(EXTRA_MINI, CODE, 64, CODE + 20, "dynamic");
	check_beside_dynsym(EXTRA_MINI, CODE + 16, 16, CODE + 20, "local");
}

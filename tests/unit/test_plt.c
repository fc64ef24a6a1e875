// SPDX-License-Identifier: GPL-2.0-or-later
// Entries of the PLT, written by hand.
#include "plt.h"
#include "section_image.h"

enum { CODE = 0x1000, SLOT = 0x3000, LEN = 64 };

static unsigned char code[LEN];
static Elf64_Rela relocations[3];
static Elf64_Sym symbols[4];
static const char strings[] = "\0first\0second\0";

// An image whose section NAME is the code, with relocations for two functions, and one for none.
static struct section_image make(const char *name, size_t code_len, Elf64_Xword entry_len)
{
	symbols[1].st_name = 1;
	symbols[2].st_name = 7;
	for (size_t i = 0; i < 3; i++)
		relocations[i] = (Elf64_Rela){SLOT + 8 * i,
			ELF64_R_INFO(i + 1, i < 2 ? R_X86_64_JUMP_SLOT : R_X86_64_IRELATIVE), 0};
	const struct section_row rows[] = {
		{.name = ".dynstr", .data = strings, .len = sizeof(strings), .type = SHT_STRTAB},
		{.name = ".dynsym",
			.data = symbols,
			.len = sizeof(symbols),
			.type = SHT_DYNSYM,
			.link = 1,
			.entsize = sizeof(Elf64_Sym)},
		{.name = ".rela.plt",
			.data = relocations,
			.len = sizeof(relocations),
			.type = SHT_RELA,
			.link = 2,
			.entsize = sizeof(Elf64_Rela)},
		{.name = name, .data = code, .len = code_len, .addr = CODE, .entsize = entry_len}};
	return section_image_with(rows, 4, CODE);
}

// Writes a jump through slot INDEX at OFFSET of the code; returns where it ends.
static size_t put_jump(size_t offset, int index)
{
	int32_t distance = SLOT + 8 * index - (CODE + (int32_t)offset + 6);

	code[offset] = 0xff;
	code[offset + 1] = 0x25;
	memcpy(code + offset + 2, &distance, sizeof(distance));
	return offset + 6;
}

// Asserts what the entry at VADDR is: NAME (NULL: none), which begins at START.
static void check_entry(
	const struct section_image *image, uint64_t vaddr, const char *name, uint64_t start)
{
	struct plt_entry entry = {0};
	struct plt plt;

	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)image->bytes, image->len);
	cr_assert(elf);
	plt_open(elf, &plt);
	check_int(plt_find(&plt, vaddr, &entry), name != NULL);
	check_str(entry.name ? entry.name : "(none)", name ? name : "(none)");
	check_u64(entry.start, start);
	elf_end(elf);
}

Test(plt, entries_that_jump)
{
	code[0] = 0xff; // the first entry: push
	code[1] = 0x35;
	put_jump(16, 0);
	put_jump(32, 1);
	put_jump(48, 2);
	struct section_image image = make(".plt", LEN, 16);
	check_entry(&image, CODE, NULL, 0);
	check_entry(&image, CODE + 15, NULL, 0);
	check_entry(&image, CODE + 16, "first", CODE + 16);
	check_entry(&image, CODE + 31, "first", CODE + 16);
	check_entry(&image, CODE + 32, "second", CODE + 32);
	check_entry(&image, CODE + 48, NULL, 0); // that function has no name
	check_entry(&image, CODE + 64, NULL, 0);
	check_entry(&image, CODE - 1, NULL, 0);
	free(image.bytes);
}

Test(plt, entries_of_eight_bytes)
{
	put_jump(0, 1);
	put_jump(8, 0);
	struct section_image image = make(".plt.got", 16, 8);
	check_entry(&image, CODE + 7, "second", CODE);
	check_entry(&image, CODE + 8, "first", CODE + 8);
	free(image.bytes);
}

Test(plt, entries_with_endbr64)
{
	static const unsigned char begin[] = {0xf3, 0x0f, 0x1e, 0xfa};

	// bnd jmp through the slot; then the lazy form: push of the number, which no slot tells.
	memcpy(code, begin, 4);
	code[4] = 0xf2;
	put_jump(5, 0);
	memcpy(code + 16, begin, 4);
	memcpy(code + 20, (unsigned char[]){0x68, 1, 0, 0, 0, 0xf2, 0xe9}, 7);
	memcpy(code + 32, begin, 4);
	memcpy(code + 36, (unsigned char[]){0x68, 9, 0, 0, 0, 0xf2, 0xe9}, 7);
	memcpy(code + 48, begin, 4);
	memcpy(code + 52, (unsigned char[]){0x68, 0xff, 0xff, 0xff, 0xff, 0xf2, 0xe9}, 7);
	struct section_image image = make(".plt.sec", LEN, 16);
	check_entry(&image, CODE + 5, "first", CODE);
	check_entry(&image, CODE + 20, "second", CODE + 16);
	check_entry(&image, CODE + 36, NULL, 0);
	check_entry(&image, CODE + 52, NULL, 0);
	free(image.bytes);
}

Test(plt, only_in_sections_of_that_name)
{
	put_jump(0, 0);
	struct section_image image = make(".text", 16, 16);
	check_entry(&image, CODE, NULL, 0);
	free(image.bytes);
	// Cut in the middle of an entry.
	put_jump(16, 0);
	image = make(".plt", 20, 16);
	check_entry(&image, CODE + 16, NULL, 0);
	free(image.bytes);
}

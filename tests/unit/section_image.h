// SPDX-License-Identifier: GPL-2.0-or-later
// Builds ELF images out of sections, for the tests of what looks for sections by name.
#pragma once

#include "arch.h"
#include "unit.h"

#include <elf.h>

enum { SECTION_IMAGE_NAMES = 256 };

struct section_row {
	const char *name;
	const void *data;
	size_t len;
	Elf64_Word type; // 0: SHT_PROGBITS
	Elf64_Xword flags;
	Elf64_Addr addr;
	Elf64_Word link;
	Elf64_Xword entsize, align; // of 0: 8
};

struct section_image {
	unsigned char *bytes; // the caller's to free
	size_t len;
	Elf64_Ehdr *ehdr; // in bytes
	Elf64_Phdr *phdr; // the only one, of a segment of code
};

static inline size_t section_image_align(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

// An image with the COUNT sections ROWS, in that order from index 1 on, and one executable segment
// at virtual address VADDR, of which nothing is in the file.
static inline struct section_image section_image_with(
	const struct section_row *rows, size_t count, uint64_t vaddr)
{
	size_t at = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), names_at, names_len = 1;
	struct section_image image = {0};

	for (size_t i = 0; i < count; i++)
		image.len += section_image_align(rows[i].len);
	names_at = at + image.len;
	image.len = names_at + SECTION_IMAGE_NAMES + (count + 2) * sizeof(Elf64_Shdr);
	image.bytes = calloc(1, image.len);
	cr_assert(image.bytes);
	image.ehdr = (Elf64_Ehdr *)image.bytes;
	image.phdr = (Elf64_Phdr *)(image.bytes + sizeof(Elf64_Ehdr));
	Elf64_Shdr *shdrs = (Elf64_Shdr *)(image.bytes + names_at + SECTION_IMAGE_NAMES);
	char *names = (char *)image.bytes + names_at;
	*image.ehdr = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = ARCH_ELF_MACHINE,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shoff = names_at + SECTION_IMAGE_NAMES,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = (Elf64_Half)(count + 2),
		.e_shstrndx = (Elf64_Half)(count + 1),
	};
	*image.phdr = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = vaddr};
	for (size_t i = 0; i < count; i++) {
		shdrs[i + 1] = (Elf64_Shdr){.sh_name = (Elf64_Word)names_len,
			.sh_type = rows[i].type ? rows[i].type : SHT_PROGBITS,
			.sh_flags = rows[i].flags,
			.sh_addr = rows[i].addr,
			.sh_offset = at,
			.sh_size = rows[i].len,
			.sh_link = rows[i].link,
			.sh_entsize = rows[i].entsize,
			.sh_addralign = rows[i].align ? rows[i].align : 8};
		if (rows[i].len > 0)
			memcpy(image.bytes + at, rows[i].data, rows[i].len);
		at += section_image_align(rows[i].len);
		strcpy(names + names_len, rows[i].name);
		names_len += strlen(rows[i].name) + 1;
		cr_assert(names_len < SECTION_IMAGE_NAMES);
	}
	shdrs[count + 1] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
		.sh_offset = names_at,
		.sh_size = SECTION_IMAGE_NAMES,
		.sh_addralign = 1};
	return image;
}

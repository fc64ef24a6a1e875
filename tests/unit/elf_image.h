// SPDX-License-Identifier: GPL-2.0-or-later
// Builds small ELF images for the tests of what reads them.
#pragma once

#include <elf.h>
#include <stddef.h>

enum { ELF_IMAGE_SIZE = 1024, ELF_IMAGE_PHDR = sizeof(Elf64_Ehdr), ELF_IMAGE_DATA = 512 };

struct elf_image {
	unsigned char bytes[ELF_IMAGE_SIZE];
};

// An image with one program header of TYPE whose segment is the LEN bytes of DATA, which stand at
// offset ELF_IMAGE_DATA.
static inline struct elf_image elf_image_with(Elf64_Word type, const void *data, size_t len)
{
	struct elf_image image = {0};
	Elf64_Ehdr ehdr = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_phoff = ELF_IMAGE_PHDR,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	Elf64_Phdr phdr = {.p_type = type, .p_offset = ELF_IMAGE_DATA, .p_filesz = len};

	__builtin_memcpy(image.bytes, &ehdr, sizeof(ehdr));
	__builtin_memcpy(image.bytes + ELF_IMAGE_PHDR, &phdr, sizeof(phdr));
	__builtin_memcpy(image.bytes + ELF_IMAGE_DATA, data, len);
	return image;
}

// Overwrites FIELD of the ELF header, or of the only program header, of IMAGE.
#define elf_image_set_ehdr(image, field, value)                          \
	do {                                                             \
		Elf64_Ehdr ehdr_;                                        \
		__builtin_memcpy(&ehdr_, (image)->bytes, sizeof(ehdr_)); \
		ehdr_.field = (value);                                   \
		__builtin_memcpy((image)->bytes, &ehdr_, sizeof(ehdr_)); \
	} while (0)
#define elf_image_set_phdr(image, field, value)                                           \
	do {                                                                              \
		Elf64_Phdr phdr_;                                                         \
		__builtin_memcpy(&phdr_, (image)->bytes + ELF_IMAGE_PHDR, sizeof(phdr_)); \
		phdr_.field = (value);                                                    \
		__builtin_memcpy((image)->bytes + ELF_IMAGE_PHDR, &phdr_, sizeof(phdr_)); \
	} while (0)

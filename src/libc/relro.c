// SPDX-License-Identifier: GPL-2.0-or-later
// Tables that are only written to while a program relocates itself, read-only from then on: of a
// static program that is left to its C library, and musl does not do it. Source: gABI "Program
// Header", PT_GNU_RELRO.
#include <elf.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

// Our own header, where it is mapped.
extern const unsigned char __ehdr_start[];

__attribute__((constructor)) static void protect_tables(void)
{
	const Elf64_Ehdr *header = (const void *)__ehdr_start;
	const Elf64_Phdr *segments = (const void *)(__ehdr_start + header->e_phoff);
	uintptr_t base = header->e_type == ET_DYN ? (uintptr_t)__ehdr_start : 0;
	uintptr_t mask = ~(uintptr_t)(getauxval(AT_PAGESZ) - 1);

	for (size_t i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type != PT_GNU_RELRO)
			continue;
		uintptr_t start = (base + segments[i].p_vaddr) & mask;
		uintptr_t end = (base + segments[i].p_vaddr + segments[i].p_memsz) & mask;
		if (start < end)
			mprotect((void *)start, end - start, PROT_READ);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Questions about ELF files.
#include "object.h"

#include "arch.h"
#include "cleanup.h"

#include <string.h>

enum { SEGMENTS_MAX = 4096 }; // program headers looked at

bool object_is_native(Elf *elf)
{
	GElf_Ehdr ehdr;

	return elf && elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 &&
	       gelf_getehdr(elf, &ehdr) && ehdr.e_machine == ARCH_ELF_MACHINE;
}

Elf_Scn *object_section(Elf *elf, const char *name, GElf_Shdr *ret)
{
	const size_t size = strlen(name) + 1;
	size_t index;
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;

	if (!elf || elf_getshdrstrndx(elf, &index) < 0)
		return NULL;
	// elf_strptr(3) checks the table for each name.
	const Elf_Data *names = elf_rawdata(elf_getscn(elf, index), NULL);
	if (!names || !names->d_buf)
		return NULL;
	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &shdr) && shdr.sh_type != SHT_NOBITS &&
			shdr.sh_name < names->d_size && names->d_size - shdr.sh_name >= size &&
			memcmp((const char *)names->d_buf + shdr.sh_name, name, size) == 0) {
			*ret = shdr;
			return section;
		}
	return NULL;
}

// The addresses of the loaded segments of ELF into *RET (the caller's to free), *RET_COUNT of them.
static bool list_segments(Elf *elf, uint64_t **ret, size_t *ret_count)
{
	size_t count;
	GElf_Phdr phdr;

	*ret_count = 0;
	if (elf_getphdrnum(elf, &count) < 0 || count > SEGMENTS_MAX ||
		!(*ret = calloc(count + 1, sizeof(**ret))))
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &phdr) && phdr.p_type == PT_LOAD)
			(*ret)[(*ret_count)++] = phdr.p_vaddr;
	return true;
}

bool object_has_segments_of(Elf *a, Elf *b)
{
	auto_free uint64_t *in_a = NULL, *in_b = NULL;
	size_t a_count, b_count;

	if (!list_segments(a, &in_a, &a_count) || !list_segments(b, &in_b, &b_count))
		return false;
	return b_count == 0 ||
	       (a_count == b_count && memcmp(in_a, in_b, a_count * sizeof(*in_a)) == 0);
}

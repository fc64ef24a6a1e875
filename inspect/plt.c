// SPDX-License-Identifier: GPL-2.0-or-later
// Decoding entries of the PLT.
#include "plt.h"

#include "object.h"

#include <string.h>

enum { ENTRY_LEN = 16, RELOCATIONS_MAX = 1 << 20 };

// The sections that have such code.
static const char *const sections[] = {".plt", ".plt.sec", ".plt.got", ".plt.bnd"};

#if defined(__x86_64__)

// What an entry's code says.
struct target {
	bool by_slot;
	uint64_t slot;  // address of the place that it jumps through
	uint32_t index; // else: the number of its relocation
};

// Decodes the LEN bytes of the entry at START.
static bool decode(const unsigned char *code, size_t len, uint64_t start, struct target *ret)
{
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	size_t at = 0;
	int32_t offset;

	if (len >= sizeof(endbr64) && memcmp(code, endbr64, sizeof(endbr64)) == 0)
		at = sizeof(endbr64);
	if (at < len && code[at] == 0xf2) // bnd
		at++;
	// jmp *OFFSET(%rip)
	if (len - at >= 6 && code[at] == 0xff && code[at + 1] == 0x25) {
		memcpy(&offset, code + at + 2, sizeof(offset));
		*ret = (struct target){
			.by_slot = true, .slot = start + at + 6 + (uint64_t)(int64_t)offset};
		return true;
	}
	// push $INDEX, in front of a jump to the first entry
	if (at == sizeof(endbr64) && len - at >= 5 && code[at] == 0x68) {
		*ret = (struct target){.by_slot = false};
		memcpy(&ret->index, code + at + 1, sizeof(ret->index));
		return true;
	}
	return false;
}

// The name of the function that relocation RELA of SECTION refers to, or NULL.
static const char *name_of(Elf *elf, const GElf_Shdr *section, const GElf_Rela *rela)
{
	uint64_t type = GELF_R_TYPE(rela->r_info);
	Elf_Scn *symbols = elf_getscn(elf, section->sh_link);
	Elf_Data *data = symbols ? elf_getdata(symbols, NULL) : NULL;
	GElf_Shdr shdr;
	GElf_Sym symbol;

	if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) || !data ||
		!gelf_getshdr(symbols, &shdr) || shdr.sh_type != SHT_DYNSYM ||
		!gelf_getsym(data, (int)GELF_R_SYM(rela->r_info), &symbol))
		return NULL;
	const char *name = elf_strptr(elf, shdr.sh_link, symbol.st_name);
	return name && name[0] ? name : NULL;
}

// Looks for the relocation that TARGET tells among those of SECTION.
static const char *search(Elf *elf, Elf_Scn *section, const struct target *target)
{
	GElf_Shdr shdr;
	GElf_Rela rela;
	Elf_Data *data = elf_getdata(section, NULL);

	if (!data || !gelf_getshdr(section, &shdr) || shdr.sh_entsize != sizeof(Elf64_Rela))
		return NULL;
	if (!target->by_slot)
		return target->index < RELOCATIONS_MAX &&
				       gelf_getrela(data, (int)target->index, &rela)
			       ? name_of(elf, &shdr, &rela)
			       : NULL;
	for (int i = 0; i < RELOCATIONS_MAX && gelf_getrela(data, i, &rela); i++)
		if (rela.r_offset == target->slot)
			return name_of(elf, &shdr, &rela);
	return NULL;
}

static const char *find_name(Elf *elf, const struct target *target)
{
	GElf_Shdr shdr;
	Elf_Scn *section = object_section(elf, ".rela.plt", &shdr);
	const char *name =
		section && shdr.sh_type == SHT_RELA ? search(elf, section, target) : NULL;

	if (name || !target->by_slot)
		return name;
	section = object_section(elf, ".rela.dyn", &shdr);
	return section && shdr.sh_type == SHT_RELA ? search(elf, section, target) : NULL;
}

static bool find_in(
	Elf *elf, Elf_Scn *section, const GElf_Shdr *shdr, uint64_t vaddr, struct plt_entry *ret)
{
	uint64_t len = shdr->sh_entsize == 8 ? 8 : ENTRY_LEN;
	uint64_t at = (vaddr - shdr->sh_addr) / len * len;
	const Elf_Data *data = elf_rawdata(section, NULL);
	struct target target;

	if (!data || !data->d_buf || at >= data->d_size || data->d_size - at < len ||
		!decode((const unsigned char *)data->d_buf + at, len, shdr->sh_addr + at, &target))
		return false;
	const char *name = find_name(elf, &target);
	if (!name)
		return false;
	*ret = (struct plt_entry){name, shdr->sh_addr + at, len};
	return true;
}

#else

static bool find_in(
	Elf *elf, Elf_Scn *section, const GElf_Shdr *shdr, uint64_t vaddr, struct plt_entry *ret)
{
	(void)elf;
	(void)section;
	(void)shdr;
	(void)vaddr;
	(void)ret;
	return false; // its forms on this machine are not known
}

#endif

static bool is_plt(const char *name)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(name, sections[i]) == 0)
			return true;
	return false;
}

void plt_open(Elf *elf, struct plt *ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	*ret = (struct plt){.elf = elf};
	if (!elf || elf_getshdrstrndx(elf, &names) < 0)
		return;
	while (ret->count < PLT_SECTIONS_MAX && (section = elf_nextscn(elf, section))) {
		struct plt_section *row = &ret->sections[ret->count];
		const char *name;
		row->section = section;
		if (gelf_getshdr(section, &row->shdr) && row->shdr.sh_type == SHT_PROGBITS &&
			(name = elf_strptr(elf, names, row->shdr.sh_name)) && is_plt(name))
			ret->count++;
	}
}

bool plt_find(const struct plt *plt, uint64_t vaddr, struct plt_entry *ret)
{
	for (size_t i = 0; i < plt->count; i++) {
		const struct plt_section *row = &plt->sections[i];
		if (vaddr >= row->shdr.sh_addr && vaddr - row->shdr.sh_addr < row->shdr.sh_size)
			return find_in(plt->elf, row->section, &row->shdr, vaddr, ret);
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// A small ELF file around a copy of the section.
#include "debugframe.h"

#include "arch.h"
#include "cleanup.h"
#include "object.h"

#include <stddef.h>
#include <string.h>

enum { FRAME_MAX = 64 << 20 }; // bytes of a section, unpacked

static const char names[] = "\0.debug_frame\0.shstrtab";
enum { NAME_FRAME = 1, NAME_NAMES = 14 };

// The file: header, sections' headers, names, the section.
struct head {
	Elf64_Ehdr ehdr;
	Elf64_Shdr shdrs[3];
	char names[(sizeof(names) + 7) & ~(size_t)7];
};

static void fill_head(struct head *head, size_t len)
{
	*head = (struct head){.ehdr = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					       ELFDATA2LSB, EV_CURRENT},
				      .e_type = ET_DYN,
				      .e_machine = ARCH_ELF_MACHINE,
				      .e_version = EV_CURRENT,
				      .e_ehsize = sizeof(Elf64_Ehdr),
				      .e_shoff = offsetof(struct head, shdrs),
				      .e_shentsize = sizeof(Elf64_Shdr),
				      .e_shnum = 3,
				      .e_shstrndx = 2},
		.shdrs = {{0},
			{.sh_name = NAME_FRAME,
				.sh_type = SHT_PROGBITS,
				.sh_offset = sizeof(*head),
				.sh_size = len,
				.sh_addralign = 8},
			{.sh_name = NAME_NAMES,
				.sh_type = SHT_STRTAB,
				.sh_offset = offsetof(struct head, names),
				.sh_size = sizeof(names),
				.sh_addralign = 1}}};
	memcpy(head->names, names, sizeof(names));
}

// The size that SECTION claims to have when it is unpacked, or UINT64_MAX.
static uint64_t unpacked_size(Elf_Scn *section, bool gnu)
{
	GElf_Chdr chdr;
	uint64_t size = 0;

	if (!gnu)
		return gelf_getchdr(section, &chdr) ? chdr.ch_size : UINT64_MAX;
	const Elf_Data *data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf || data->d_size < 12)
		return UINT64_MAX;
	for (int i = 4; i < 12; i++) // behind "ZLIB", the highest byte first
		size = size << 8 | ((const unsigned char *)data->d_buf)[i];
	return size;
}

// The section's bytes, unpacked, or NULL.
static const Elf_Data *find_frame(Elf *elf)
{
	GElf_Shdr shdr;
	bool gnu = false;
	Elf_Scn *section = object_section(elf, ".debug_frame", &shdr);

	if (!section) {
		gnu = true; // an older way to say that it is compressed
		section = object_section(elf, ".zdebug_frame", &shdr);
	}
	if (!section)
		return NULL;
	if (gnu || (shdr.sh_flags & SHF_COMPRESSED)) {
		// Unpacked in place; the size that is claimed is allocated first.
		if (unpacked_size(section, gnu) > FRAME_MAX ||
			(gnu ? elf_compress_gnu(section, 0, 0) : elf_compress(section, 0, 0)) < 0)
			return NULL;
	}
	const Elf_Data *data = elf_rawdata(section, NULL);
	return data && data->d_buf && data->d_size > 0 && data->d_size <= FRAME_MAX ? data : NULL;
}

// Of functions that the linker has left out, the FDEs stay, and begin at address 0: they are moved
// to where no code is, lest they cover some.
static void bury_dead(unsigned char *bytes, size_t len, const Elf64_Ehdr *ehdr)
{
	const uint64_t nowhere[2] = {UINT64_MAX - 1, 1}; // start, size
	Elf_Data data = {.d_buf = bytes, .d_type = ELF_T_BYTE, .d_version = EV_CURRENT};
	Dwarf_CFI_Entry entry;
	uint64_t start;

	data.d_size = len;
	for (Dwarf_Off offset = 0, next;; offset = next) {
		next = offset;
		int r = dwarf_next_cfi(ehdr->e_ident, &data, false, offset, &next, &entry);
		if (r > 0 || next == (Dwarf_Off)-1 || next <= offset)
			break;
		if (r < 0 || dwarf_cfi_cie_p(&entry) ||
			entry.fde.end - entry.fde.start < (ptrdiff_t)sizeof(nowhere))
			continue;
		memcpy(&start, entry.fde.start, sizeof(start));
		if (start == 0)
			memcpy(bytes + (entry.fde.start - bytes), nowhere, sizeof(nowhere));
	}
}

void debugframe_open(struct debugframe *ret, Elf *elf)
{
	const Elf_Data *data = find_frame(elf);
	struct debugframe frame = {0};

	*ret = frame;
	if (!data || !(frame.image = malloc(sizeof(struct head) + data->d_size)))
		return;
	fill_head((struct head *)frame.image, data->d_size);
	memcpy(frame.image + sizeof(struct head), data->d_buf, data->d_size);
	bury_dead(frame.image + sizeof(struct head), data->d_size, (Elf64_Ehdr *)frame.image);
	frame.elf = elf_memory((char *)frame.image, sizeof(struct head) + data->d_size);
	frame.dwarf = frame.elf ? dwarf_begin_elf(frame.elf, DWARF_C_READ, NULL) : NULL;
	frame.cfi = frame.dwarf ? dwarf_getcfi(frame.dwarf) : NULL;
	if (frame.cfi)
		*ret = frame;
	else
		debugframe_fini(&frame);
}

void debugframe_fini(struct debugframe *frame)
{
	dwarf_end(frame->dwarf);
	elf_end(frame->elf);
	free(frame->image);
	memset(frame, 0, sizeof(*frame));
}

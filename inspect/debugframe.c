// SPDX-License-Identifier: GPL-2.0-or-later
// A small ELF file around a copy of the section.
#include "debugframe.h"

#include "arch.h"
#include "cleanup.h"
#include "object.h"
#include "packed.h"

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

// The section as it stands in the file, or NULL.
static const Elf_Data *find_frame(Elf *elf, bool *ret_is_old, bool *ret_is_packed)
{
	GElf_Shdr shdr;
	Elf_Scn *section = object_section(elf, ".debug_frame", &shdr);

	*ret_is_old = !section; // an older way to say that it is compressed
	if (!section)
		section = object_section(elf, ".zdebug_frame", &shdr);
	*ret_is_packed = section && (*ret_is_old || (shdr.sh_flags & SHF_COMPRESSED));
	const Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	return data && data->d_buf && data->d_size > 0 ? data : NULL;
}

// The image of the file that it is put into, unpacked, *RET_LEN bytes; or NULL.
static unsigned char *make_image(Elf *elf, size_t *ret_len)
{
	bool is_old, is_packed;
	const Elf_Data *data = find_frame(elf, &is_old, &is_packed);
	struct packed_head packed = {.len = data ? data->d_size : 0};

	if (data && is_packed)
		packed = packed_read_head(data->d_buf, data->d_size, is_old);
	if (packed.len == 0 || packed.len > FRAME_MAX)
		return NULL;
	auto_free unsigned char *image = malloc(sizeof(struct head) + packed.len);
	if (!image)
		return NULL;
	unsigned char *section = image + sizeof(struct head);
	if (!is_packed)
		memcpy(section, data->d_buf, packed.len);
	else if (!packed_unpack(&packed, data->d_buf, data->d_size, section))
		return NULL;
	fill_head((struct head *)image, packed.len);
	*ret_len = packed.len;
	return take_ptr(image);
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
	size_t len;
	struct debugframe frame = {.image = make_image(elf, &len)};

	*ret = (struct debugframe){0};
	if (!frame.image)
		return;
	bury_dead(frame.image + sizeof(struct head), len, (Elf64_Ehdr *)frame.image);
	frame.elf = elf_memory((char *)frame.image, sizeof(struct head) + len);
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

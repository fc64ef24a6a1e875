// SPDX-License-Identifier: GPL-2.0-or-later
// Walking .eh_frame.
#include "ehframe.h"

#include "cleanup.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <string.h>

enum {
	ENCODING_FORMAT = 0x0f, // the parts of a DW_EH_PE_ byte
	ENCODING_BASE = 0x70,
};

struct walk {
	const unsigned char *e_ident;
	Elf_Data *data;
	uint64_t vaddr;
	Dwarf_Off cie; // the one whose encoding is known
	int encoding;  // of addresses in its FDEs, or -1
	struct ehframe_row *rows;
	size_t count, capacity;
};

// The encoding of addresses in the FDEs of CIE: the data of 'R' in its augmentation. -1: unknown.
static int encoding_of(const Dwarf_CIE *cie)
{
	const char *letter = cie->augmentation;
	const uint8_t *data = cie->augmentation_data;
	size_t left = cie->augmentation_data_size;

	if (!letter || letter[0] == '\0')
		return DW_EH_PE_absptr;
	if (*letter++ != 'z')
		return -1;
	for (; *letter; letter++) {
		if (*letter == 'S' || *letter == 'B')
			continue;
		if (left == 0)
			return -1;
		if (*letter == 'R')
			return *data;
		// 'L' is one byte; 'P' is a byte and a pointer of that encoding.
		size_t skip = 1;
		if (*letter == 'P')
			skip += (*data & 7) == DW_EH_PE_absptr || (*data & 7) == DW_EH_PE_udata8 ? 8
				: (*data & 7) == DW_EH_PE_udata4                                 ? 4
				: (*data & 7) == DW_EH_PE_udata2                                 ? 2
								 : SIZE_MAX / 2;
		else if (*letter != 'L')
			return -1;
		if (skip > left)
			return -1;
		data += skip;
		left -= skip;
	}
	return DW_EH_PE_absptr;
}

// Makes the encoding of the CIE at OFFSET known.
static void enter_cie(struct walk *walk, Dwarf_Off offset)
{
	Dwarf_CFI_Entry entry;
	Dwarf_Off next;

	if (walk->cie == offset)
		return;
	walk->cie = offset;
	walk->encoding = -1;
	if (dwarf_next_cfi(walk->e_ident, walk->data, true, offset, &next, &entry) == 0 &&
		dwarf_cfi_cie_p(&entry))
		walk->encoding = encoding_of(&entry.cie);
}

// Reads the first address of FDE into *RET, as an ELF virtual address.
static int read_start(const struct walk *walk, const Dwarf_FDE *fde, uint64_t *ret)
{
	size_t left = (size_t)(fde->end - fde->start);
	uint64_t at = walk->vaddr + (uint64_t)(fde->start - (const uint8_t *)walk->data->d_buf);
	uint64_t value = 0;
	int32_t narrow;

	switch (walk->encoding & ENCODING_FORMAT) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		if (left < 8)
			return -EINVAL;
		memcpy(&value, fde->start, 8);
		break;
	case DW_EH_PE_udata4:
	case DW_EH_PE_sdata4:
		if (left < 4)
			return -EINVAL;
		memcpy(&narrow, fde->start, 4);
		value = (walk->encoding & ENCODING_FORMAT) == DW_EH_PE_sdata4
				? (uint64_t)(int64_t)narrow
				: (uint32_t)narrow;
		break;
	default:
		return -EINVAL;
	}
	if ((walk->encoding & ENCODING_BASE) == DW_EH_PE_pcrel)
		value += at;
	else if ((walk->encoding & ENCODING_BASE) != DW_EH_PE_absptr)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int add_row(struct walk *walk, uint64_t start, Dwarf_Off offset)
{
	int64_t relative = (int64_t)(start - walk->vaddr);

	if (relative < INT32_MIN || relative > INT32_MAX || offset > INT32_MAX)
		return 0;
	if (walk->count == walk->capacity) {
		size_t capacity = walk->capacity ? 2 * walk->capacity : 1024;
		struct ehframe_row *grown = reallocarray(walk->rows, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		walk->rows = grown;
		walk->capacity = capacity;
	}
	walk->rows[walk->count++] = (struct ehframe_row){(int32_t)relative, (int32_t)offset};
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct ehframe_row *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->fde > y->fde) - (x->fde < y->fde);
}

int ehframe_index(const unsigned char *e_ident, Elf_Data *data, uint64_t vaddr,
	struct ehframe_row **ret, size_t *ret_count)
{
	struct walk walk = {.e_ident = e_ident, .data = data, .vaddr = vaddr, .cie = UINT64_MAX};
	Dwarf_CFI_Entry entry;
	uint64_t start;
	int r = 0;

	for (Dwarf_Off offset = 0, next; r == 0; offset = next) {
		next = offset;
		int found = dwarf_next_cfi(e_ident, data, true, offset, &next, &entry);
		// A broken entry is passed over when its length can be believed.
		if (found > 0 || next == (Dwarf_Off)-1 || next <= offset)
			break;
		if (found < 0 || dwarf_cfi_cie_p(&entry))
			continue;
		enter_cie(&walk, entry.fde.CIE_pointer);
		if (walk.encoding >= 0 && read_start(&walk, &entry.fde, &start) == 0)
			r = add_row(&walk, start, offset);
	}
	if (r == 0 && walk.count == 0)
		r = -ENOENT;
	if (r < 0) {
		free(walk.rows);
		return r;
	}
	qsort(walk.rows, walk.count, sizeof(*walk.rows), compare_rows);
	*ret = walk.rows;
	*ret_count = walk.count;
	return 0;
}

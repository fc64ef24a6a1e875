// SPDX-License-Identifier: GPL-2.0-or-later
// Rows by libdw's evaluation of call frame programs.
#include "cfi.h"

#include "cleanup.h"

#include <dwarf.h>
#include <string.h>

enum { EH_TABLE_AT = 12 }; // in .eh_frame_hdr

static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;

void cfi_fini(struct cfi *cfi)
{
	if (cfi->eh)
		dwarf_cfi_end(cfi->eh);
	for (size_t i = 0; i < 1 + EXTRA_COUNT; i++)
		debugframe_fini(&cfi->debug[i].frame);
	memset(cfi, 0, sizeof(*cfi));
}

static void release(void *cfi)
{
	cfi_fini(cfi);
}

struct cfi *cfi_of(struct module *module)
{
	return module_part(module, MODULE_CFI, sizeof(struct cfi), release);
}

static bool fits(int64_t value)
{
	return value >= INT32_MIN && value <= INT32_MAX;
}

// The register of a DW_OP_breg* operation and its offset. Returns false for other operations.
static bool base_register(const Dwarf_Op *op, uint8_t *ret_reg, int32_t *ret_offset)
{
	uint64_t reg = op->number;
	int64_t offset = (int64_t)op->number2;

	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		reg = op->atom - DW_OP_breg0;
		offset = (int64_t)op->number;
	} else if (op->atom != DW_OP_bregx) {
		return false;
	}
	if (reg >= ARCH_REG_COUNT || !fits(offset))
		return false;
	*ret_reg = (uint8_t)reg;
	*ret_offset = (int32_t)offset;
	return true;
}

// The CFA out of its operations. Returns false when they are more than a row can say.
static bool read_cfa(Dwarf_Frame *frame, struct row *row)
{
	Dwarf_Op *ops;
	size_t count;

	if (dwarf_frame_cfa(frame, &ops, &count) != 0 || count < 1 || count > 2 ||
		!base_register(&ops[0], &row->cfa_reg, &row->cfa_offset))
		return false;
	row->cfa_deref = count == 2;
	return count == 1 || ops[1].atom == DW_OP_deref;
}

// The rule of register REG into *RET. Returns false when it is more than a row can say.
static bool read_rule(Dwarf_Frame *frame, int reg, struct row_rule *ret)
{
	Dwarf_Op mem[3], *ops;
	size_t count;

	*ret = (struct row_rule){ROW_RULE_UNKNOWN, 0, 0};
	if (dwarf_frame_register(frame, reg, mem, &ops, &count) != 0)
		return false;
	if (count == 0) {
		if (!ops)
			ret->kind = ROW_RULE_SAME;
		return true; // else it is undefined
	}
	if (ops[0].atom == DW_OP_call_frame_cfa) {
		bool plain = count == 1, value = ops[count - 1].atom == DW_OP_stack_value;
		ret->kind = value ? ROW_RULE_IS_CFA : ROW_RULE_AT_CFA;
		if (plain || (value && count == 2))
			return true;
		if (ops[1].atom != DW_OP_plus_uconst || count != 2 + (size_t)value ||
			!fits((int64_t)ops[1].number))
			return false;
		ret->offset = (int32_t)(int64_t)ops[1].number;
		return true;
	}
	ret->kind = ROW_RULE_AT_REG;
	return count == 1 && base_register(&ops[0], &ret->reg, &ret->offset);
}

static enum cfi_answer read_frame(Dwarf_Frame *frame, struct row *ret)
{
	struct row row = {0};
	bool simple = read_cfa(frame, &row);

	if (!read_rule(frame, ARCH_REG_RETURN, &row.pc))
		return CFI_COMPLEX;
	if (row.pc.kind == ROW_RULE_UNKNOWN)
		return CFI_END;
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++) {
		simple &= read_rule(frame, saved_regs[i], &row.saved[i]);
		// A register without a rule is preserved. libdw knows that of all of them but rbx.
		if (row.saved[i].kind == ROW_RULE_UNKNOWN)
			row.saved[i].kind = ROW_RULE_SAME;
	}
	if (!simple)
		return CFI_COMPLEX;
	*ret = row;
	return CFI_ROW;
}

static enum cfi_answer find_in(Dwarf_CFI *cfi, uint64_t vaddr, struct row *ret)
{
	Dwarf_Frame *frame = NULL;

	if (!cfi)
		return CFI_NONE;
	if (dwarf_cfi_addrframe(cfi, vaddr, &frame) != 0)
		return CFI_NONE;
	enum cfi_answer answer = read_frame(frame, ret);
	free(frame);
	return answer;
}

// The .debug_frame number INDEX of MODULE, or NULL.
static Dwarf_CFI *open_debug(struct cfi *cfi, const struct module *module, size_t index)
{
	struct cfi_debug *debug = &cfi->debug[index];
	Elf *elf = index == 0 ? module->elf : module->extras[index - 1].elf;

	if (elf && !debug->opened) {
		debug->opened = true;
		debugframe_open(&debug->frame, elf);
	}
	return debug->frame.cfi;
}

enum cfi_answer cfi_find(struct cfi *cfi, const struct module *module, uint64_t vaddr,
	struct row *ret, bool *ret_debug)
{
	*ret_debug = false;
	if (!module->elf)
		return CFI_NONE;
	if (!cfi->opened)
		cfi->eh = dwarf_getcfi_elf(module->elf);
	cfi->opened = true;
	enum cfi_answer answer = find_in(cfi->eh, vaddr, ret);
	*ret_debug = answer == CFI_NONE;
	for (size_t i = 0; answer == CFI_NONE && i < 1 + EXTRA_COUNT; i++)
		answer = find_in(open_debug(cfi, module, i), vaddr, ret);
	return answer;
}

// What MODULE, which does not change it, has at ELF virtual address VADDR.
static const unsigned char *bytes_at(const struct module *module, uint64_t vaddr, size_t *ret_len)
{
	const unsigned char *bytes = module_constants(module, vaddr, ret_len);

	return bytes ? bytes : module_code(module, vaddr, ret_len);
}

// The length and the id of the entry at ELF virtual address VADDR of MODULE, into HEAD. Returns
// false when that is no entry.
static bool read_entry(const struct module *module, uint64_t vaddr, uint32_t head[2])
{
	const size_t need = 2 * sizeof(head[0]);
	size_t len;
	const unsigned char *bytes = bytes_at(module, vaddr, &len);

	if (!bytes || len < need)
		return false;
	memcpy(head, bytes, need);
	return head[0] >= sizeof(head[1]) && head[0] <= len - sizeof(head[0]);
}

// The row of the COUNT at TABLE that would be for code at START.
static struct ehframe_row find_row(const unsigned char *table, size_t count, int64_t start)
{
	struct ehframe_row row, found = {0};
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		memcpy(&row, table + middle * sizeof(row), sizeof(row));
		if (row.start <= start) {
			found = row;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return found;
}

bool cfi_is_broken(const struct module *module, uint64_t vaddr)
{
	size_t len;
	const unsigned char *table =
		module->eh_rows || module->eh_row_count == 0
			? NULL
			: bytes_at(module, module->eh_base + EH_TABLE_AT, &len);
	uint32_t fde[2], cie[2];

	if (!table)
		return false;
	size_t room = len / sizeof(struct ehframe_row);
	const struct ehframe_row row =
		find_row(table, module->eh_row_count < room ? module->eh_row_count : room,
			(int64_t)(vaddr - module->eh_base));
	uint64_t at = module->eh_base + (uint64_t)(int64_t)row.fde;
	if (row.fde == 0) // there is no such row
		return false;
	return !read_entry(module, at, fde) || fde[1] == 0 ||
	       !read_entry(module, at + sizeof(fde[0]) - fde[1], cie) || cie[1] != 0;
}

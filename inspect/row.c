// SPDX-License-Identifier: GPL-2.0-or-later
// Applying unwind rows.
#include "row.h"

#include "cleanup.h"

static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;

static bool is_known(const struct frame_regs *frame, unsigned reg)
{
	return reg < ARCH_REG_COUNT && (frame->known >> reg & 1);
}

static int read_word(struct space *space, const struct snapshot_thread *thread, uint64_t addr,
	uint64_t *ret, struct row_trouble *trouble)
{
	int r = space_read_word(space, thread, addr, ret);

	if (r < 0)
		*trouble = (struct row_trouble){.memory = true, .at = addr};
	return r;
}

int row_cfa(const struct row *row, struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, uint64_t *ret, struct row_trouble *trouble)
{
	uint64_t value;
	int r;

	if (!is_known(frame, row->cfa_reg)) {
		*trouble = (struct row_trouble){.registers = true, .reg = row->cfa_reg};
		return -ENODATA;
	}
	value = frame->values[row->cfa_reg] + (uint64_t)(int64_t)row->cfa_offset;
	if (row->cfa_deref) {
		if ((r = read_word(space, thread, value, &value, trouble)) < 0)
			return r;
		value += (uint64_t)(int64_t)row->cfa_add;
	}
	*ret = value;
	return 0;
}

// The value of register REG in the caller by RULE into *RET. Fails as row_cfa() does.
//
// What was saved below the stack pointer was restored before the stack pointer went above it: that
// memory is nobody's any more, and the register is as it was.
static int apply_rule(const struct row_rule *rule, unsigned reg, struct space *space,
	const struct snapshot_thread *thread, const struct frame_regs *frame, uint64_t cfa,
	uint64_t *ret, struct row_trouble *trouble)
{
	uint64_t addr = cfa + (uint64_t)(int64_t)rule->offset;
	unsigned needed = rule->kind == ROW_RULE_AT_REG ? rule->reg : reg;

	*trouble = (struct row_trouble){.registers = true, .reg = (int)needed};
	switch (rule->kind) {
	case ROW_RULE_IS_CFA:
		*ret = addr;
		return 0;
	case ROW_RULE_AT_REG:
		if (!is_known(frame, needed))
			return -ENODATA;
		addr = frame->values[needed] + (uint64_t)(int64_t)rule->offset;
		break;
	case ROW_RULE_AT_CFA:
	case ROW_RULE_SAME:
		break;
	default:
		return -ENODATA;
	}
	if (rule->kind != ROW_RULE_SAME && addr >= frame->values[ARCH_REG_SP])
		return read_word(space, thread, addr, ret, trouble);
	if (!is_known(frame, reg))
		return -ENODATA;
	*ret = frame->values[reg];
	return 0;
}

int row_apply(const struct row *row, struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, struct frame_regs *ret, struct row_trouble *trouble)
{
	uint64_t known = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP;
	struct row_trouble ignored;
	uint64_t cfa, pc;
	int r;

	if ((r = row_cfa(row, space, thread, frame, &cfa, trouble)) < 0 ||
		(r = apply_rule(
			 &row->pc, ARCH_REG_RETURN, space, thread, frame, cfa, &pc, trouble)) < 0)
		return r;
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++)
		if (apply_rule(&row->saved[i], saved_regs[i], space, thread, frame, cfa,
			    &ret->values[saved_regs[i]], &ignored) == 0)
			known |= UINT64_C(1) << saved_regs[i];
	ret->values[ARCH_REG_PC] = pc;
	ret->values[ARCH_REG_SP] = cfa;
	ret->known = known;
	return 0;
}

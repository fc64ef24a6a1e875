// SPDX-License-Identifier: GPL-2.0-or-later
// Symbolic x86-64 state.
#include "symbolic.h"

#include "cleanup.h"

enum {
	OFFSET_LIMIT = 1 << 28, // further than any frame is large
	BOUNDARY_MAX = 256,     // to which a stack pointer is rounded down
};

static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;

static struct symbol symbol_plus(struct symbol value, int64_t distance)
{
	int32_t *part = value.kind == SYMBOL_MEMORY ? &value.add : &value.offset;
	int64_t sum = *part + distance;

	if (value.kind == SYMBOL_UNKNOWN || sum > OFFSET_LIMIT || sum < -OFFSET_LIMIT)
		return (struct symbol){0};
	*part = (int32_t)sum;
	return value;
}

static struct symbol load(const struct state *state, struct symbol address)
{
	if (address.kind != SYMBOL_INITIAL)
		return (struct symbol){0};
	for (unsigned i = 0; i < state->slot_count; i++)
		if (state->slots[i].base == address.base &&
			state->slots[i].offset == address.offset)
			return state->slots[i].value;
	if (address.base >= REGISTERS)
		return (struct symbol){0};
	return (struct symbol){SYMBOL_MEMORY, address.base, address.offset, 0};
}

static void store(struct state *state, struct symbol address, struct symbol value)
{
	unsigned i = 0;

	if (address.kind != SYMBOL_INITIAL)
		return;
	while (i < state->slot_count &&
		(state->slots[i].base != address.base || state->slots[i].offset != address.offset))
		i++;
	// One slot too many: the latest is forgotten. The first hold what was saved.
	if (i == SLOTS_MAX)
		i = SLOTS_MAX - 1;
	else if (i == state->slot_count)
		state->slot_count++;
	state->slots[i] = (struct slot){address.base, address.offset, value};
}

static void push(struct state *state, struct symbol value)
{
	state->regs[RSP] = symbol_plus(state->regs[RSP], -8);
	store(state, state->regs[RSP], value);
}

static struct symbol pop(struct state *state)
{
	struct symbol value = load(state, state->regs[RSP]);

	state->regs[RSP] = symbol_plus(state->regs[RSP], 8);
	return value;
}

void state_forget(struct state *state, unsigned registers)
{
	for (unsigned reg = 0; reg < REGISTERS; reg++)
		if (registers >> reg & 1)
			state->regs[reg] = (struct symbol){0};
}

// What rounding the stack pointer down to a multiple of -MASK leaves in it.
static struct symbol round_sp(struct state *state, int32_t mask)
{
	const struct symbol *sp = &state->regs[RSP];

	// Only one unknown distance can be told apart from others.
	if (sp->kind != SYMBOL_INITIAL || sp->base == BASE_ALIGNED)
		return (struct symbol){0};
	state->rounded_from = sp->offset;
	state->rounded_to = sp->base == RSP ? -mask : 0;
	return (struct symbol){SYMBOL_INITIAL, BASE_ALIGNED, 0, 0};
}

// What INSN does to data.
static void execute_data(struct state *state, const struct insn *insn)
{
	struct symbol base = insn->base >= 0 ? state->regs[insn->base] : (struct symbol){0};
	struct symbol result;

	switch (insn->kind) {
	case INSN_ADDRESS:
		result = symbol_plus(base, insn->disp);
		break;
	case INSN_CONSTANT:
		result = (struct symbol){SYMBOL_CONSTANT, 0, insn->disp, 0};
		break;
	case INSN_CONSTANT_BYTE:
		result = state->regs[insn->reg];
		if (result.kind == SYMBOL_CONSTANT)
			result.offset = (result.offset & ~0xff) | (insn->disp & 0xff);
		else
			result = (struct symbol){0};
		break;
	case INSN_LOAD:
		result = load(state, symbol_plus(base, insn->disp));
		break;
	case INSN_ALIGN:
		result = insn->reg == RSP ? round_sp(state, insn->disp) : (struct symbol){0};
		break;
	case INSN_STORE:
		store(state, symbol_plus(base, insn->disp), state->regs[insn->reg]);
		return;
	default:
		state_forget(state, insn->writes);
		return;
	}
	state_forget(state, insn->writes);
	state->regs[insn->reg] = result;
}

// What INSN does to the stack. Returns false when it does nothing to it.
static bool execute_stack(struct state *state, const struct insn *insn)
{
	struct symbol value = {0};

	switch (insn->kind) {
	case INSN_PUSH:
		if (insn->reg >= 0)
			value = state->regs[insn->reg];
		else if (insn->base == INSN_NO_REG)
			value = (struct symbol){SYMBOL_CONSTANT, 0, insn->disp, 0};
		push(state, value);
		return true;
	case INSN_POP:
		value = pop(state);
		if (insn->reg >= 0)
			state->regs[insn->reg] = value;
		return true;
	case INSN_LEAVE:
		state->regs[RSP] = state->regs[RBP];
		value = pop(state);
		state->regs[RBP] = value;
		return true;
	default:
		return false;
	}
}

void state_execute(struct state *state, const struct insn *insn)
{
	if (!execute_stack(state, insn))
		execute_data(state, insn);
}

struct state state_at(uint64_t pc)
{
	struct state state = {.pc = pc};

	for (uint8_t reg = 0; reg < REGISTERS; reg++)
		state.regs[reg] = (struct symbol){SYMBOL_INITIAL, reg, 0, 0};
	return state;
}

void state_move_sp(struct state *state, int64_t distance)
{
	state->regs[RSP] = symbol_plus(state->regs[RSP], distance);
}

// The rule for a register whose value is SYMBOL, in terms of what registers were at the beginning
// of a walk from the pc.
static struct row_rule forward_rule(const struct row *row, struct symbol symbol, uint8_t reg)
{
	struct row_rule rule = {ROW_RULE_UNKNOWN, 0, 0};

	if (symbol.kind == SYMBOL_INITIAL && symbol.base == reg && symbol.offset == 0) {
		rule.kind = ROW_RULE_SAME;
	} else if (symbol.kind == SYMBOL_MEMORY && symbol.add == 0) {
		rule = (struct row_rule){ROW_RULE_AT_REG, symbol.base, symbol.offset};
		if (!row->cfa_deref && symbol.base == row->cfa_reg) {
			rule.kind = ROW_RULE_AT_CFA;
			rule.offset -= row->cfa_offset;
		}
	}
	return rule;
}

// The row of the pc where a walk began that has come to a return with STATE.
bool state_row_forward(const struct state *state, struct row *ret)
{
	struct symbol sp = state->regs[RSP];
	struct row row = {.cfa_reg = sp.base, .pc = {ROW_RULE_AT_CFA, 0, -8}};

	if ((sp.kind != SYMBOL_INITIAL && sp.kind != SYMBOL_MEMORY) ||
		(sp.base != RSP && sp.base != RBP))
		return false;
	row.cfa_offset = sp.offset;
	row.cfa_deref = sp.kind == SYMBOL_MEMORY;
	if (row.cfa_deref)
		row.cfa_add = sp.add + 8;
	else
		row.cfa_offset += 8;
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++)
		row.saved[i] = forward_rule(&row, state->regs[saved_regs[i]], saved_regs[i]);
	*ret = row;
	return true;
}

// True when SYMBOL is the stack pointer at the entry plus *RET.
static bool is_initial_sp(struct symbol symbol, int32_t *ret)
{
	if (symbol.kind != SYMBOL_INITIAL || symbol.base != RSP)
		return false;
	*ret = symbol.offset;
	return true;
}

// Finds how the CFA follows from the registers of STATE, at the goal.
static bool entry_cfa(const struct state *state, struct row *row)
{
	int32_t offset;

	for (int i = 0; i < 2; i++) {
		uint8_t reg = i == 0 ? RSP : RBP;
		if (!is_initial_sp(state->regs[reg], &offset))
			continue;
		*row = (struct row){.cfa_reg = reg, .cfa_offset = 8 - offset};
		if (reg == RSP && is_initial_sp(state->regs[RBP], &offset))
			row->fp_offset = 8 - offset;
		return true;
	}
	// The stack pointer was rounded down: its old value is in a slot beside the frame pointer.
	const struct symbol *fp = &state->regs[RBP];
	if (fp->kind != SYMBOL_INITIAL || fp->base != BASE_ALIGNED)
		return false;
	for (unsigned i = 0; i < state->slot_count; i++)
		if (state->slots[i].base == BASE_ALIGNED &&
			is_initial_sp(state->slots[i].value, &offset)) {
			*row = (struct row){.cfa_reg = RBP,
				.cfa_deref = true,
				.cfa_offset = state->slots[i].offset - fp->offset,
				.cfa_add = 8 - offset};
			return true;
		}
	return false;
}

// Where register REG, as it was at the entry, is in STATE at the goal.
static struct row_rule entry_rule(const struct state *state, uint8_t reg)
{
	const struct symbol *fp = &state->regs[RBP];

	if (state->regs[reg].kind == SYMBOL_INITIAL && state->regs[reg].base == reg &&
		state->regs[reg].offset == 0)
		return (struct row_rule){ROW_RULE_SAME, 0, 0};
	for (unsigned i = 0; i < state->slot_count; i++) {
		const struct slot *slot = &state->slots[i];
		if (slot->value.kind != SYMBOL_INITIAL || slot->value.base != reg ||
			slot->value.offset != 0)
			continue;
		if (slot->base == RSP)
			return (struct row_rule){ROW_RULE_AT_CFA, 0, slot->offset - 8};
		if (fp->kind == SYMBOL_INITIAL && fp->base == slot->base)
			return (struct row_rule){ROW_RULE_AT_REG, RBP, slot->offset - fp->offset};
	}
	return (struct row_rule){0};
}

bool state_row_entry(const struct state *state, struct row *ret)
{
	struct row row;

	if (!entry_cfa(state, &row))
		return false;
	row.pushed = state->pushed;
	row.pc = (struct row_rule){ROW_RULE_AT_CFA, 0, -8};
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++)
		row.saved[i] = entry_rule(state, saved_regs[i]);
	*ret = row;
	return true;
}

struct rounded state_rounded(const struct state *state)
{
	const struct symbol *sp = &state->regs[RSP];
	int32_t to = state->rounded_to;

	if (sp->kind != SYMBOL_INITIAL || sp->base != BASE_ALIGNED || to < 16 ||
		to > BOUNDARY_MAX || (to & (to - 1)) != 0)
		return (struct rounded){0};
	return (struct rounded){8 - sp->offset - state->rounded_from, (unsigned)to / 8};
}

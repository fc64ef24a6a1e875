// SPDX-License-Identifier: GPL-2.0-or-later
// Proof of a frame pointer.
#include "jitframe.h"

#include "callsite.h"
#include "symbolic.h"

static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;

enum {
	LOOKED_AT_MAX = 300, // instructions from the pc on
	WORD = 8,
	MOVED_MAX = 64 << 10, // bytes of arguments that an interpreter has moved
};

// A walk over code in which the frame pointer stays what it is.
struct look {
	uint64_t pcs[LOOKED_AT_MAX]; // seen, the first NEXT of them looked at
	size_t count, next;
	bool in_call; // the frame is in a call: it has been set up
};

static void add_pc(struct look *look, uint64_t pc)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->pcs[i] == pc)
			return;
	if (look->count < LOOKED_AT_MAX)
		look->pcs[look->count++] = pc;
}

// Adds where control goes from INSN at PC, if the frame pointer is still the same there.
static void add_next(struct look *look, uint64_t pc, const struct insn *insn)
{
	bool changes = insn->writes >> RBP & 1;

	switch (insn->kind) {
	case INSN_RETURN:
	case INSN_STOP:
	case INSN_LEAVE:
	case INSN_JUMP_INDIRECT:
	case INSN_JUMP_TABLE:
	case INSN_JUMP_SLOT:
		return;
	case INSN_JUMP:
		add_pc(look, insn->target);
		return;
	case INSN_BRANCH:
		add_pc(look, pc + insn->len);
		add_pc(look, insn->target);
		return;
	case INSN_CALL: // gives it back, unless it is to set up the frame
		if (look->in_call)
			add_pc(look, pc + insn->len);
		return;
	default:
		if (!changes)
			add_pc(look, pc + insn->len);
	}
}

// True when INSN takes back what a caller had in the stack pointer or in the frame pointer.
static bool restores(const struct insn *insn)
{
	return insn->kind == INSN_LEAVE ||
	       (insn->kind == INSN_ADDRESS && insn->reg == RSP && insn->base == RBP &&
		       insn->disp <= 0) ||
	       (insn->kind == INSN_LOAD && insn->reg == RBP && insn->base == RBP &&
		       insn->disp == 0);
}

// True when the code of MODULE from PC on, where FRAME is, before it changes the frame pointer,
// takes a value from memory below that, and not below the stack pointer, or puts one there, or
// leaves a frame by it.
static bool uses_frame(struct codewalk *walk, const struct module *module, uint64_t pc,
	const struct frame_regs *frame, bool in_call)
{
	uint64_t sp = frame->values[ARCH_REG_SP], fp = frame->values[ARCH_REG_FP];
	struct look look = {.pcs = {pc}, .count = 1, .in_call = in_call};
	struct insn insn;

	while (look.next < look.count) {
		pc = look.pcs[look.next++];
		if (codewalk_decode(walk, module, pc, &insn) == 0)
			continue;
		if ((insn.kind == INSN_LOAD || insn.kind == INSN_STORE) && insn.base == RBP &&
			insn.disp < 0 && (int64_t)(fp - sp) + insn.disp >= 0)
			return true;
		if (restores(&insn))
			return true;
		add_next(&look, pc, &insn);
	}
	return false;
}

// True when RA is a return address, and FP can be the frame pointer of what it returns to, whose
// callee has the frame pointer at CALLEE.
static bool is_caller(
	struct codewalk *walk, struct space *space, uint64_t ra, uint64_t fp, uint64_t callee)
{
	struct callsite site = callsite_look(walk, space, ra);

	if (!site.direct && !site.indirect && !callsite_is_return_entry(walk, space, ra))
		return false;
	// C code may use the register for anything: what unwinds it knows.
	return site.module != space_made(space) || (fp > callee && fp % WORD == 0);
}

bool jitframe_find(struct codewalk *walk, struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct row *ret)
{
	uint64_t sp = frame->values[ARCH_REG_SP], fp = frame->values[ARCH_REG_FP];
	struct location at = space_locate(space, frame->values[ARCH_REG_PC] - behind_call);
	uint64_t saved, ra, senders;

	if (!(frame->known >> ARCH_REG_FP & 1) || at.module == SNAPSHOT_NO_MODULE || fp < sp ||
		fp % WORD != 0 || space_read_word(space, thread, fp, &saved) < 0 ||
		space_read_word(space, thread, fp + WORD, &ra) < 0 ||
		!uses_frame(walk, space_module(space, at.module), at.vaddr + behind_call, frame,
			behind_call) ||
		!is_caller(walk, space, ra, saved, fp))
		return false;
	*ret = (struct row){.cfa_reg = ARCH_REG_FP, .cfa_offset = 2 * WORD};
	ret->pc = (struct row_rule){ROW_RULE_AT_REG, ARCH_REG_FP, WORD};
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++)
		if (saved_regs[i] == ARCH_REG_FP)
			ret->saved[i] = (struct row_rule){ROW_RULE_AT_REG, ARCH_REG_FP, 0};
	uint64_t cfa = fp + 2 * WORD;
	if (fp > sp && space_read_word(space, thread, fp - WORD, &senders) == 0 &&
		senders % WORD == 0 && senders > cfa && senders - cfa <= MOVED_MAX &&
		(senders <= saved || saved < fp)) {
		ret->cfa_deref = true;
		ret->cfa_offset = -WORD;
	}
	return true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// The registers and the stack of x86-64 code that is followed without being run: symbolic values,
// and the unwind rows that they amount to.
#pragma once

#include "insn.h"
#include "row.h"

// By their DWARF numbers.
enum { RAX = 0, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, REGISTERS = 16 };

enum { SLOTS_MAX = 24 }; // stack slots whose contents are followed

enum symbol_kind {
	SYMBOL_UNKNOWN,
	SYMBOL_CONSTANT, // offset
	SYMBOL_INITIAL,  // what register `base` was at the beginning, + offset
	SYMBOL_MEMORY,   // the 8 bytes at (what `base` was + offset), + add
};

// Bases beside the registers at the beginning.
enum { BASE_ALIGNED = REGISTERS, BASE_NEW_STACK };

struct symbol {
	uint8_t kind, base;
	int32_t offset, add;
};

// A stack slot whose contents are known.
struct slot {
	uint8_t base;
	int32_t offset;
	struct symbol value;
};

struct state {
	uint64_t pc;
	struct symbol regs[REGISTERS];
	struct slot slots[SLOTS_MAX];
	unsigned slot_count;
	int32_t compared; // the constant of the last comparison
	bool called;      // there was a call
	bool pushed;      // and something was pushed behind it
	bool pushed_slot; // the last instruction pushed what a fixed memory slot holds
	// BASE_ALIGNED is the stack pointer at the beginning + rounded_from, rounded down to a
	// multiple of rounded_to.
	int32_t rounded_from, rounded_to;
};

// STATE at PC, with nothing done yet.
struct state state_at(uint64_t pc);

// The registers in the mask REGISTERS become unknown.
void state_forget(struct state *state, unsigned registers);

// Moves the stack pointer by DISTANCE bytes.
void state_move_sp(struct state *state, int64_t distance);

// Does what INSN does to registers and stack; control flow is not its business.
void state_execute(struct state *state, const struct insn *insn);

// The row of the pc where a walk began which has come to a return with STATE, into *RET. Returns
// false when the stack pointer there does not follow from the registers at the pc.
bool state_row_forward(const struct state *state, struct row *ret);

// The row of the pc to which a walk from a function's entry has come with STATE, into *RET. Returns
// false when the CFA follows from no register there.
bool state_row_entry(const struct state *state, struct row *ret);

// Where the CFA can be at the pc to which a walk from a function's entry has come with STATE.
struct rounded state_rounded(const struct state *state);

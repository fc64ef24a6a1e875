// SPDX-License-Identifier: GPL-2.0-or-later
// An unwind row: how the registers of a caller follow from those of one pc's frame. The same form
// for what call frame information says and for what following the code shows.
#pragma once

#include "arch.h"
#include "space.h"

#include <stdbool.h>
#include <stdint.h>

enum row_rule_kind {
	ROW_RULE_UNKNOWN, // the caller's value is lost
	ROW_RULE_SAME,    // as in the frame
	ROW_RULE_AT_CFA,  // saved at CFA + offset
	ROW_RULE_AT_REG,  // saved at the register's value in the frame + offset
	ROW_RULE_IS_CFA,  // it is CFA + offset
};

struct row_rule {
	uint8_t kind, reg;
	int32_t offset;
};

// CFA = cfa_reg + cfa_offset, or, with cfa_deref, the 8 bytes there + cfa_add.
struct row {
	uint8_t cfa_reg;
	bool cfa_deref;
	int32_t cfa_offset, cfa_add;
	bool pushed;       // by the stack pointer: it was moved by a push behind a call
	int32_t fp_offset; // by the stack pointer: it is frame pointer + fp_offset, too; 0: unknown
	struct row_rule pc;                      // the return address
	struct row_rule saved[ARCH_SAVED_COUNT]; // parallel to arch_saved_regs
};

// Where the CFA can be above a stack pointer that was rounded down: LEAST bytes above it, or 8
// bytes further, at COUNT places.
struct rounded {
	int32_t least;
	unsigned count; // 0: the stack pointer was not rounded down
};

// The registers of a frame.
struct frame_regs {
	uint64_t values[ARCH_REG_COUNT];
	uint64_t known; // bit N: values[N] is DWARF register N
};

// Why a row could not be applied.
struct row_trouble {
	bool memory;    // memory at `at` was not copied
	bool registers; // register `reg` is not known
	uint64_t at;
	int reg;
};

// The CFA of FRAME by ROW, reading memory as THREAD would, into *RET. Fails with -EFAULT or
// -ENODATA and fills *TROUBLE.
int row_cfa(const struct row *row, struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, uint64_t *ret, struct row_trouble *trouble);

// The registers of the caller of FRAME by ROW into *RET, another one: those that a callee
// preserves, as far as they are known, the stack pointer and the pc. Fails as row_cfa() does when
// the pc or the CFA cannot be had; another register is then simply not known.
int row_apply(const struct row *row, struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, struct frame_regs *ret, struct row_trouble *trouble);

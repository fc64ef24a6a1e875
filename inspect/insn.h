// SPDX-License-Identifier: GPL-2.0-or-later
// x86-64 instructions, as far as they matter to who follows code from a pc to its caller: where
// control goes, and what becomes of the stack pointer and of saved registers.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum insn_kind {
	INSN_OTHER,         // changes the registers in `writes`, nothing else that matters
	INSN_ADDRESS,       // reg = base + disp (lea, mov, add and sub of a constant)
	INSN_CONSTANT,      // reg = disp
	INSN_CONSTANT_BYTE, // the lowest byte of reg = disp
	INSN_LOAD,          // reg = 8 bytes at base + disp
	INSN_STORE,         // 8 bytes at base + disp = reg
	INSN_ALIGN,         // reg is rounded down to a boundary
	INSN_PUSH,          // reg, or a constant (reg is INSN_NO_REG, disp), or something else
	INSN_POP,           // reg
	INSN_LEAVE,
	INSN_CALL,      // of target, or of what only run time knows (target 0)
	INSN_JUMP,      // to target
	INSN_BRANCH,    // to target, or on
	INSN_JUMP_SLOT, // to where a fixed memory slot says: how a procedure linkage table jumps
	INSN_JUMP_INDIRECT, // to what only run time knows
	INSN_JUMP_TABLE,    // to one of the addresses in an array at disp
	INSN_COMPARE,       // of something with disp
	INSN_RETURN,        // disp more bytes are dropped
	INSN_SYSCALL,
	INSN_STOP, // control does not come out of it: hlt, ud2, int3, and what cannot be followed
};

enum {
	INSN_NO_REG = -1,
	INSN_BASE_PC = -2, // base: of a push, the memory is relative to the pc
	INSN_BYTES_MAX = 15,
};

struct insn {
	uint8_t len;
	uint8_t kind;     // enum insn_kind
	int8_t reg, base; // DWARF register numbers
	uint16_t writes;  // mask of the registers 0 to 15 that it changes
	int32_t disp;
	uint64_t target;
};

struct insn_decoder;

// Makes a decoder, or returns NULL (no memory).
struct insn_decoder *insn_decoder_open(void);

// Accepts NULL.
void insn_decoder_close(struct insn_decoder *decoder);

// Decodes the instruction at address PC whose bytes are the first of the LEN BYTES, into *RET.
// Returns its length, or 0 when it is none, or not all there. Source: Intel SDM volume 2.
size_t insn_decode(struct insn_decoder *decoder, uint64_t pc, const unsigned char *bytes,
	size_t len, struct insn *ret);

// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions by capstone.
#include "insn.h"

#include "cleanup.h"

#include <capstone/capstone.h>
#include <string.h>

// capstone's table of machines refers to all it knows. Those that are not wanted are answered here,
// which keeps their 3 MB of tables out of a static program.
#define NO_MACHINE(name)                                         \
	int name##_global_init(void *handle);                    \
	int name##_option(void *handle, int type, size_t value); \
	int name##_global_init(void *handle)                     \
	{                                                        \
		(void)handle;                                    \
		return CS_ERR_ARCH;                              \
	}                                                        \
	int name##_option(void *handle, int type, size_t value)  \
	{                                                        \
		(void)handle;                                    \
		(void)type;                                      \
		(void)value;                                     \
		return CS_ERR_ARCH;                              \
	}
NO_MACHINE(AArch64)
NO_MACHINE(ARM)
NO_MACHINE(EVM)
NO_MACHINE(M680X)
NO_MACHINE(M68K)
NO_MACHINE(Mips)
NO_MACHINE(PPC)
NO_MACHINE(Sparc)
NO_MACHINE(SystemZ)
NO_MACHINE(TMS320C64x)
NO_MACHINE(XCore)

struct insn_decoder {
	csh handle;
	cs_insn *insn;
};

struct insn_decoder *insn_decoder_open(void)
{
	struct insn_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder->handle) != CS_ERR_OK) {
		free(decoder);
		return NULL;
	}
	cs_option(decoder->handle, CS_OPT_DETAIL, CS_OPT_ON);
	decoder->insn = cs_malloc(decoder->handle);
	if (!decoder->insn) {
		insn_decoder_close(decoder);
		return NULL;
	}
	return decoder;
}

void insn_decoder_close(struct insn_decoder *decoder)
{
	if (!decoder)
		return;
	if (decoder->insn)
		cs_free(decoder->insn, 1);
	cs_close(&decoder->handle);
	free(decoder);
}

// capstone's names of the general registers, in the order of their DWARF numbers, by width.
static const uint16_t wide[16] = {X86_REG_RAX, X86_REG_RDX, X86_REG_RCX, X86_REG_RBX, X86_REG_RSI,
	X86_REG_RDI, X86_REG_RBP, X86_REG_RSP, X86_REG_R8, X86_REG_R9, X86_REG_R10, X86_REG_R11,
	X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15};
static const uint16_t half[16] = {X86_REG_EAX, X86_REG_EDX, X86_REG_ECX, X86_REG_EBX, X86_REG_ESI,
	X86_REG_EDI, X86_REG_EBP, X86_REG_ESP, X86_REG_R8D, X86_REG_R9D, X86_REG_R10D, X86_REG_R11D,
	X86_REG_R12D, X86_REG_R13D, X86_REG_R14D, X86_REG_R15D};
static const uint16_t quarter[16] = {X86_REG_AX, X86_REG_DX, X86_REG_CX, X86_REG_BX, X86_REG_SI,
	X86_REG_DI, X86_REG_BP, X86_REG_SP, X86_REG_R8W, X86_REG_R9W, X86_REG_R10W, X86_REG_R11W,
	X86_REG_R12W, X86_REG_R13W, X86_REG_R14W, X86_REG_R15W};
static const uint16_t low[16] = {X86_REG_AL, X86_REG_DL, X86_REG_CL, X86_REG_BL, X86_REG_SIL,
	X86_REG_DIL, X86_REG_BPL, X86_REG_SPL, X86_REG_R8B, X86_REG_R9B, X86_REG_R10B, X86_REG_R11B,
	X86_REG_R12B, X86_REG_R13B, X86_REG_R14B, X86_REG_R15B};
static const uint16_t high[4] = {X86_REG_AH, X86_REG_DH, X86_REG_CH, X86_REG_BH};

static int find_in(const uint16_t *names, int count, unsigned reg)
{
	for (int i = 0; i < count; i++)
		if (names[i] == reg)
			return i;
	return INSN_NO_REG;
}

// The DWARF number of the whole register REG, or INSN_NO_REG.
static int whole_register(unsigned reg)
{
	return find_in(wide, 16, reg);
}

// The DWARF number of the register that REG is, or is a part of, or INSN_NO_REG.
static int register_of(unsigned reg)
{
	int found = find_in(wide, 16, reg);

	if (found < 0)
		found = find_in(half, 16, reg);
	if (found < 0)
		found = find_in(quarter, 16, reg);
	if (found < 0)
		found = find_in(low, 16, reg);
	return found < 0 ? find_in(high, 4, reg) : found;
}

static void note_writes(struct insn_decoder *decoder, struct insn *ret)
{
	cs_regs reads, writes;
	uint8_t read_count = 0, write_count = 0;

	if (cs_regs_access(decoder->handle, decoder->insn, reads, &read_count, writes,
		    &write_count) != CS_ERR_OK) {
		ret->writes = UINT16_MAX;
		return;
	}
	for (uint8_t i = 0; i < write_count; i++) {
		int reg = register_of(writes[i]);
		if (reg >= 0)
			ret->writes |= (uint16_t)(1u << reg);
	}
}

static bool fits(int64_t value)
{
	return value >= INT32_MIN && value <= INT32_MAX;
}

// True when OP is memory at a general register and a displacement.
static bool is_plain_memory(const cs_x86_op *op)
{
	return op->type == X86_OP_MEM && op->mem.index == X86_REG_INVALID &&
	       op->mem.segment == X86_REG_INVALID && whole_register(op->mem.base) >= 0 &&
	       fits(op->mem.disp);
}

static void set(struct insn *ret, enum insn_kind kind, int reg, int base, int64_t disp)
{
	ret->kind = (uint8_t)kind;
	ret->reg = (int8_t)reg;
	ret->base = (int8_t)base;
	ret->disp = (int32_t)disp;
}

// mov TO, FROM. Leaves RET as it is when nothing more is known than what it writes.
static void decode_move(const cs_x86_op *to, const cs_x86_op *from, struct insn *ret)
{
	int reg = to->type == X86_OP_REG ? whole_register(to->reg) : INSN_NO_REG;

	if (to->type == X86_OP_REG && from->type == X86_OP_IMM && fits(from->imm)) {
		if (reg >= 0 || find_in(half, 16, to->reg) >= 0)
			set(ret, INSN_CONSTANT, register_of(to->reg), INSN_NO_REG, from->imm);
		else if (find_in(low, 16, to->reg) >= 0)
			set(ret, INSN_CONSTANT_BYTE, register_of(to->reg), INSN_NO_REG, from->imm);
	} else if (reg >= 0 && from->type == X86_OP_REG && whole_register(from->reg) >= 0) {
		set(ret, INSN_ADDRESS, reg, whole_register(from->reg), 0);
	} else if (reg >= 0 && is_plain_memory(from)) {
		set(ret, INSN_LOAD, reg, whole_register(from->mem.base), from->mem.disp);
	} else if (is_plain_memory(to) && to->size == 8 && from->type == X86_OP_REG &&
		   whole_register(from->reg) >= 0) {
		set(ret, INSN_STORE, whole_register(from->reg), whole_register(to->mem.base),
			to->mem.disp);
	}
}

static void decode_push(const cs_x86_op *op, struct insn *ret)
{
	set(ret, INSN_PUSH, INSN_NO_REG, INSN_NO_REG, 0);
	if (op->size != 8 && op->type != X86_OP_IMM)
		ret->kind = INSN_STOP; // two bytes: nothing that is followed does that
	else if (op->type == X86_OP_REG)
		ret->reg = (int8_t)whole_register(op->reg);
	else if (op->type == X86_OP_IMM && fits(op->imm))
		ret->disp = (int32_t)op->imm;
	else if (op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP)
		ret->base = INSN_BASE_PC;
}

static void decode_arithmetic(
	unsigned id, const cs_x86_op *to, const cs_x86_op *from, struct insn *ret)
{
	int reg = to->type == X86_OP_REG ? whole_register(to->reg) : INSN_NO_REG;

	if (id == X86_INS_XOR) {
		if (to->type == X86_OP_REG && from->type == X86_OP_REG && to->reg == from->reg &&
			(reg >= 0 || find_in(half, 16, to->reg) >= 0))
			set(ret, INSN_CONSTANT, register_of(to->reg), INSN_NO_REG, 0);
		return;
	}
	if (reg < 0 || from->type != X86_OP_IMM || !fits(from->imm) || from->imm == INT32_MIN)
		return;
	if (id == X86_INS_AND)
		set(ret, INSN_ALIGN, reg, INSN_NO_REG, from->imm);
	else
		set(ret, INSN_ADDRESS, reg, reg, id == X86_INS_ADD ? from->imm : -from->imm);
}

static void decode_jump(const cs_x86_op *op, enum insn_kind direct, struct insn *ret)
{
	if (op->type == X86_OP_IMM) {
		ret->kind = (uint8_t)direct;
		ret->target = (uint64_t)op->imm;
	} else if (direct == INSN_CALL) {
		ret->kind = INSN_CALL;
	} else {
		bool slot = op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP &&
			    op->mem.index == X86_REG_INVALID;
		bool table = op->type == X86_OP_MEM && op->mem.base == X86_REG_INVALID &&
			     op->mem.index != X86_REG_INVALID && op->mem.scale == 8 &&
			     fits(op->mem.disp);
		ret->kind = slot ? INSN_JUMP_SLOT : table ? INSN_JUMP_TABLE : INSN_JUMP_INDIRECT;
		ret->disp = table ? (int32_t)op->mem.disp : 0;
	}
}

static bool is_in_group(const cs_detail *detail, uint8_t group)
{
	for (uint8_t i = 0; i < detail->groups_count; i++)
		if (detail->groups[i] == group)
			return true;
	return false;
}

// What changes control flow. Returns false when INSN does not.
static bool decode_flow(const cs_insn *insn, struct insn *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;

	switch (insn->id) {
	case X86_INS_CALL:
		decode_jump(&x86->operands[0], INSN_CALL, ret);
		return true;
	case X86_INS_JMP:
		decode_jump(&x86->operands[0], INSN_JUMP, ret);
		return true;
	case X86_INS_RET:
		set(ret, INSN_RETURN, INSN_NO_REG, INSN_NO_REG,
			x86->op_count > 0 ? x86->operands[0].imm : 0);
		return true;
	case X86_INS_SYSCALL:
		ret->kind = INSN_SYSCALL;
		return true;
	case X86_INS_HLT:
	case X86_INS_INT3:
	case X86_INS_UD2:
	case X86_INS_UD2B:
	case X86_INS_ENTER:
	case X86_INS_LJMP:
	case X86_INS_LCALL:
	case X86_INS_RETF:
	case X86_INS_RETFQ:
	case X86_INS_IRET:
	case X86_INS_IRETD:
	case X86_INS_IRETQ:
	case X86_INS_SYSRET:
	case X86_INS_SYSEXIT:
		ret->kind = INSN_STOP;
		return true;
	default:
		if (!is_in_group(insn->detail, X86_GRP_JUMP) &&
			!is_in_group(insn->detail, X86_GRP_BRANCH_RELATIVE))
			return false;
		decode_jump(&x86->operands[0], INSN_BRANCH, ret);
		return true;
	}
}

static void decode_data(const cs_insn *insn, struct insn *ret)
{
	const cs_x86 *x86 = &insn->detail->x86;
	const cs_x86_op *ops = x86->operands;

	switch (insn->id) {
	case X86_INS_PUSH:
		decode_push(&ops[0], ret);
		break;
	case X86_INS_PUSHFQ:
		set(ret, INSN_PUSH, INSN_NO_REG, INSN_BASE_PC - 1, 0);
		break;
	case X86_INS_POP:
	case X86_INS_POPFQ:
		set(ret, insn->id == X86_INS_POP && ops[0].size != 8 ? INSN_STOP : INSN_POP,
			insn->id == X86_INS_POP && ops[0].type == X86_OP_REG
				? whole_register(ops[0].reg)
				: INSN_NO_REG,
			INSN_NO_REG, 0);
		break;
	case X86_INS_LEAVE:
		ret->kind = INSN_LEAVE;
		break;
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		decode_move(&ops[0], &ops[1], ret);
		break;
	case X86_INS_LEA:
		if (whole_register(ops[0].reg) >= 0 && is_plain_memory(&ops[1]))
			set(ret, INSN_ADDRESS, whole_register(ops[0].reg),
				whole_register(ops[1].mem.base), ops[1].mem.disp);
		else if (whole_register(ops[0].reg) >= 0 && ops[1].mem.base == X86_REG_RIP &&
			 fits((int64_t)(insn->address + insn->size) + ops[1].mem.disp))
			set(ret, INSN_CONSTANT, whole_register(ops[0].reg), INSN_NO_REG,
				(int64_t)(insn->address + insn->size) + ops[1].mem.disp);
		break;
	case X86_INS_CMP:
		if (ops[1].type == X86_OP_IMM && fits(ops[1].imm))
			set(ret, INSN_COMPARE, INSN_NO_REG, INSN_NO_REG, ops[1].imm);
		break;
	case X86_INS_ADD:
	case X86_INS_SUB:
	case X86_INS_AND:
	case X86_INS_XOR:
		decode_arithmetic(insn->id, &ops[0], &ops[1], ret);
		break;
	default:
		break;
	}
}

size_t insn_decode(struct insn_decoder *decoder, uint64_t pc, const unsigned char *bytes,
	size_t len, struct insn *ret)
{
	size_t left = len < INSN_BYTES_MAX ? len : INSN_BYTES_MAX;

	if (!cs_disasm_iter(decoder->handle, &bytes, &left, &pc, decoder->insn))
		return 0;
	*ret = (struct insn){.len = (uint8_t)decoder->insn->size,
		.kind = INSN_OTHER,
		.reg = INSN_NO_REG,
		.base = INSN_NO_REG};
	note_writes(decoder, ret);
	if (!decode_flow(decoder->insn, ret))
		decode_data(decoder->insn, ret);
	return ret->len;
}

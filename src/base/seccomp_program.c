// SPDX-License-Identifier: GPL-2.0-or-later
// Running classic BPF.
#include "seccomp_program.h"

#include <string.h>

// The state of the machine that runs a program.
struct machine {
	const struct seccomp_data *call;
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

// The word at OFFSET of the call. Fails when it is outside, or not aligned.
static bool load_call(const struct machine *machine, uint32_t offset, uint32_t *ret)
{
	if (offset % 4 != 0 || offset >= sizeof(*machine->call))
		return false;
	memcpy(ret, (const char *)machine->call + offset, sizeof(*ret));
	return true;
}

static bool load(struct machine *machine, const struct sock_filter *insn, uint32_t *ret)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return load_call(machine, insn->k, ret);
	case BPF_LEN:
		*ret = sizeof(*machine->call);
		return true;
	case BPF_IMM:
		*ret = insn->k;
		return true;
	case BPF_MEM:
		if (insn->k >= BPF_MEMWORDS)
			return false;
		*ret = machine->memory[insn->k];
		return true;
	}
	return false;
}

static bool store(struct machine *machine, const struct sock_filter *insn, uint32_t value)
{
	if (insn->k >= BPF_MEMWORDS)
		return false;
	machine->memory[insn->k] = value;
	return true;
}

static bool compute(struct machine *machine, const struct sock_filter *insn)
{
	uint32_t operand = BPF_SRC(insn->code) == BPF_X ? machine->x : insn->k;

	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		machine->a += operand;
		return true;
	case BPF_SUB:
		machine->a -= operand;
		return true;
	case BPF_MUL:
		machine->a *= operand;
		return true;
	case BPF_DIV:
		if (operand == 0)
			return false; // ends the program, with a return value that kills
		machine->a /= operand;
		return true;
	case BPF_AND:
		machine->a &= operand;
		return true;
	case BPF_OR:
		machine->a |= operand;
		return true;
	case BPF_XOR:
		machine->a ^= operand;
		return true;
	case BPF_LSH: // the kernel shifts modulo 32 by a register, and refuses more by a constant
		machine->a <<= operand & 31;
		return true;
	case BPF_RSH:
		machine->a >>= operand & 31;
		return true;
	case BPF_NEG:
		machine->a = -machine->a;
		return true;
	}
	return false;
}

// The number of instructions to skip, into *RET.
static bool jump(const struct machine *machine, const struct sock_filter *insn, uint32_t *ret)
{
	uint32_t operand = BPF_SRC(insn->code) == BPF_X ? machine->x : insn->k;
	bool taken;

	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		*ret = insn->k;
		return true;
	case BPF_JEQ:
		taken = machine->a == operand;
		break;
	case BPF_JGT:
		taken = machine->a > operand;
		break;
	case BPF_JGE:
		taken = machine->a >= operand;
		break;
	case BPF_JSET:
		taken = (machine->a & operand) != 0;
		break;
	default:
		return false;
	}
	*ret = taken ? insn->jt : insn->jf;
	return true;
}

// Runs one instruction that neither jumps nor returns.
static bool step(struct machine *machine, const struct sock_filter *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		return load(machine, insn, &machine->a);
	case BPF_LDX:
		return load(machine, insn, &machine->x);
	case BPF_ST:
		return store(machine, insn, machine->a);
	case BPF_STX:
		return store(machine, insn, machine->x);
	case BPF_ALU:
		return compute(machine, insn);
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			machine->x = machine->a;
		else
			machine->a = machine->x;
		return true;
	}
	return false;
}

uint32_t seccomp_program_run(const struct seccomp_program *program, const struct seccomp_data *call)
{
	struct machine machine = {.call = call};

	// Jumps only go forward, so this ends.
	for (size_t pc = 0; pc < program->len; pc++) {
		const struct sock_filter *insn = &program->code[pc];
		uint32_t skip = 0;
		if (BPF_CLASS(insn->code) == BPF_RET)
			return BPF_RVAL(insn->code) == BPF_A ? machine.a : insn->k;
		if (BPF_CLASS(insn->code) == BPF_JMP ? !jump(&machine, insn, &skip)
						     : !step(&machine, insn))
			break;
		if (skip > program->len)
			break;
		pc += skip;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

// How strict an action is: the least is the strictest (kernel/seccomp.c compares them so).
static int32_t rank(uint32_t value)
{
	return (int32_t)(value & SECCOMP_RET_ACTION_FULL);
}

uint32_t seccomp_decide(
	const struct seccomp_program *programs, size_t count, const struct seccomp_data *call)
{
	uint32_t decision = SECCOMP_RET_ALLOW;

	for (size_t i = count; i-- > 0;) {
		uint32_t value = seccomp_program_run(&programs[i], call);
		if (rank(value) < rank(decision))
			decision = value;
	}
	return decision;
}

bool seccomp_program_returns(const struct seccomp_program *program, uint32_t action)
{
	for (size_t i = 0; i < program->len; i++) {
		const struct sock_filter *insn = &program->code[i];
		if (insn->code == (BPF_RET | BPF_K) &&
			(insn->k & SECCOMP_RET_ACTION_FULL) == action)
			return true;
	}
	return false;
}

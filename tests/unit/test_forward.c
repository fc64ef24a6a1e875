// SPDX-License-Identifier: GPL-2.0-or-later
// Callers that code and stack prove, and such that they do not.
#include "forward.h"

#include "cleanup.h"
#include "code_image.h"

enum { BASE = 0x400000, STACK = 0x7000000, WORDS = 16, RBP = 6 };

// f:  0: push %rbx; 1: call g; 6: pop %rbx; 7: ret
// g:  8: sub $24, %rsp; 12: nop; 13: add $24, %rsp; 17: ret
// h: 18: call *%rax; 20: nop; 21: ret
// i: 22: sub $8, %rsp; 26: jmp .      k: 28: call i; 33: ret
// goexit: 34: nop; 35: call .+5; 40: nop; 41: ret
// l: 42: push %rbp; 43: mov %rsp, %rbp; 46: and $-16, %rsp; 50: sub $16, %rsp; 54: nop; 55: leave;
// 56: ret m: 57: call l; 62: ret
static const unsigned char bytes[] = {0x53, 0xe8, 2, 0, 0, 0, 0x5b, 0xc3, 0x48, 0x83, 0xec, 0x18,
	0x90, 0x48, 0x83, 0xc4, 0x18, 0xc3, 0xff, 0xd0, 0x90, 0xc3, 0x48, 0x83, 0xec, 0x08, 0xeb,
	0xfe, 0xe8, 0xf5, 0xff, 0xff, 0xff, 0xc3, 0x90, 0xe8, 0, 0, 0, 0, 0x90, 0xc3, 0x55, 0x48,
	0x89, 0xe5, 0x48, 0x83, 0xe4, 0xf0, 0x48, 0x83, 0xec, 0x10, 0x90, 0xc9, 0xc3, 0xe8, 0xec,
	0xff, 0xff, 0xff, 0xc3};
enum {
	F_RETURN = 6,
	G_NOP = 12,
	G_RETURN = 17,
	H_RETURN = 20,
	I_LOOP = 26,
	K_RETURN = 33,
	GOEXIT = 34,
	L_NOP = 54,
	M_RETURN = 62,
};

static struct code_image code;
static struct snapshot snapshot;
static struct snapshot_map maps[2];
static struct snapshot_thread thread;
static uint64_t words[WORDS];
static struct space space;
static struct frame_regs frame;

// A thread at OFFSET of the code, whose stack is the words.
static void prepare(uint64_t offset)
{
	code_image_open(&code, bytes, sizeof(bytes));
	maps[0] = (struct snapshot_map){
		.start = BASE, .end = BASE + 0x1000, .offset = 0, .module = 0, .executable = true};
	maps[1] = (struct snapshot_map){.start = STACK,
		.end = STACK + 0x1000,
		.module = SNAPSHOT_NO_MODULE,
		.writable = true};
	thread = (struct snapshot_thread){
		.status = SNAPSHOT_THREAD_CAPTURED, .stack_len = sizeof(words)};
	thread.regs[ARCH_REG_SP] = STACK;
	snapshot = (struct snapshot){.modules = &code.source,
		.module_count = 1,
		.maps = maps,
		.map_count = 2,
		.threads = &thread,
		.thread_count = 1,
		.stacks = (unsigned char *)words,
		.stacks_len = sizeof(words)};
	frame = (struct frame_regs){
		.known = UINT64_C(1) << ARCH_REG_SP | UINT64_C(1) << ARCH_REG_PC};
	frame.values[ARCH_REG_SP] = STACK;
	frame.values[ARCH_REG_PC] = BASE + ELF_IMAGE_DATA + offset;
	memset(words, 0, sizeof(words));
	check_int(space_init(&space, &snapshot), 0);
}

static uint64_t code_at(uint64_t offset)
{
	return BASE + ELF_IMAGE_DATA + offset;
}

static enum forward_answer find(bool behind_call, struct row *ret)
{
	struct row_trouble trouble;
	struct forward *forward = forward_open(&space);
	enum forward_answer answer =
		forward_find(forward, &thread, &frame, behind_call, ret, &trouble);

	forward_close(forward);
	space_fini(&space);
	module_fini(&code.module);
	return answer;
}

Test(forward, the_call_of_this_very_function_is_proof)
{
	struct row row;

	prepare(G_NOP);
	words[3] = code_at(F_RETURN);
	check_int(find(false, &row), FORWARD_ROW);
	check_int(row.cfa_offset, 32);
	check_no_leak();
}

Test(forward, a_call_of_another_function_is_none)
{
	struct row row;

	// In i's caller's place stands a return into f, which calls g.
	prepare(I_LOOP);
	words[1] = code_at(F_RETURN);
	check_int(find(false, &row), FORWARD_NOTHING);
}

Test(forward, a_word_that_no_call_left_is_none)
{
	struct row row;

	prepare(G_NOP);
	words[3] = code_at(G_RETURN);
	check_int(find(false, &row), FORWARD_NOTHING);
	prepare(G_NOP);
	words[3] = 0;
	check_int(find(false, &row), FORWARD_NOTHING);
	prepare(G_NOP);
	words[3] = STACK;
	check_int(find(false, &row), FORWARD_NOTHING);
}

Test(forward, a_call_by_a_pointer_may_stand_alone)
{
	struct row row;

	prepare(G_NOP);
	words[3] = code_at(H_RETURN);
	check_int(find(false, &row), FORWARD_ROW);
	check_int(row.cfa_offset, 32);
}

Test(forward, a_function_that_does_not_return)
{
	struct row row;

	prepare(I_LOOP);
	words[1] = code_at(K_RETURN);
	check_int(find(false, &row), FORWARD_ROW);
	check_int(row.cfa_offset, 16);
}

// The CFA is at 32 bytes, or, had the stack pointer not been aligned, at 40.
static enum forward_answer find_rounded(uint64_t at_32, uint64_t at_40, struct row *ret)
{
	prepare(L_NOP);
	words[3] = at_32 ? code_at(at_32) : 0;
	words[4] = at_40 ? code_at(at_40) : 0;
	return find(false, ret);
}

Test(forward, a_rounded_stack_pointer)
{
	struct row row;

	check_int(find_rounded(M_RETURN, 0, &row), FORWARD_SEARCHED);
	check_int(row.cfa_reg, ARCH_REG_SP);
	check_int(row.cfa_offset, 32);
	check_int(row.saved[1].kind, ROW_RULE_AT_CFA); // rbp
	check_int(row.saved[1].offset, -16);
	check_int(find_rounded(H_RETURN, 0, &row), FORWARD_SEARCHED); // by a pointer
	check_int(row.cfa_offset, 32);
	check_no_leak();
}

Test(forward, a_rounded_stack_pointer_that_proves_nothing)
{
	struct row row;

	check_int(find_rounded(0, 0, &row), FORWARD_AMBIGUOUS);
	check_int(find_rounded(G_NOP, 0, &row), FORWARD_AMBIGUOUS);
	check_int(find_rounded(F_RETURN, 0, &row), FORWARD_AMBIGUOUS); // f calls another
	check_int(find_rounded(M_RETURN, H_RETURN, &row), FORWARD_AMBIGUOUS);
	check_int(find_rounded(M_RETURN, F_RETURN, &row), FORWARD_AMBIGUOUS);
	check_int(find_rounded(0, M_RETURN, &row), FORWARD_AMBIGUOUS); // not as the ABI wants it
	check_int(find_rounded(0, H_RETURN, &row), FORWARD_AMBIGUOUS);
	check_int(find_rounded(H_RETURN, H_RETURN, &row), FORWARD_AMBIGUOUS);
	prepare(L_NOP);
	words[3] = code_at(M_RETURN);
	thread.stack_len = 32; // the second place was not copied
	check_int(find(false, &row), FORWARD_AMBIGUOUS);
}

Test(forward, a_rounded_stack_pointer_and_the_frame_pointer)
{
	struct row row;

	prepare(L_NOP);
	frame.known |= UINT64_C(1) << ARCH_REG_FP;
	frame.values[ARCH_REG_FP] = STACK + 24;
	words[4] = code_at(M_RETURN); // whatever the ABI wants
	check_int(find(false, &row), FORWARD_ROW);
	check_int(row.cfa_reg, ARCH_REG_FP);
	check_int(row.cfa_offset, 16);
}

Test(forward, memory_that_was_not_copied_is_said)
{
	struct row row;
	struct row_trouble trouble;

	prepare(G_NOP);
	thread.stack_len = 24;
	struct forward *forward = forward_open(&space);
	check_int(forward_find(forward, &thread, &frame, false, &row, &trouble), FORWARD_NOTHING);
	check_true(trouble.memory);
	check_u64(trouble.at, STACK + 24);
	forward_close(forward);
	space_fini(&space);
}

Test(forward, the_end_of_a_goroutine)
{
	struct row row;

	prepare(G_NOP);
	words[3] = code_at(GOEXIT + 1);
	check_int(find(false, &row), FORWARD_ROW);
	check_int(row.cfa_offset, 32);
	prepare(G_NOP);
	words[3] = code_at(GOEXIT);
	check_int(find(false, &row), FORWARD_NOTHING);
}

Test(forward, a_pc_outside_of_code)
{
	struct row row;

	prepare(G_NOP);
	frame.values[ARCH_REG_PC] = STACK;
	check_int(find(false, &row), FORWARD_NOTHING);
	prepare(G_NOP);
	frame.values[ARCH_REG_PC] = BASE + 0xfff; // the mapping is larger than the file
	check_int(find(false, &row), FORWARD_NOTHING);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Rows out of code.
#include "codewalk.h"

#include "code_image.h"

enum { RBP = 6, RSP = 7, SAVED_RBX = 0, SAVED_RBP = 1, SAVED_R12 = 2 };

static struct code_image code;
static struct codewalk *walk;
static struct entries entries;

#define OPEN(...)                                       \
	open_code((const unsigned char[]){__VA_ARGS__}, \
		sizeof((const unsigned char[]){__VA_ARGS__}))

static void open_code(const unsigned char *bytes, size_t len)
{
	code_image_open(&code, bytes, len);
	walk = codewalk_open();
	entries_init(&entries, &code.module);
}

static void close_code(void)
{
	codewalk_close(walk);
	entries_fini(&entries);
	module_fini(&code.module);
	check_no_leak();
}

static struct codewalk_returns forward(uint64_t offset)
{
	struct codewalk_returns returns;

	codewalk_forward(walk, &code.module, &entries, CODE_VADDR + offset, &returns);
	return returns;
}

static enum codewalk_reach entry(uint64_t offset, bool behind_call, struct row *ret)
{
	return codewalk_entry(
		walk, &code.module, &entries, CODE_VADDR, CODE_VADDR + offset, behind_call, ret);
}

static struct rounded rounded(uint64_t offset)
{
	struct row row;

	return codewalk_rounded(
		walk, &code.module, &entries, CODE_VADDR, CODE_VADDR + offset, false, &row);
}

static void check_cfa(const struct row *row, int reg, int offset)
{
	check_int(row->cfa_reg, reg);
	check_int(row->cfa_deref, 0);
	check_int(row->cfa_offset, offset);
	check_int(row->pc.kind, ROW_RULE_AT_CFA);
	check_int(row->pc.offset, -8);
}

static void check_rule(const struct row *row, int saved, int kind, int offset)
{
	check_int(row->saved[saved].kind, kind);
	check_int(row->saved[saved].offset, offset);
}

// push %rbx; push %rbp; sub $24, %rsp; call 0; add $24, %rsp; pop %rbp; pop %rbx; ret
#define FRAMELESS                                                                                 \
	0x53, 0x55, 0x48, 0x83, 0xec, 0x18, 0xe8, 0xf5, 0xff, 0xff, 0xff, 0x48, 0x83, 0xc4, 0x18, \
		0x5d, 0x5b, 0xc3

Test(codewalk, both_directions_agree_at_every_instruction)
{
	static const struct {
		int at, cfa, rbx, rbp;
	} points[] = {{0, 8, 0, 0}, {1, 16, -16, 0}, {2, 24, -16, -24}, {6, 48, -16, -24},
		{11, 48, -16, -24}, {15, 24, -16, -24}, {16, 16, -16, 0}, {17, 8, 0, 0}};
	struct row row;

	OPEN(FRAMELESS);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct codewalk_returns returns = forward((uint64_t)points[i].at);
		check_int(returns.count, 1);
		check_int(entry((uint64_t)points[i].at, false, &row), CODEWALK_REACHED);
		check_cfa(&returns.rows[0], RSP, points[i].cfa);
		check_rule(&returns.rows[0], SAVED_RBX,
			points[i].rbx ? ROW_RULE_AT_CFA : ROW_RULE_SAME, points[i].rbx);
		check_rule(&returns.rows[0], SAVED_RBP,
			points[i].rbp ? ROW_RULE_AT_CFA : ROW_RULE_SAME, points[i].rbp);
		check_rule(&returns.rows[0], SAVED_R12, ROW_RULE_SAME, 0);
		// Saved, and not changed since: seen from the entry, they are what they were.
		check_cfa(&row, RSP, points[i].cfa);
		check_rule(&row, SAVED_RBX, ROW_RULE_SAME, 0);
		check_rule(&row, SAVED_RBP, ROW_RULE_SAME, 0);
	}
	// Behind the call, even if that were the last instruction.
	check_int(entry(11, true, &row), CODEWALK_REACHED);
	check_cfa(&row, RSP, 48);
	check_int(entry(10, true, &row), CODEWALK_NOT_REACHED);
	check_int(entry(3, false, &row), CODEWALK_NOT_REACHED); // inside of an instruction
	close_code();
}

Test(codewalk, a_frame_of_any_size_by_its_frame_pointer)
{
	struct row row;

	// push %rbp; mov %rsp, %rbp; push %rbx; sub %rax, %rsp; pop %rbx (of nobody);
	// lea -8(%rbp), %rsp; pop %rbx; pop %rbp; ret
	OPEN(0x55, 0x48, 0x89, 0xe5, 0x53, 0x48, 0x29, 0xc4, 0x5b, 0x48, 0x8d, 0x65, 0xf8, 0x5b,
		0x5d, 0xc3);
	struct codewalk_returns returns = forward(8);
	check_int(returns.count, 1);
	check_cfa(&returns.rows[0], RBP, 16);
	check_rule(&returns.rows[0], SAVED_RBX, ROW_RULE_AT_CFA, -24);
	check_rule(&returns.rows[0], SAVED_RBP, ROW_RULE_AT_CFA, -16);
	check_int(entry(9, false, &row), CODEWALK_REACHED);
	check_cfa(&row, RBP, 16);
	check_rule(&row, SAVED_RBX, ROW_RULE_AT_CFA, -24);
	close_code();
}

Test(codewalk, a_realigned_stack)
{
	struct row row;

	// lea 8(%rsp), %r10; and $-32, %rsp; push -8(%r10); push %rbp; mov %rsp, %rbp; push %r10;
	// nop; mov -8(%rbp), %r10; leave; lea -8(%r10), %rsp; ret
	OPEN(0x4c, 0x8d, 0x54, 0x24, 0x08, 0x48, 0x83, 0xe4, 0xe0, 0x41, 0xff, 0x72, 0xf8, 0x55,
		0x48, 0x89, 0xe5, 0x41, 0x52, 0x90, 0x4c, 0x8b, 0x55, 0xf8, 0xc9, 0x49, 0x8d, 0x62,
		0xf8, 0xc3);
	struct codewalk_returns returns = forward(19);
	check_int(returns.count, 1);
	check_int(entry(19, false, &row), CODEWALK_REACHED);
	const struct row *both[] = {&returns.rows[0], &row};
	for (size_t b = 0; b < 2; b++) {
		check_int(both[b]->cfa_reg, RBP);
		check_true(both[b]->cfa_deref);
		check_int(both[b]->cfa_offset, -8);
		check_int(both[b]->cfa_add, 0);
		check_int(both[b]->saved[SAVED_RBP].kind, ROW_RULE_AT_REG);
		check_int(both[b]->saved[SAVED_RBP].offset, 0);
	}
	check_int(rounded(19).count, 4);
	check_int(rounded(19).least, 32);
	check_int(rounded(9).count, 0);  // the CFA is in no register that is followed
	check_int(rounded(5).count, 0);  // it is not rounded yet
	check_int(rounded(29).count, 0); // nor any more
	check_int(rounded(1).count, 0);  // nothing leads there
	close_code();
}

Test(codewalk, roundings_that_are_none)
{
	// push %rbp; mov %rsp, %rbp; and $-24, %rsp; nop
	OPEN(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xe8, 0x90);
	check_int(rounded(8).count, 0);
	close_code();
	// push %rbp; mov %rsp, %rbp; and $8, %rsp; nop
	OPEN(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0x08, 0x90);
	check_int(rounded(8).count, 0);
	close_code();
	// push %rbp; mov %rsp, %rbp; and $-4096, %rsp; nop
	OPEN(0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xe4, 0x00, 0xf0, 0xff, 0xff, 0x90);
	check_int(rounded(11).count, 0);
	close_code();
	// push %rbp; mov %rsp, %rbp; and $-64, %rsp; and $-16, %rsp; nop
	OPEN(0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe4, 0xc0, 0x48, 0x83, 0xe4, 0xf0, 0x90);
	check_int(rounded(8).count, 8);
	check_int(rounded(8).least, 16);
	check_int(rounded(12).count, 0);
	close_code();
}

Test(codewalk, returns_that_disagree_are_all_kept)
{
	// test %eax, %eax; je 1f; add $8, %rsp; 1: ret
	OPEN(0x85, 0xc0, 0x74, 0x04, 0x48, 0x83, 0xc4, 0x08, 0xc3);
	struct codewalk_returns returns = forward(0);
	check_int(returns.count, 2);
	check_true(!returns.more);
	close_code();
}

Test(codewalk, no_return_no_row)
{
	struct row row;

	OPEN(0x48, 0x83, 0xec, 0x08, 0xeb, 0xfe); // sub $8, %rsp; 1: jmp 1b
	check_int(forward(4).count, 0);
	check_int(entry(4, false, &row), CODEWALK_REACHED);
	check_cfa(&row, RSP, 16);
	close_code();
	OPEN(0x31, 0xc0, 0xb0, 0x3c, 0x0f, 0x05, 0xc3); // exit, then ret
	check_int(forward(0).count, 0);
	check_int(entry(6, false, &row), CODEWALK_NOT_REACHED);
	close_code();
}

Test(codewalk, a_call_that_ends_its_function)
{
	// call b; nop; nop; b: push %rbx; pop %rbx; ret. Nobody comes back from the call: b is a
	// function.
	OPEN(0xe8, 0x02, 0, 0, 0, 0x90, 0x90, 0x53, 0x5b, 0xc3);
	check_int(forward(0).count, 0);
	check_int(forward(7).count, 1);
	close_code();
}

Test(codewalk, behind_a_call_that_may_not_return_the_depth_is_another)
{
	struct row row;

	// test %eax, %eax; je 1f; sub $8, %rsp; call 2f; nop; 1: nop; ret; 2: jmp 2b
	OPEN(0x85, 0xc0, 0x74, 0x0a, 0x48, 0x83, 0xec, 0x08, 0xe8, 0x03, 0, 0, 0, 0x90, 0x90, 0xc3,
		0xeb, 0xfe);
	check_int(entry(14, false, &row), CODEWALK_REACHED);
	check_cfa(&row, RSP, 8);
	check_int(entry(13, true, &row), CODEWALK_REACHED);
	check_cfa(&row, RSP, 16);
	close_code();
}

Test(codewalk, where_a_thread_begins)
{
	struct row row;

	// xor %eax, %eax; mov $56, %al; syscall; test %eax, %eax; jnz 1f; pop %rdi; call *%r9; hlt;
	// 1: ret
	OPEN(0x31, 0xc0, 0xb0, 0x38, 0x0f, 0x05, 0x85, 0xc0, 0x75, 0x05, 0x5f, 0x41, 0xff, 0xd1,
		0xf4, 0xc3);
	check_int(entry(14, true, &row), CODEWALK_EITHER);
	close_code();
	// The same with xor %esi, %esi before: no new stack, so there is a caller.
	OPEN(0x31, 0xf6, 0xb8, 0x38, 0, 0, 0, 0x0f, 0x05, 0x85, 0xc0, 0x75, 0x05, 0x90, 0x41, 0xff,
		0xd1, 0xf4, 0xc3);
	check_int(entry(17, true, &row), CODEWALK_REACHED);
	check_cfa(&row, RSP, 8);
	close_code();
}

Test(codewalk, linkage_tables)
{
	// push 0(%rip); jmp *0(%rip); nop x 4; endbr64; push $1; jmp 0; endbr64; jmp *0(%rip)
	OPEN(0xff, 0x35, 0, 0, 0, 0, 0xff, 0x25, 0, 0, 0, 0, 0x0f, 0x1f, 0x40, 0, 0xf3, 0x0f, 0x1e,
		0xfa, 0x68, 1, 0, 0, 0, 0xe9, 0xe2, 0xff, 0xff, 0xff, 0xf3, 0x0f, 0x1e, 0xfa, 0xff,
		0x25, 0, 0, 0, 0);
	static const struct {
		int at, cfa;
	} points[] = {{16, 8}, {20, 8}, {25, 16}, {0, 16}, {6, 24}, {30, 8}, {34, 8}};
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct codewalk_returns returns = forward((uint64_t)points[i].at);
		check_int(returns.count, 1);
		check_cfa(&returns.rows[0], RSP, points[i].cfa);
	}
	check_true(codewalk_has_tail_jump(walk, &code.module, &entries, CODE_VADDR + 30));
	close_code();
	OPEN(FRAMELESS);
	check_true(!codewalk_has_tail_jump(walk, &code.module, &entries, CODE_VADDR));
	close_code();
}

// Hostile code: every walk ends, reads nothing but the code, and says nothing impossible.
Test(codewalk, random_code)
{
	unsigned char bytes[CODE_MAX];
	// What makes paths: pushes, branches, calls, stack arithmetic.
	static const unsigned char likely[] = {0x50, 0x58, 0x74, 0x75, 0xeb, 0xe8, 0xff, 0x48, 0x83,
		0xec, 0xc4, 0x8d, 0x64, 0x24, 0xc9, 0x0f, 0x84, 0x05, 0xc3};
	struct row row;

	srandom(2);
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = random() % 3 ? likely[(size_t)random() % sizeof(likely)]
						: (unsigned char)random();
		open_code(bytes, sizeof(bytes));
		for (int i = 0; i < 8; i++) {
			uint64_t at = (uint64_t)random() % sizeof(bytes);
			check_true(forward(at).count <= CODEWALK_RETURNS_MAX);
			entry(at, round % 2, &row);
		}
		codewalk_close(walk);
		entries_fini(&entries);
		module_fini(&code.module);
	}
}

static const unsigned char *find_nothing(void *arg, uint64_t addr, size_t *ret_len)
{
	(void)arg;
	(void)addr;
	(void)ret_len;
	return NULL;
}

Test(codewalk, what_was_answered_stays_for_other_snapshots)
{
	const struct made_code made = {.find = find_nothing};
	const struct module made_module = {.opened = true, .made = &made};
	struct row row;
	struct insn insn;

	OPEN(FRAMELESS);
	const size_t segment_count = code.module.segment_count;
	check_int(entry(2, false, &row), CODEWALK_REACHED);
	check_true(codewalk_renew(walk));
	code.module.segment_count = 0; // it cannot be followed again
	check_int(entry(2, false, &row), CODEWALK_REACHED);
	check_cfa(&row, RSP, 24);
	check_int(entry(17, false, &row), CODEWALK_NOT_REACHED);
	code.module.segment_count = segment_count;
	// But code in no file is another one there.
	check_int(codewalk_decode(walk, &made_module, 0x1000, &insn), 0);
	check_false(codewalk_renew(walk));
	close_code();
}

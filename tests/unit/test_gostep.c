// SPDX-License-Identifier: GPL-2.0-or-later
// Steps out of functions of Go, on stacks and by a table that are made here.
#include "gostep.h"

#include "code_image.h"
#include "gopclntab.h"

enum {
	BASE = 0x400000,
	STACK = 0x7000000,
	LEFT = 0xc000010000,
	WORDS = 16,
	LEFT_END = LEFT + WORDS * 8,
	NAMES = 128, // where the parts of the table are
	DEPTHS = 512,
	LIST = 640,
	RECORDS = 800,
	RECORD_LEN = 48,
	FUNCTION_LEN = 56,
};

// Each function's code, FUNCTION_LEN bytes from the one before.
enum { PLAIN, SWITCH, OWN_FRAME, TO_C, FROM_C, CHILD, START, INJECTED, GROW, FUNCTIONS };

static const struct {
	const char *name;
	uint8_t depths, flags; // an offset in depths; 2: it writes the stack pointer
} functions[FUNCTIONS] = {
	[PLAIN] = {"main.f", 1, 0},
	[SWITCH] = {"runtime.systemstack", 9, 2},
	[OWN_FRAME] = {"runtime.nanotime1", 1, 2},
	[TO_C] = {"runtime.asmcgocall", 9, 2},
	[FROM_C] = {"runtime.cgocallback", 1, 2},
	[CHILD] = {"runtime.clone", 9, 0},
	[START] = {"runtime.mstart", 9, 1},
	[INJECTED] = {"runtime.sigpanic", 1, 0},
	[GROW] = {"runtime.morestack", 9, 2},
};

// 0 up to the fourth byte, then 24; 0 everywhere.
static const unsigned char depths[] = {0, 2, 4, 0x30, 52, 0, 0, 0, 0, 2, 56, 0};

// sub $24, %rsp; mov %rbp, 16(%rsp); lea 16(%rsp), %rbp
static const unsigned char prologue[] = {
	0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x6c, 0x24, 0x10, 0x48, 0x8d, 0x6c, 0x24, 0x10};
enum { SAVING = 4, BODY = sizeof(prologue), CALL_LEN = 5 };

static unsigned char bytes[FUNCTIONS * FUNCTION_LEN], table[RECORDS + FUNCTIONS * RECORD_LEN];
static struct code_image code;
static struct snapshot snapshot;
static struct snapshot_map maps[3];
static struct snapshot_thread thread;
static uint64_t words[2 * WORDS]; // the stack, then the one that it was left for
static uint64_t *const left = words + WORDS;
static struct space space;
static struct frame_regs frame, caller;
static struct row_trouble trouble;
static struct gostep_past past;

static void put(size_t at, uint64_t value, size_t size)
{
	check_true(at + size <= sizeof(table));
	memcpy(table + at, &value, size);
}

static void make_table(void)
{
	put(0, 0xfffffff0, 4);
	put(6, 1, 1);
	put(7, 8, 1);
	put(8, FUNCTIONS, 8);
	put(8 + 8 * 2, CODE_VADDR, 8);
	put(8 + 8 * 3, NAMES, 8);
	put(8 + 8 * 6, DEPTHS, 8);
	put(8 + 8 * 7, LIST, 8);
	memcpy(table + DEPTHS, depths, sizeof(depths));
	for (size_t i = 0; i < FUNCTIONS; i++) {
		size_t record = RECORDS + RECORD_LEN * i;
		strcpy((char *)table + NAMES + 32 * i, functions[i].name);
		put(LIST + 8 * i, FUNCTION_LEN * i, 4);
		put(LIST + 8 * i + 4, record - LIST, 4);
		put(record, FUNCTION_LEN * i, 4);
		put(record + 4, 32 * i, 4);
		put(record + 16, functions[i].depths, 4);
		put(record + 37, functions[i].flags, 1);
	}
	put(LIST + 8 * FUNCTIONS, sizeof(bytes), 4);
}

static uint64_t code_at(unsigned function, unsigned offset)
{
	return BASE + ELF_IMAGE_DATA + function * FUNCTION_LEN + offset;
}

// Puts a call of CALLEE at OFFSET of PLAIN. Returns its return address.
static uint64_t put_call(unsigned offset, unsigned callee)
{
	int32_t distance = (int32_t)(callee * FUNCTION_LEN) - (int32_t)(offset + CALL_LEN);

	bytes[offset] = 0xe8;
	memcpy(bytes + offset + 1, &distance, sizeof(distance));
	return code_at(PLAIN, offset + CALL_LEN);
}

// A thread in FUNCTION; FP: its frame pointer, or 0: not known.
static void prepare(unsigned function, uint64_t fp)
{
	for (unsigned i = 0; i < FUNCTIONS; i++)
		if (functions[i].depths == 1)
			memcpy(bytes + i * FUNCTION_LEN, prologue, sizeof(prologue));
	make_table();
	code_image_open(&code, bytes, sizeof(bytes));
	maps[0] = (struct snapshot_map){BASE, BASE + 0x1000, 0, 0, false, true};
	maps[1] = (struct snapshot_map){STACK, STACK + 0x1000, 0, SNAPSHOT_NO_MODULE, true, false};
	maps[2] = (struct snapshot_map){LEFT, LEFT + 0x1000, 0, SNAPSHOT_NO_MODULE, true, false};
	thread = (struct snapshot_thread){.status = SNAPSHOT_THREAD_CAPTURED,
		.stack_len = WORDS * 8,
		.left_sp = LEFT,
		.left_offset = WORDS * 8,
		.left_len = WORDS * 8};
	thread.regs[ARCH_REG_SP] = STACK;
	snapshot = (struct snapshot){.modules = &code.source,
		.module_count = 1,
		.maps = maps,
		.map_count = 3,
		.threads = &thread,
		.thread_count = 1,
		.stacks = (unsigned char *)words,
		.stacks_len = sizeof(words)};
	frame = (struct frame_regs){
		.known = UINT64_C(1) << ARCH_REG_SP | UINT64_C(1) << ARCH_REG_PC};
	frame.values[ARCH_REG_SP] = STACK;
	frame.values[ARCH_REG_PC] = code_at(function, BODY);
	if (fp != 0) {
		frame.known |= UINT64_C(1) << ARCH_REG_FP;
		frame.values[ARCH_REG_FP] = fp;
	}
	check_int(space_init(&space, &snapshot), 0);
	struct module *module = space_module(&space, 0);
	check_true(gopclntab_read(&module->gopclntab, module, table, sizeof(table), 0x9000));
}

static void finish(void)
{
	space_fini(&space);
	module_fini(&code.module);
	memset(words, 0, sizeof(words));
	memset(bytes, 0, sizeof(bytes));
	past = (struct gostep_past){0};
	check_no_leak();
}

static enum gostep_answer find(bool behind_call, struct gostep *ret)
{
	struct location at = space_locate(&space, frame.values[ARCH_REG_PC] - behind_call);

	check_int(at.module, 0);
	return gostep_find(&space, &at, behind_call, ret);
}

static int apply(bool behind_call)
{
	struct gostep step;

	check_int(find(behind_call, &step), GOSTEP_APPLY);
	return gostep_apply(&step, &space, &thread, &frame, behind_call, &past, &caller, &trouble);
}

static void check_caller(uint64_t pc, uint64_t sp, uint64_t fp)
{
	check_u64(caller.values[ARCH_REG_PC], pc);
	check_u64(caller.values[ARCH_REG_SP], sp);
	check_u64(caller.values[ARCH_REG_FP], fp);
}

Test(gostep, a_plain_function_is_a_row)
{
	struct gostep step;

	prepare(PLAIN, 0);
	check_int(find(true, &step), GOSTEP_ROW);
	check_int(step.row.cfa_reg, ARCH_REG_SP);
	check_int(step.row.cfa_offset, 32);
	check_int(step.row.pc.offset, -8);
	check_int(step.row.saved[1].kind, ROW_RULE_AT_CFA); // rbp
	check_int(step.row.saved[1].offset, -16);
	check_int(step.row.saved[0].kind, ROW_RULE_UNKNOWN); // all others are Go's to change
	check_false(step.injected);
	// About to be saved, and at the first instruction.
	frame.values[ARCH_REG_PC] = code_at(PLAIN, SAVING);
	check_int(find(false, &step), GOSTEP_ROW);
	check_int(step.row.cfa_offset, 32);
	check_int(step.row.saved[1].kind, ROW_RULE_SAME);
	frame.values[ARCH_REG_PC] = code_at(PLAIN, 0);
	check_int(find(false, &step), GOSTEP_ROW);
	check_int(step.row.cfa_offset, 8);
	frame.values[ARCH_REG_PC] = code_at(INJECTED, BODY);
	check_int(find(true, &step), GOSTEP_ROW);
	check_true(step.injected);
	frame.values[ARCH_REG_PC] = code_at(FUNCTIONS, 0);
	check_int(find(false, &step), GOSTEP_NONE);
	finish();
}

Test(gostep, by_the_callers_frame_pointer)
{
	// The caller's frame: its return address of the call, 24 bytes, fp at the end of them.
	left[1] = put_call(20, SWITCH);
	prepare(SWITCH, LEFT + 4 * 8);
	check_int(apply(true), 1);
	check_caller(left[1], LEFT + 2 * 8, LEFT + 4 * 8);
	left[0] = left[1]; // a trace of another call lies not at the right depth
	check_int(apply(true), 1);
	check_caller(left[1], LEFT + 2 * 8, LEFT + 4 * 8);
	left[1] = code_at(PLAIN, 40); // behind no call
	check_int(apply(true), -ENODATA);
	left[1] = left[0];
	frame.values[ARCH_REG_FP] += 8; // of another frame
	check_int(apply(true), -ENODATA);
	frame.values[ARCH_REG_FP] = LEFT_END + 0x800;
	check_int(apply(true), -EFAULT);
	check_u64(trouble.at, LEFT_END + 0x800 - 8);
	frame.known &= ~(UINT64_C(1) << ARCH_REG_FP);
	check_int(apply(true), -ENODATA);
	check_int(trouble.reg, ARCH_REG_FP);
	finish();
}

Test(gostep, not_yet_on_the_other_stack)
{
	words[0] = put_call(20, SWITCH);
	prepare(SWITCH, 0);
	check_int(apply(false), 1);
	check_u64(caller.values[ARCH_REG_PC], words[0]);
	check_u64(caller.values[ARCH_REG_SP], STACK + 8);
	words[0] = code_at(PLAIN, 40);
	check_int(apply(false), -ENODATA);
	finish();
}

Test(gostep, by_its_own_frame_pointer)
{
	left[3] = 0x4711; // its caller's
	left[4] = put_call(20, OWN_FRAME);
	prepare(OWN_FRAME, LEFT + 3 * 8);
	check_int(apply(true), 1);
	check_caller(left[4], LEFT + 5 * 8, 0x4711);
	check_u64(past.callback, 0);
	left[4] = put_call(30, SWITCH); // a call of another
	finish();
	left[4] = put_call(30, SWITCH);
	prepare(OWN_FRAME, LEFT + 3 * 8);
	check_int(apply(true), -ENODATA);
	finish();
}

Test(gostep, from_c_by_what_its_call_has_noted)
{
	// The call was 14 words below the end of the goroutine's stack.
	left[2] = put_call(20, TO_C);
	words[5] = 14 * 8;
	words[6] = 0xc000000180; // the goroutine
	prepare(TO_C, LEFT + 9 * 8);
	check_int(apply(true), 1);
	check_caller(left[2], LEFT + 3 * 8, LEFT + 2 * 8 + 24);
	words[5] = 13 * 8;
	check_int(apply(true), -ENODATA);
	// On the stack that it has not left.
	words[5] = STACK + 12 * 8;
	words[6] = 0;
	words[12] = left[2];
	check_int(apply(true), 1);
	check_caller(words[12], STACK + 13 * 8, STACK + 12 * 8 + 24);
	// The frame pointer is no help: the stack may have been moved.
	words[5] = words[12] = 0;
	frame.values[ARCH_REG_FP] = LEFT + 2 * 8 + 24;
	check_int(apply(true), -ENODATA);
	finish();
}

Test(gostep, from_c_that_has_called_go)
{
	uint64_t of_c;

	// On the goroutine's stack, whose frames go on 4 words above; its own frame is on the left
	// one.
	left[4] = put_call(20, FROM_C);
	words[4] = of_c = put_call(30, TO_C);
	prepare(FROM_C, LEFT + 3 * 8);
	check_int(apply(true), 1);
	check_u64(caller.values[ARCH_REG_SP], LEFT + 5 * 8);
	check_u64(past.callback, STACK + 32);
	frame.values[ARCH_REG_PC] = code_at(TO_C, BODY);
	frame.values[ARCH_REG_SP] = LEFT + 6 * 8;
	check_int(apply(true), 1);
	check_caller(of_c, STACK + 5 * 8, STACK + 4 * 8 + 24);
	check_u64(past.callback, 0);
	finish();
}

Test(gostep, from_the_scheduler)
{
	prepare(GROW, LEFT + 4 * 8);
	check_int(apply(true), -ENODATA); // a goroutine waits for more stack
	past.scheduled = true;
	check_int(apply(true), 0);
	finish();
}

Test(gostep, where_threads_begin)
{
	words[0] = put_call(20, CHILD);
	prepare(CHILD, 0);
	struct gostep step;
	check_int(find(true, &step), GOSTEP_END); // the child, which it called something for
	check_int(apply(false), 1);               // the one that made it
	check_u64(caller.values[ARCH_REG_PC], words[0]);
	words[0] = STACK;
	check_int(apply(false), 0); // the child again
	frame.values[ARCH_REG_PC] = code_at(START, BODY);
	words[0] = code_at(PLAIN, 25);
	check_int(apply(true), 1);
	words[0] = code_at(PLAIN, 40);
	check_int(apply(true), 0);
	words[0] = 0;
	check_int(apply(true), 0);
	finish();
}

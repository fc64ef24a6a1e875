// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of Go's functions, and its changes of stacks.
#include "gostep.h"

#include "cleanup.h"
#include "gopclntab.h"

#include <string.h>

#if defined(__x86_64__)
static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;

enum {
	PROLOGUE_MAX = 96,     // bytes of a function in which it saves the frame pointer
	CALL_LEN = 5,          // of a direct call
	INDIRECT_CALL_MAX = 7, // of the longest indirect one
	NOTES_MAX = 64,        // bytes above the stack pointer in which a call of C notes things
	FRAME_MAX = 64 << 10, // bytes below a frame pointer in which a return address is looked for
	RETURN_LEN = 8,       // a return address
};

static void set_row(struct row *row, int32_t depth, bool saved)
{
	*row = (struct row){.cfa_reg = ARCH_REG_SP, .cfa_offset = depth + RETURN_LEN};
	row->pc = (struct row_rule){.kind = ROW_RULE_AT_CFA, .offset = -RETURN_LEN};
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++)
		if (saved_regs[i] == ARCH_REG_FP)
			row->saved[i] = saved ? (struct row_rule){.kind = ROW_RULE_AT_CFA,
							.offset = -2 * RETURN_LEN}
					      : (struct row_rule){.kind = ROW_RULE_SAME};
}

// True when the LEN bytes of CODE begin with saving the frame pointer and setting it: push and mov,
// or, on a frame that is there already, mov and lea of one place. A place is 1 or 4 bytes away.
static bool saves_frame_pointer(const unsigned char *code, size_t len)
{
	if (len >= 4 && memcmp(code, "\x55\x48\x89\xe5", 4) == 0)
		return true;
	if (len >= 10 && memcmp(code, "\x48\x89\x6c\x24", 4) == 0)
		return memcmp(code + 5, "\x48\x8d\x6c\x24", 4) == 0 && code[4] == code[9];
	return len >= 16 && memcmp(code, "\x48\x89\xac\x24", 4) == 0 &&
	       memcmp(code + 8, "\x48\x8d\xac\x24", 4) == 0 && memcmp(code + 4, code + 12, 4) == 0;
}

// True when FUNCTION saves the frame pointer, with the address where it begins to in *RET.
static bool find_saving(
	const struct module *module, const struct gopclntab_function *function, uint64_t *ret)
{
	size_t len;
	const unsigned char *code = module_code(module, function->start, &len);

	if (!code)
		return false;
	if (len > function->end - function->start)
		len = function->end - function->start;
	for (size_t at = 0; at < len && at < PROLOGUE_MAX; at++) {
		if (!saves_frame_pointer(code + at, len - at))
			continue;
		*ret = function->start + at;
		return true;
	}
	return false;
}

// The bytes before the return address RA, at most MAX, into BYTES; *RET_AT is where it is. Returns
// their number.
static size_t read_before(
	struct space *space, uint64_t ra, unsigned char *bytes, size_t max, struct location *ret_at)
{
	size_t len;

	*ret_at = space_locate(space, ra - 1);
	if (ret_at->module == SNAPSHOT_NO_MODULE)
		return 0;
	const struct module *module = space_module(space, ret_at->module);
	for (size_t count = max; count > 1; count--) {
		const unsigned char *code = module_code(module, ret_at->vaddr + 1 - count, &len);
		if (!code || len < count)
			continue;
		memcpy(bytes + max - count, code, count);
		return count;
	}
	return 0;
}

// True when RA lies behind a direct call of the function at ADDRESS.
static bool is_behind_call_of(struct space *space, uint64_t ra, uint64_t address)
{
	unsigned char bytes[CALL_LEN];
	struct location at;
	int32_t distance;

	if (read_before(space, ra, bytes, CALL_LEN, &at) != CALL_LEN || bytes[0] != 0xe8)
		return false;
	memcpy(&distance, bytes + 1, sizeof(distance));
	return ra + (uint64_t)(int64_t)distance == address;
}

// True when RA lies behind what can be a call.
static bool is_behind_call(struct space *space, uint64_t ra)
{
	unsigned char bytes[INDIRECT_CALL_MAX];
	struct location at;
	size_t count = read_before(space, ra, bytes, sizeof(bytes), &at);

	if (count >= CALL_LEN && bytes[INDIRECT_CALL_MAX - CALL_LEN] == 0xe8)
		return true;
	for (size_t len = 2; len <= count; len++) {
		const unsigned char *code = bytes + INDIRECT_CALL_MAX - len;
		if (code[0] == 0xff && (code[1] & 0x38) == 0x10)
			return true;
	}
	return false;
}

// What is asked of one frame.
struct question {
	const struct gostep *step;
	struct space *space;
	const struct snapshot_thread *thread;
	const struct frame_regs *frame;
	struct row_trouble *trouble;
};

static bool read_word(const struct question *question, uint64_t addr, uint64_t *ret)
{
	if (space_read_word(question->space, question->thread, addr, ret) == 0)
		return true;
	*question->trouble = (struct row_trouble){.memory = true, .at = addr};
	return false;
}

static void set_caller(struct frame_regs *ret, uint64_t pc, uint64_t sp, uint64_t fp)
{
	*ret = (struct frame_regs){.known = UINT64_C(1) << ARCH_REG_PC |
					    UINT64_C(1) << ARCH_REG_SP |
					    UINT64_C(1) << ARCH_REG_FP};
	ret->values[ARCH_REG_PC] = pc;
	ret->values[ARCH_REG_SP] = sp;
	ret->values[ARCH_REG_FP] = fp;
}

// By the frame pointer of the function itself.
static bool step_own_frame(const struct question *question, struct frame_regs *ret)
{
	uint64_t fp = question->frame->values[ARCH_REG_FP], pc, saved;

	if (!read_word(question, fp + RETURN_LEN, &pc) || !read_word(question, fp, &saved) ||
		!is_behind_call_of(question->space, pc, question->step->address))
		return false;
	set_caller(ret, pc, fp + 2 * RETURN_LEN, saved);
	return true;
}

// True when RA, which lies at ADDR, is the return address of a call of this function that another
// of Go made, with the frame pointer there in *RET_FP.
static bool is_callers(
	const struct question *question, uint64_t ra, uint64_t addr, uint64_t *ret_fp)
{
	struct gopclntab_function caller;
	int32_t depth;

	if (!is_behind_call_of(question->space, ra, question->step->address))
		return false;
	struct location at = space_locate(question->space, ra - 1);
	const struct gopclntab *table = &space_module(question->space, at.module)->gopclntab;
	if (!gopclntab_find(table, at.vaddr, &caller) ||
		!gopclntab_depth(table, &caller, at.vaddr, &depth) || depth <= 0)
		return false;
	*ret_fp = addr + (uint64_t)depth;
	return true;
}

// By the frame pointer of the function's caller.
static bool step_callers_frame(const struct question *question, struct frame_regs *ret)
{
	uint64_t fp = question->frame->values[ARCH_REG_FP], ra, callers_fp;
	bool found = false;

	for (uint64_t addr = fp - RETURN_LEN; fp - addr <= FRAME_MAX; addr -= RETURN_LEN) {
		// What is copied of a stack begins somewhere below its live part.
		if (space_read_word(question->space, question->thread, addr, &ra) < 0) {
			if (addr == fp - RETURN_LEN)
				*question->trouble =
					(struct row_trouble){.memory = true, .at = addr};
			break;
		}
		if (!is_callers(question, ra, addr, &callers_fp) || callers_fp != fp)
			continue;
		if (found)
			return false;
		found = true;
		set_caller(ret, ra, addr + RETURN_LEN, fp);
	}
	return found;
}

// At ADDR, where the return address of a call of C is.
static bool step_at(const struct question *question, uint64_t addr, struct frame_regs *ret)
{
	uint64_t ra, fp;

	if (!read_word(question, addr, &ra) || !is_callers(question, ra, addr, &fp))
		return false;
	set_caller(ret, ra, addr + RETURN_LEN, fp);
	return true;
}

// From C code, by what the call has noted near the stack pointer: how far below the end of the
// goroutine's stack it was, and the goroutine; or, on the stack that it has not left, where, and 0.
static bool step_to_c(const struct question *question, struct frame_regs *ret)
{
	const struct snapshot_thread *thread = question->thread;
	uint64_t sp = question->frame->values[ARCH_REG_SP], words[2];
	bool found = false;

	for (uint64_t at = sp; at <= sp + NOTES_MAX && !found; at += RETURN_LEN) {
		if (!read_word(question, at, &words[0]) ||
			!read_word(question, at + RETURN_LEN, &words[1]))
			return false;
		if (words[1] == 0)
			found = words[0] > sp && step_at(question, words[0], ret);
		else if (words[0] != 0 && words[0] <= thread->left_len)
			found = step_at(
				question, thread->left_sp + thread->left_len - words[0], ret);
	}
	// What else lay there was no address.
	*question->trouble = (struct row_trouble){0};
	return found;
}

// Applies the row if a call of this function, or, with ANY_CALL, any, stands before what it finds.
static bool step_by_row(const struct question *question, bool any_call, struct frame_regs *ret)
{
	struct frame_regs caller;

	if (row_apply(&question->step->row, question->space, question->thread, question->frame,
		    &caller, question->trouble) < 0)
		return false;
	uint64_t pc = caller.values[ARCH_REG_PC];
	if (!is_behind_call_of(question->space, pc, question->step->address) &&
		!(any_call && is_behind_call(question->space, pc)))
		return false;
	*ret = caller;
	return true;
}

int gostep_apply(const struct gostep *step, struct space *space,
	const struct snapshot_thread *thread, const struct frame_regs *frame, bool behind_call,
	struct gostep_past *past, struct frame_regs *ret, struct row_trouble *trouble)
{
	struct question question = {step, space, thread, frame, trouble};

	*trouble = (struct row_trouble){0};
	if (step->checked)
		return step_by_row(&question, behind_call, ret);
	// A goroutine that has left the thread may be running elsewhere: nothing will return to it
	// here. One that is given more stack has not.
	if (step->kind == GOPCLNTAB_GROW)
		return past->scheduled ? 0 : -ENODATA;
	// It may not have left the stack yet, or be back.
	if (!behind_call && step_by_row(&question, false, ret))
		return 1;
	if (step->kind == GOPCLNTAB_TO_C) {
		uint64_t at = past->callback;
		past->callback = 0;
		if (at != 0 ? step_at(&question, at, ret) : step_to_c(&question, ret))
			return 1;
		return trouble->memory ? -EFAULT : -ENODATA;
	}
	if (!(frame->known >> ARCH_REG_FP & 1)) {
		*trouble = (struct row_trouble){.registers = true, .reg = ARCH_REG_FP};
		return -ENODATA;
	}
	*trouble = (struct row_trouble){0};
	if (step->kind == GOPCLNTAB_FROM_C)
		past->callback = frame->values[ARCH_REG_SP] + (uint64_t)step->row.cfa_offset;
	if (step->own_frame ? step_own_frame(&question, ret) : step_callers_frame(&question, ret))
		return 1;
	return trouble->memory ? -EFAULT : -ENODATA;
}

enum gostep_answer gostep_find(
	struct space *space, const struct location *at, bool behind_call, struct gostep *ret)
{
	const struct module *module = space_module(space, at->module);
	struct gopclntab_function function;
	struct gostep step = {0};
	uint64_t saving = 0;
	int32_t depth;

	if (!gopclntab_find(&module->gopclntab, at->vaddr, &function))
		return GOSTEP_NONE;
	if (function.kind == GOPCLNTAB_FIRST || (function.kind == GOPCLNTAB_CHILD && behind_call))
		return GOSTEP_END;
	if (!gopclntab_depth(&module->gopclntab, &function, at->vaddr, &depth) || depth < 0 ||
		depth % RETURN_LEN != 0 || depth > INT32_MAX - RETURN_LEN)
		return GOSTEP_NONE;
	step.own_frame = find_saving(module, &function, &saving);
	set_row(&step.row, depth,
		step.own_frame && depth > 0 && (behind_call || at->vaddr > saving));
	step.injected = function.kind == GOPCLNTAB_INJECTED;
	step.schedules = function.kind == GOPCLNTAB_SCHEDULE;
	step.checked = function.kind == GOPCLNTAB_START || function.kind == GOPCLNTAB_CHILD;
	step.kind = (uint8_t)function.kind;
	step.start = function.start;
	step.address = function.start + at->bias;
	*ret = step;
	return function.kind == GOPCLNTAB_PLAIN || step.injected || step.schedules ? GOSTEP_ROW
										   : GOSTEP_APPLY;
}
#else
// Frames of other machines are not known here.
int gostep_apply(const struct gostep *step, struct space *space,
	const struct snapshot_thread *thread, const struct frame_regs *frame, bool behind_call,
	struct gostep_past *past, struct frame_regs *ret, struct row_trouble *trouble)
{
	(void)step;
	(void)past;
	(void)space;
	(void)thread;
	(void)frame;
	(void)behind_call;
	(void)ret;
	*trouble = (struct row_trouble){0};
	return -ENODATA;
}

enum gostep_answer gostep_find(
	struct space *space, const struct location *at, bool behind_call, struct gostep *ret)
{
	(void)space;
	(void)at;
	(void)behind_call;
	(void)ret;
	return GOSTEP_NONE;
}
#endif

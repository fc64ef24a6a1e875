// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder: from frame to frame, each by what is known of its code.
//
// Theory of operation. What a pc's code says of its caller is found once and kept: threads share
// most of their pcs. It is one of: a signal trampoline (by its bytes), a row of Go's function table
// or of call frame information, the end of a chain, either's information that is more than a row,
// or nothing. For the last the code is followed (forward.h); the row that came out is kept with the
// return address that it was proven with, and holds for another thread with the same one. A frame's
// caller lies above it, except where a signal came in; so every chain ends.
#include "unwind.h"

#include "cfi.h"
#include "cleanup.h"
#include "dwfl_session.h"
#include "forward.h"
#include "gostep.h"
#include "libunwind_step.h"
#include "overflow.h"
#include "trampoline.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	KNOWN_LOG = 13,     // of the number of pcs of which it is kept what their code says
	KNOWN_FIRST = 64,   // of which there is room at first
	CROSSINGS_MAX = 64, // signal frames and changes of stacks in one chain
};

enum code_kind {
	CODE_ROW,
	CODE_END,
	CODE_COMPLEX,
	CODE_SIGRETURN,
	CODE_GO,   // a change of stacks
	CODE_BARE, // without call frame information; row and proof are of the last time
};

// What is known of the code at one pc.
struct code {
	uint64_t pc;
	bool behind_call;
	bool interrupts; // what it returns to has made no call
	bool schedules;  // see struct gostep_past
	uint8_t kind, via;
	struct row row;
	uint64_t proof; // CODE_BARE: the return address that row was proven with, or 0
};

struct engine {
	struct space *space;
	struct forward *forward;
	struct libunwind *libunwind; // for what is no row, and
	struct dwfl_session *dwfl;   // for what libunwind cannot say; opened when first needed
	bool by_libunwind;           // no rows
	struct code *known;          // as they came, so that few pcs need few pages
	size_t known_count, known_capacity;
	uint16_t slots[1 << KNOWN_LOG]; // index + 1 of a pc's, or 0
};

// A chain that is being unwound.
struct chain {
	struct engine *engine;
	const struct snapshot_thread *thread;
	struct frame_regs *regs, both[2]; // the frame's, one of BOTH; the other one is its caller's
	bool behind_call;                 // the pc is a return address
	enum frame_via via;
	unsigned crossings;
	struct gostep_past past;
	uint64_t fault; // the address that the signal was about which interrupted the frame, or 0
	uint64_t overflow_sp;
	struct stack_end *end;
};

static void close_engine(void *opaque)
{
	struct engine *engine = opaque;

	forward_close(engine->forward);
	libunwind_close(engine->libunwind);
	dwfl_session_close(engine->dwfl);
	free(engine->known);
	free(engine);
}

static void *open_engine(struct space *space, bool by_libunwind)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->space = space;
	engine->by_libunwind = by_libunwind;
	engine->known_capacity = KNOWN_FIRST;
	engine->known = calloc(KNOWN_FIRST, sizeof(*engine->known));
	engine->forward = forward_open(space);
	if (!engine->known || !engine->forward) {
		close_engine(engine);
		return NULL;
	}
	return engine;
}

static void *open_rows(struct space *space)
{
	return open_engine(space, false);
}

static void *open_libunwind(struct space *space)
{
	return open_engine(space, true);
}

// What call frame information says of AT. Where the module has none, what there is beside it is
// looked for.
static enum cfi_answer find_cfi(
	struct engine *engine, const struct location *at, struct row *ret, bool *ret_debug)
{
	struct module *module = space_module(engine->space, at->module);
	struct cfi *cfi = cfi_of(module);
	enum cfi_answer answer = CFI_NONE;

	if (!cfi)
		return answer;
	do
		answer = cfi_find(cfi, module, at->vaddr, ret, ret_debug);
	while (answer == CFI_NONE && space_extend(engine->space, at->module));
	if (answer == CFI_NONE && cfi_is_broken(module, at->vaddr))
		module_damage(module, "its call frame information is broken");
	return answer;
}

// Finds out what Go's function table says of the code at CODE's pc, which is AT. It goes before
// call frame information, which Go's linker makes of it, but without the frame pointer and the
// changes of stacks. Returns false when there is none.
static bool examine_go(struct engine *engine, struct code *code, const struct location *at)
{
	static const uint8_t kinds[] = {
		[GOSTEP_ROW] = CODE_ROW, [GOSTEP_END] = CODE_END, [GOSTEP_APPLY] = CODE_GO};
	struct gostep step = {0};
	enum gostep_answer answer = gostep_find(engine->space, at, code->behind_call, &step);

	if (answer == GOSTEP_NONE)
		return false;
	code->kind = kinds[answer];
	code->via = FRAME_VIA_GOPCLNTAB;
	code->row = step.row;
	code->interrupts = step.injected;
	code->schedules = step.schedules;
	return true;
}

// Finds out what the code at CODE's pc says.
static void examine(struct chain *chain, struct code *code)
{
	static const uint8_t kinds[] = {[CFI_NONE] = CODE_BARE,
		[CFI_ROW] = CODE_ROW,
		[CFI_END] = CODE_END,
		[CFI_COMPLEX] = CODE_COMPLEX};
	struct engine *engine = chain->engine;
	struct location at = space_locate(engine->space, code->pc - code->behind_call);
	bool debug = false;

	code->via = FRAME_VIA_CFI;
	code->kind = CODE_BARE;
	code->proof = 0;
	code->interrupts = code->schedules = false;
	if (trampoline_is_sigreturn(engine->space, chain->thread, code->pc)) {
		code->kind = CODE_SIGRETURN;
	} else if (code->behind_call &&
		   trampoline_is_goexit(engine->space, chain->thread, code->pc)) {
		code->kind = CODE_END;
	} else if (at.module != SNAPSHOT_NO_MODULE && !examine_go(engine, code, &at)) {
		code->kind = kinds[find_cfi(engine, &at, &code->row, &debug)];
		if (debug)
			code->via = FRAME_VIA_DEBUG;
		else if (engine->by_libunwind && code->kind == CODE_ROW)
			code->kind = CODE_COMPLEX;
	}
}

// Takes a pc of which nothing was kept before, for *SLOT. Returns its number; without memory for
// more the last one's, which then is not kept any longer, and SLOT stays free.
static uint16_t add_known(struct engine *engine, uint16_t *slot)
{
	if (engine->known_count == engine->known_capacity) {
		struct code *grown = reallocarray(
			engine->known, 2 * engine->known_capacity, sizeof(*engine->known));
		if (!grown)
			return (uint16_t)engine->known_count;
		memset(grown + engine->known_count, 0, engine->known_count * sizeof(*grown));
		engine->known = grown;
		engine->known_capacity *= 2;
	}
	*slot = (uint16_t)++engine->known_count;
	return *slot;
}

// What is known of the code at the chain's pc; valid until the next one is looked for.
static struct code *find_code(struct chain *chain)
{
	uint64_t pc = chain->regs->values[ARCH_REG_PC];
	size_t at = (pc * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - KNOWN_LOG);
	uint16_t *slot = &chain->engine->slots[at ^ chain->behind_call];
	bool first = *slot == 0;
	uint16_t number = first ? add_known(chain->engine, slot) : *slot;
	struct code *code = &chain->engine->known[number - 1];

	if (first || code->pc != pc || code->behind_call != chain->behind_call) {
		code->pc = pc;
		code->behind_call = chain->behind_call;
		examine(chain, code);
	}
	return code;
}

// The chain ends at its thread's beginning.
static bool complete(struct chain *chain)
{
	*chain->end = (struct stack_end){.status = STACK_COMPLETE};
	return false;
}

// The chain ends before that, for a reason that is formatted.
__attribute__((format(printf, 2, 3))) static bool stop(struct chain *chain, const char *format, ...)
{
	va_list args;

	*chain->end = (struct stack_end){.status = STACK_PARTIAL};
	va_start(args, format);
	vsnprintf(chain->end->reason, sizeof(chain->end->reason), format, args);
	va_end(args);
	return false;
}

static bool stop_for(struct chain *chain, const struct row_trouble *trouble)
{
	unsigned long long pc = chain->regs->values[ARCH_REG_PC];

	if (trouble->memory)
		return stop(chain, "memory at 0x%llx was not copied%s",
			(unsigned long long)trouble->at,
			chain->thread->stack_cut ? " (the stack is larger than the copy)" : "");
	if (trouble->registers)
		return stop(chain, "register %d at 0x%llx is not known", trouble->reg, pc);
	return stop(chain, "the call frame information of 0x%llx cannot be used", pc);
}

// Why nothing is known of the code at the chain's pc, and ANSWER is no answer either.
static bool stop_bare(struct chain *chain, enum forward_answer answer)
{
	unsigned long long pc = chain->regs->values[ARCH_REG_PC];
	struct space *space = chain->engine->space;
	struct location at = space_locate(space, pc - chain->behind_call);

	if (at.module == SNAPSHOT_NO_MODULE)
		return stop(chain, "0x%llx is in no mapped file that can be read", pc);
	const char *note = space_module(space, at.module)->note;
	return stop(chain, "no call frame information for 0x%llx%s%.80s, and %s", pc,
		note[0] ? ": " : "", note,
		answer == FORWARD_AMBIGUOUS   ? "its code shows more than one caller"
		: answer == FORWARD_EXHAUSTED ? "too much code was followed already"
					      : "its code shows no caller");
}

// Follows the code at the chain's pc to its caller's registers in *NEXT, by the row of the last
// time if that holds.
static bool step_bare(struct chain *chain, struct code *code, struct frame_regs *next)
{
	struct engine *engine = chain->engine;
	enum forward_answer answer = FORWARD_ROW;
	struct row_trouble trouble;
	struct row row = code->row;

	if (code->proof == 0 ||
		row_apply(&row, engine->space, chain->thread, chain->regs, next, &trouble) < 0 ||
		next->values[ARCH_REG_PC] != code->proof) {
		answer = forward_find(engine->forward, chain->thread, chain->regs,
			chain->behind_call, &row, &trouble);
		if (answer == FORWARD_BEGINNING)
			return complete(chain);
		if (answer != FORWARD_ROW && answer != FORWARD_SEARCHED && answer != FORWARD_FRAME)
			return trouble.memory ? stop_for(chain, &trouble)
					      : stop_bare(chain, answer);
		if (row_apply(&row, engine->space, chain->thread, chain->regs, next, &trouble) < 0)
			return stop_for(chain, &trouble);
	}
	chain->via = answer == FORWARD_SEARCHED   ? FRAME_VIA_RBP
		     : row.cfa_reg == ARCH_REG_FP ? FRAME_VIA_FP
						  : FRAME_VIA_FORWARD;
	if (answer == FORWARD_ROW) {
		code->row = row;
		code->proof = next->values[ARCH_REG_PC];
	}
	return true;
}

// Applies the row of CODE. Where it needs the frame pointer and that is not known, the code may
// tell how far the stack pointer has gone instead.
static bool step_row(struct chain *chain, struct code *code, struct frame_regs *next)
{
	struct engine *engine = chain->engine;
	struct row_trouble trouble, ignored;
	struct row row;

	chain->via = (enum frame_via)code->via;
	if (row_apply(&code->row, engine->space, chain->thread, chain->regs, next, &trouble) == 0)
		return true;
	if (!trouble.registers || trouble.reg != ARCH_REG_FP)
		return stop_for(chain, &trouble);
	enum forward_answer answer = forward_find(
		engine->forward, chain->thread, chain->regs, chain->behind_call, &row, &ignored);
	if ((answer != FORWARD_ROW && answer != FORWARD_SEARCHED) ||
		row_apply(&row, engine->space, chain->thread, chain->regs, next, &ignored) < 0)
		return stop_for(chain, &trouble);
	chain->via = FRAME_VIA_RBP;
	return true;
}

// A step by libdwfl, as dwfl_session_step() makes it; -ENOMEM when it could not be opened.
static int step_by_libdwfl(struct chain *chain, struct frame_regs *next)
{
	struct engine *engine = chain->engine;
	struct row_trouble ignored;

	if (!engine->dwfl)
		engine->dwfl = dwfl_session_open(engine->space);
	if (!engine->dwfl)
		return -ENOMEM;
	return dwfl_session_step(
		engine->dwfl, chain->thread, chain->regs, chain->behind_call, next, &ignored);
}

static int step_by_libunwind(
	struct chain *chain, struct frame_regs *next, struct row_trouble *trouble)
{
	struct engine *engine = chain->engine;

	if (!engine->libunwind)
		engine->libunwind = libunwind_open(engine->space);
	*trouble = (struct row_trouble){0};
	if (!engine->libunwind)
		return -ENOMEM;
	return libunwind_step(
		engine->libunwind, chain->thread, chain->regs, chain->behind_call, next, trouble);
}

static bool step_complex(struct chain *chain, struct code *code, struct frame_regs *next)
{
	struct row_trouble trouble;
	int r = step_by_libunwind(chain, next, &trouble);

	// It does not know .debug_frame, nor every operation.
	if (r == -ENOENT || r == -ENODATA) {
		int second = step_by_libdwfl(chain, next);
		if (second < 0 && r == -ENOENT)
			return step_bare(chain, code, next);
		r = second < 0 ? r : second;
	}
	chain->via = (enum frame_via)code->via;
	if (r == 0)
		return complete(chain);
	return r > 0 || stop_for(chain, &trouble);
}

// Leaves a function of Go that has changed stacks.
static bool step_go(struct chain *chain, const struct code *code, struct frame_regs *next)
{
	struct space *space = chain->engine->space;
	unsigned long long pc = chain->regs->values[ARCH_REG_PC];
	struct location at = space_locate(space, pc - chain->behind_call);
	struct row_trouble trouble;
	struct gostep go;

	chain->via = (enum frame_via)code->via;
	if (++chain->crossings > CROSSINGS_MAX)
		return stop(chain, "more than %d changes of stacks", CROSSINGS_MAX);
	if (gostep_find(space, &at, chain->behind_call, &go) != GOSTEP_APPLY)
		return stop_bare(chain, FORWARD_NOTHING);
	int r = gostep_apply(&go, space, chain->thread, chain->regs, chain->behind_call,
		&chain->past, next, &trouble);
	if (r == 0)
		return complete(chain);
	if (r > 0)
		return true;
	if (trouble.memory)
		return stop(chain,
			"Go goes to another stack at 0x%llx; memory at 0x%llx, on the one that it "
			"left, was not copied",
			pc, (unsigned long long)trouble.at);
	return stop(chain,
		"Go goes to another stack at 0x%llx, and the one that it left is not known", pc);
}

static bool step_signal(struct chain *chain, struct frame_regs *next)
{
	struct row_trouble trouble;

	chain->via = FRAME_VIA_SIGRETURN;
	chain->fault = overflow_fault(chain->engine->space, chain->thread, chain->regs);
	if (++chain->crossings > CROSSINGS_MAX)
		return stop(chain, "more than %d signal frames", CROSSINGS_MAX);
	if (trampoline_interrupted(
		    chain->engine->space, chain->thread, chain->regs, next, &trouble) == 0)
		return true;
	if (!trouble.memory)
		return stop(chain, "there is no signal frame below 0x%llx",
			(unsigned long long)chain->regs->values[ARCH_REG_PC]);
	return stop_for(chain, &trouble);
}

// One step of CHAIN from FRAME, which it is at. Returns true when there is a next frame, at which
// it is then; else its end is set.
static bool step(struct chain *chain, struct unwind_frame *frame)
{
	struct code *code = find_code(chain);
	struct frame_regs *next = &chain->both[chain->regs == &chain->both[0]];
	uint64_t pc = chain->regs->values[ARCH_REG_PC], sp = chain->regs->values[ARCH_REG_SP];
	bool found = false;

	frame->signal = code->kind == CODE_SIGRETURN;
	chain->past.scheduled |= code->schedules;
	switch ((enum code_kind)code->kind) {
	case CODE_ROW:
		found = step_row(chain, code, next);
		break;
	case CODE_COMPLEX:
		found = step_complex(chain, code, next);
		break;
	case CODE_SIGRETURN:
		found = step_signal(chain, next);
		break;
	case CODE_GO:
		found = step_go(chain, code, next);
		break;
	case CODE_BARE:
		found = step_bare(chain, code, next);
		break;
	case CODE_END:
		return complete(chain);
	}
	if (!found)
		return false;
	if (next->values[ARCH_REG_PC] == 0)
		return complete(chain);
	// A caller's frame lies above, but for a signal that came in, or Go that went, elsewhere.
	if (!frame->signal && code->kind != CODE_GO &&
		(next->values[ARCH_REG_SP] < sp ||
			(next->values[ARCH_REG_SP] == sp && next->values[ARCH_REG_PC] == pc)))
		return stop(chain, "the chain turns back at 0x%llx", (unsigned long long)pc);
	chain->regs = next;
	chain->behind_call = !frame->signal && !code->interrupts;
	return true;
}

// A stack can only overflow where code is running, or was interrupted.
static void look_for_overflow(struct chain *chain)
{
	uint64_t sp = chain->regs->values[ARCH_REG_SP];

	if (!chain->behind_call && chain->overflow_sp == 0 &&
		overflow_is_at(chain->engine->space->snapshot, sp, chain->fault))
		chain->overflow_sp = sp;
}

static void unwind(void *opaque, const struct snapshot_thread *thread, struct unwind_frame *frames,
	size_t max, size_t *ret_count, struct stack_end *ret_end)
{
	struct chain chain = {
		.engine = opaque, .thread = thread, .via = FRAME_VIA_REGISTERS, .end = ret_end};
	const uint64_t needed = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP;
	size_t count = 0;

	*ret_count = 0;
	*ret_end =
		(struct stack_end){.status = STACK_FAILED, .reason = "its registers are not known"};
	chain.regs = &chain.both[0];
	chain.regs->known = thread->regs_known;
	memcpy(chain.regs->values, thread->regs, sizeof(chain.regs->values));
	if ((thread->regs_known & needed) != needed)
		return;
	do {
		if (count == max) {
			stop(&chain, "cut after %zu frames (--max-frames)", max);
			break;
		}
		frames[count] = (struct unwind_frame){.pc = chain.regs->values[ARCH_REG_PC],
			.activation = !chain.behind_call,
			.via = chain.via};
		look_for_overflow(&chain);
	} while (step(&chain, &frames[count++]));
	*ret_count = count;
	ret_end->overflow_sp = chain.overflow_sp;
}

const struct unwinder unwinder_rows = {
	.name = "rows",
	.open = open_rows,
	.unwind = unwind,
	.close = close_engine,
};

const struct unwinder unwinder_libunwind = {
	.name = "libunwind",
	.open = open_libunwind,
	.unwind = unwind,
	.close = close_engine,
};

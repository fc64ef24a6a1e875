// SPDX-License-Identifier: GPL-2.0-or-later
// An unwinder by elfutils' libdwfl, from the thread's registers to its beginning: another program's
// judgement of the same snapshot.
//
// Theory of operation. Nothing is shared with the other engines but what was copied, and where each
// file's code lies: libdwfl evaluates the call frame information, tells by it which frames were
// interrupted, and goes on from its own registers. It only knows call frame information. Code
// without any ends the chain here (libdwfl would take rbp for a frame pointer, and not say so), so
// does what every engine ends at: a chain that turns back, memory that was not copied. It does not
// know that a register is restored once the stack pointer is above the place where it was saved, as
// call frame information often does not say at the end of a function: such a register is not known.
// Where libunwind cannot evaluate an expression, the first engine lets libdwfl make that step:
// there the two are one.
#include "cleanup.h"
#include "dwfl_session.h"
#include "unwind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct engine {
	struct space *space;
	struct dwfl_session *session;
};

// A chain that is being unwound.
struct chain {
	struct engine *engine;
	const struct snapshot_thread *thread;
	struct unwind_frame *frames;
	size_t count, max;
	struct dwfl_code code; // of the last frame
	uint64_t sp;           // its stack pointer
	struct stack_end *end;
	bool begun; // libdwfl has shown the first frame
	bool ended; // *end says how
};

static void close_engine(void *opaque)
{
	struct engine *engine = opaque;

	dwfl_session_close(engine->session);
	free(engine);
}

static void *open_engine(struct space *space)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->space = space;
	engine->session = dwfl_session_open(space);
	if (!engine->session) {
		close_engine(engine);
		return NULL;
	}
	return engine;
}

// Ends CHAIN before its thread's beginning, for a reason that is formatted.
__attribute__((format(printf, 2, 3))) static int stop(struct chain *chain, const char *format, ...)
{
	va_list args;

	*chain->end = (struct stack_end){.status = STACK_PARTIAL};
	va_start(args, format);
	vsnprintf(chain->end->reason, sizeof(chain->end->reason), format, args);
	va_end(args);
	chain->ended = true;
	return DWARF_CB_ABORT;
}

// Finds out what the code of the last frame says. Returns false when no step can be made there.
static bool ask(struct chain *chain)
{
	const struct unwind_frame *frame = &chain->frames[chain->count - 1];
	uint64_t lookup = unwind_lookup_pc(frame);

	if (dwfl_session_ask(chain->engine->session, lookup, &chain->code))
		return true;
	if (space_locate(chain->engine->space, lookup).module == SNAPSHOT_NO_MODULE)
		stop(chain, "0x%llx is in no mapped file that can be read",
			(unsigned long long)frame->pc);
	else
		stop(chain, "no call frame information for 0x%llx", (unsigned long long)frame->pc);
	return false;
}

// Takes a frame that libdwfl found from the one before.
static int take_caller(struct chain *chain, uint64_t pc, uint64_t sp)
{
	const struct unwind_frame *callee = &chain->frames[chain->count - 1];
	bool signal = chain->code.signal, debug = chain->code.debug;

	dwfl_code_fini(&chain->code);
	// A caller's frame lies above; only a signal may have come in on another stack.
	if (!signal && (sp < chain->sp || (sp == chain->sp && pc == callee->pc)))
		return stop(
			chain, "the chain turns back at 0x%llx", (unsigned long long)callee->pc);
	if (chain->count == chain->max)
		return stop(chain, "cut after %zu frames (--max-frames)", chain->max);
	struct unwind_frame *frame = &chain->frames[chain->count++];
	*frame = (struct unwind_frame){.pc = pc,
		.activation = signal,
		.via = signal  ? FRAME_VIA_SIGRETURN
		       : debug ? FRAME_VIA_DEBUG
			       : FRAME_VIA_CFI};
	chain->sp = sp;
	if (!ask(chain))
		return DWARF_CB_ABORT;
	frame->signal = chain->code.signal;
	return DWARF_CB_OK;
}

static int take_frame(Dwfl_Frame *dwfl_frame, void *arg)
{
	struct chain *chain = arg;
	uint64_t pc, sp;

	if (!chain->begun) {
		chain->begun = true;
		return DWARF_CB_OK;
	}
	if (!dwfl_frame_pc(dwfl_frame, &pc, NULL) ||
		dwfl_frame_reg(dwfl_frame, ARCH_REG_SP, &sp) != 0)
		return stop(chain, "the caller's stack pointer is not known at 0x%llx",
			(unsigned long long)chain->frames[chain->count - 1].pc);
	return take_caller(chain, pc, sp);
}

// Says how CHAIN ended where libdwfl found no next frame.
static void finish(struct chain *chain)
{
	unsigned long long pc = chain->frames[chain->count - 1].pc;
	struct row_trouble trouble;

	if (dwfl_session_ended(chain->engine->session, &chain->code, &trouble))
		*chain->end = (struct stack_end){.status = STACK_COMPLETE};
	else if (trouble.memory)
		stop(chain, "memory at 0x%llx was not copied%s", (unsigned long long)trouble.at,
			chain->thread->stack_cut ? " (the stack is larger than the copy)" : "");
	else
		stop(chain,
			"the call frame information of 0x%llx cannot be used, or needs a register "
			"that is not known",
			pc);
}

static void unwind(void *engine, const struct snapshot_thread *thread, struct unwind_frame *frames,
	size_t max, size_t *ret_count, struct stack_end *ret_end)
{
	const uint64_t needed = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP;
	struct frame_regs regs = {.known = thread->regs_known};
	struct chain chain = {.engine = engine,
		.thread = thread,
		.frames = frames,
		.count = 1,
		.max = max,
		.sp = thread->regs[ARCH_REG_SP],
		.end = ret_end};

	*ret_count = 0;
	*ret_end =
		(struct stack_end){.status = STACK_FAILED, .reason = "its registers are not known"};
	if ((thread->regs_known & needed) != needed)
		return;
	memcpy(regs.values, thread->regs, sizeof(regs.values));
	frames[0] = (struct unwind_frame){
		.pc = thread->regs[ARCH_REG_PC], .activation = true, .via = FRAME_VIA_REGISTERS};
	if (ask(&chain)) {
		frames[0].signal = chain.code.signal;
		dwfl_session_walk(chain.engine->session, thread, &regs, take_frame, &chain);
	}
	if (!chain.ended)
		finish(&chain);
	dwfl_code_fini(&chain.code);
	*ret_count = chain.count;
}

const struct unwinder unwinder_libdwfl = {
	.name = "libdwfl",
	.open = open_engine,
	.unwind = unwind,
	.close = close_engine,
};

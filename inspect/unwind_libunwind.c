// SPDX-License-Identifier: GPL-2.0-or-later
// The libunwind engine.
//
// Theory of operation. libunwind's remote unwinder is given accessors that answer from the snapshot
// alone. Four of its habits are kept from it:
//  - without call frame information for a pc it walks frame pointers and calls the result a frame.
//    Whether the last step had any is known from find_proc_info, so such a step is thrown away;
//  - it keeps what it evaluated by pc only if it is told to (UNW_CACHE_GLOBAL, a factor of 30), and
//    then does not tell a return address from an interrupted pc, whose rows may differ: when one
//    pc is met as both, the cache is emptied;
//  - its own search for .eh_frame_hdr guesses at segments; it is handed the table instead;
//  - it takes a register that nobody knows for zero, if it is told zero: it is told an error.
#include "unwind.h"

#include "cleanup.h"

#include <libunwind.h>
#include <stdio.h>
#include <string.h>

// Exported by libunwind for exactly this use, though no header declares it.
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t as, unw_word_t ip,
	unw_dyn_info_t *di, unw_proc_info_t *pi, int need_unwind_info, void *arg);

enum {
	CACHE_ROWS = 4096,   // pcs whose row is remembered
	PC_KINDS_LOG = 14,   // slots that remember how a pc was met
	EH_HDR_LEN = 12,     // bytes before the search table
	MADE_TABLE_LOG = 36, // bytes of address space for each made table
};

static const uint64_t MADE_TABLES = UINT64_C(1) << 63; // no user space reaches so high

// How the pc in a slot was met.
struct pc_kind {
	uint64_t pc;
	bool activation;
};

struct engine {
	struct space *space;
	unw_addr_space_t as;
	const struct snapshot_thread *thread;
	bool missing_cfi;    // the last step found no call frame information
	bool missing_memory; // the last step wanted memory that was not copied
	uint64_t missing_at; // where
	struct pc_kind kinds[1 << PC_KINDS_LOG];
};

// Search tables that were made, not found, are served at addresses that no target can have.
static uint64_t made_table_addr(int module)
{
	return MADE_TABLES + ((uint64_t)module << MADE_TABLE_LOG);
}

static int read_made_table(struct engine *engine, uint64_t addr, unw_word_t *value)
{
	uint64_t index = (addr - MADE_TABLES) >> MADE_TABLE_LOG;
	uint64_t offset = addr & ((UINT64_C(1) << MADE_TABLE_LOG) - 1);

	if (index >= engine->space->snapshot->module_count)
		return -UNW_EINVAL;
	const struct module *module = space_module(engine->space, (int)index);
	uint64_t len = module->eh_rows ? module->eh_row_count * sizeof(struct ehframe_row) : 0;
	if (len < sizeof(*value) || offset > len - sizeof(*value))
		return -UNW_EINVAL;
	memcpy(value, (const char *)module->eh_rows + offset, sizeof(*value));
	return 0;
}

static int find_proc_info(
	unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need, void *arg)
{
	struct engine *engine = arg;
	struct location at = space_locate(engine->space, ip);
	int r = -UNW_ENOINFO;

	if (at.module != SNAPSHOT_NO_MODULE) {
		const struct module *module = space_module(engine->space, at.module);
		if (module->eh_row_count > 0) {
			unw_dyn_info_t table = {.start_ip = 0, .end_ip = UINT64_MAX};
			table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
			table.u.rti.segbase = module->eh_base + at.bias;
			table.u.rti.table_data = module->eh_rows ? made_table_addr(at.module)
								 : table.u.rti.segbase + EH_HDR_LEN;
			table.u.rti.table_len = module->eh_row_count * sizeof(struct ehframe_row) /
						sizeof(unw_word_t);
			r = UNW_OBJ(dwarf_search_unwind_table)(as, ip, &table, pi, need, arg);
		}
	}
	if (r < 0) {
		engine->missing_cfi = true;
		return -UNW_ENOINFO;
	}
	return r;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as;
	(void)arg;
	free(pi->unwind_info);
	pi->unwind_info = NULL;
}

static int get_dyn_info_list(unw_addr_space_t as, unw_word_t *list, void *arg)
{
	(void)as;
	(void)list;
	(void)arg;
	return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
	struct engine *engine = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (addr >= MADE_TABLES)
		return read_made_table(engine, addr, value);
	if (space_read_word(engine->space, engine->thread, addr, value) == 0)
		return 0;
	engine->missing_memory = true;
	engine->missing_at = addr;
	return -UNW_EINVAL;
}

static int access_reg(
	unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write, void *arg)
{
	struct engine *engine = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (reg < 0 || reg >= ARCH_REG_COUNT || !(engine->thread->regs_known >> reg & 1))
		return -UNW_EBADREG;
	*value = engine->thread->regs[reg];
	return 0;
}

static int access_fpreg(
	unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)reg;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as;
	(void)cursor;
	(void)arg;
	return -UNW_EINVAL;
}

static int get_proc_name(
	unw_addr_space_t as, unw_word_t addr, char *name, size_t len, unw_word_t *offset, void *arg)
{
	(void)as;
	(void)addr;
	(void)name;
	(void)len;
	(void)offset;
	(void)arg;
	return -UNW_ENOINFO;
}

static void close_engine(void *opaque)
{
	struct engine *engine = opaque;

	if (engine->as)
		unw_destroy_addr_space(engine->as);
	free(engine);
}

static void *open_engine(struct space *space)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_proc_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = get_dyn_info_list,
		.access_mem = access_mem,
		.access_reg = access_reg,
		.access_fpreg = access_fpreg,
		.resume = resume,
		.get_proc_name = get_proc_name,
	};
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->space = space;
	engine->as = unw_create_addr_space(&accessors, 0);
	if (!engine->as) {
		close_engine(engine);
		return NULL;
	}
	unw_set_caching_policy(engine->as, UNW_CACHE_GLOBAL);
	unw_set_cache_size(engine->as, CACHE_ROWS, 0);
	return engine;
}

// Keeps the cache from mixing up the rows of one pc met in two ways.
static void note_pc(struct engine *engine, uint64_t pc, bool activation)
{
	size_t slot = (pc * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - PC_KINDS_LOG);
	struct pc_kind *kind = &engine->kinds[slot];

	// A slot that another pc takes over is forgotten, and with it what the cache holds of that
	// pc.
	if (kind->pc != 0 && (kind->pc != pc || kind->activation != activation) &&
		(kind->activation || activation))
		unw_flush_cache(engine->as, 0, 0);
	kind->pc = pc;
	kind->activation = activation;
}

static struct stack_end complete(void)
{
	return (struct stack_end){.status = STACK_COMPLETE};
}

// Why the step from PC led nowhere.
static struct stack_end explain(struct engine *engine, uint64_t pc, uint64_t lookup_pc, int r)
{
	struct stack_end end = {.status = STACK_PARTIAL};
	struct location at = space_locate(engine->space, lookup_pc);
	const char *note =
		at.module == SNAPSHOT_NO_MODULE ? "" : space_module(engine->space, at.module)->note;

	if (engine->missing_cfi && at.module == SNAPSHOT_NO_MODULE)
		snprintf(end.reason, sizeof(end.reason),
			"0x%llx is in no mapped file that can be read", (unsigned long long)pc);
	else if (engine->missing_cfi)
		snprintf(end.reason, sizeof(end.reason),
			"no call frame information for 0x%llx%s%.120s", (unsigned long long)pc,
			note[0] ? ": " : "", note);
	else if (engine->missing_memory)
		snprintf(end.reason, sizeof(end.reason), "memory at 0x%llx was not copied%s",
			(unsigned long long)engine->missing_at,
			engine->thread->stack_cut ? " (the stack is larger than the copy)" : "");
	else
		snprintf(end.reason, sizeof(end.reason),
			"the call frame information of 0x%llx cannot be used: %s",
			(unsigned long long)pc, unw_strerror(r));
	return end;
}

// One step of CURSOR from the frame FROM at *PC, *SP; says in it whether it is a signal trampoline.
// Returns true when there is a next frame, which is then in them; else says in *END how the chain
// ends.
static bool step(struct engine *engine, unw_cursor_t *cursor, struct unwind_frame *from,
	uint64_t *pc, uint64_t *sp, struct stack_end *end)
{
	unw_word_t next_pc = 0, next_sp = 0;

	engine->missing_cfi = engine->missing_memory = false;
	int r = unw_step(cursor);
	if (r < 0 || engine->missing_cfi) {
		*end = explain(engine, *pc, unwind_lookup_pc(from), r);
		return false;
	}
	unw_get_reg(cursor, UNW_REG_IP, &next_pc);
	unw_get_reg(cursor, UNW_REG_SP, &next_sp);
	if (r == 0 || next_pc == 0) {
		*end = complete();
		return false;
	}
	// A caller's frame lies above; only a signal may have come in on another stack.
	bool from_signal = unw_is_signal_frame(cursor) > 0;
	if (!from_signal && (next_sp < *sp || (next_sp == *sp && next_pc == *pc))) {
		*end = (struct stack_end){.status = STACK_PARTIAL};
		snprintf(end->reason, sizeof(end->reason), "the chain turns back at 0x%llx",
			(unsigned long long)*pc);
		return false;
	}
	from->signal = from_signal;
	*pc = next_pc;
	*sp = next_sp;
	return true;
}

// True when the code at PC is a signal trampoline: a system call of sigreturn and nothing else. For
// the trampoline that ends a chain, of which no step can say so.
static bool is_sigreturn(struct engine *engine, uint64_t pc)
{
	uint64_t code, rest;

	if (space_read_word(engine->space, engine->thread, pc, &code) < 0 ||
		space_read_word(engine->space, engine->thread, pc + 8, &rest) < 0)
		return false;
#if defined(__x86_64__)
	// mov $15, %rax (or %eax); syscall
	return (code == 0x0f0000000fc0c748 && (rest & 0xff) == 0x05) ||
	       (code & 0x00ffffffffffffff) == 0x00050f0000000fb8;
#elif defined(__aarch64__)
	(void)rest;
	return code == 0xd4000001d2801168; // mov x8, #139; svc #0
#endif
}

static void unwind(void *opaque, const struct snapshot_thread *thread, struct unwind_frame *frames,
	size_t max, size_t *ret_count, struct stack_end *ret_end)
{
	struct engine *engine = opaque;
	uint64_t pc = thread->regs[ARCH_REG_PC], sp = thread->regs[ARCH_REG_SP];
	unw_cursor_t cursor;
	size_t count = 0;
	bool activation = true;

	engine->thread = thread;
	*ret_end =
		(struct stack_end){.status = STACK_FAILED, .reason = "its registers are not known"};
	*ret_count = 0;
	if (unw_init_remote(&cursor, engine->as, engine) < 0)
		return;
	for (;;) {
		if (count == max) {
			*ret_end = (struct stack_end){.status = STACK_PARTIAL};
			snprintf(ret_end->reason, sizeof(ret_end->reason),
				"cut after %zu frames (--max-frames)", max);
			break;
		}
		frames[count] = (struct unwind_frame){.pc = pc,
			.activation = activation,
			.via = count == 0 ? FRAME_VIA_REGISTERS : FRAME_VIA_CFI};
		note_pc(engine, pc, activation);
		count++;
		if (!step(engine, &cursor, &frames[count - 1], &pc, &sp, ret_end)) {
			frames[count - 1].signal = is_sigreturn(engine, frames[count - 1].pc);
			break;
		}
		activation = frames[count - 1].signal;
	}
	*ret_count = count;
}

const struct unwinder unwinder_libunwind = {
	.name = "libunwind",
	.open = open_engine,
	.unwind = unwind,
	.close = close_engine,
};

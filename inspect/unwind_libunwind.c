// SPDX-License-Identifier: GPL-2.0-or-later
// Steps by libunwind.
//
// Theory of operation. libunwind's remote unwinder is given accessors that answer from the snapshot
// alone, and is started anew for each step, from the registers of one frame. Its habits are kept
// from it:
//  - without call frame information for a pc it walks frame pointers and calls the result a frame.
//    Whether the step had any is known from find_proc_info, so such a step is thrown away;
//  - it does not know that a cursor that is started at a return address must look up the call
//    before it: it is handed the address before;
//  - it keeps what it evaluated by pc only if it is told to (UNW_CACHE_GLOBAL, a factor of 30), and
//    then does not tell a return address from an interrupted pc, whose rows may differ: when one
//    pc is met as both, the cache is emptied;
//  - its own search for .eh_frame_hdr guesses at segments; it is handed the table instead;
//  - it takes a register that nobody knows for zero, if it is told zero: it is told an error.
#include "libunwind_step.h"

#include "cleanup.h"

#include <libunwind.h>
#include <stdio.h>
#include <string.h>

// Exported by libunwind for exactly this use, though no header declares it.
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t as, unw_word_t ip,
	unw_dyn_info_t *di, unw_proc_info_t *pi, int need_unwind_info, void *arg);

enum {
	CACHE_ROWS = 4096,   // pcs whose evaluation is kept
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

struct libunwind {
	struct space *space;
	unw_addr_space_t as;
	const struct snapshot_thread *thread;
	struct frame_regs frame; // where the step begins
	bool missing_cfi;        // the last step found no call frame information
	bool missing_memory;     // the last step wanted memory that was not copied
	uint64_t missing_at;     // where
	struct pc_kind kinds[1 << PC_KINDS_LOG];
};

// Search tables that were made, not found, are served at addresses that no target can have.
static uint64_t made_table_addr(int module)
{
	return MADE_TABLES + ((uint64_t)module << MADE_TABLE_LOG);
}

static int read_made_table(struct libunwind *engine, uint64_t addr, unw_word_t *value)
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
	struct libunwind *engine = arg;
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
	struct libunwind *engine = arg;

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
	struct libunwind *engine = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (reg < 0 || reg >= ARCH_REG_COUNT || !(engine->frame.known >> reg & 1))
		return -UNW_EBADREG;
	*value = engine->frame.values[reg];
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

void libunwind_close(struct libunwind *engine)
{
	if (!engine)
		return;
	if (engine->as)
		unw_destroy_addr_space(engine->as);
	free(engine);
}

struct libunwind *libunwind_open(struct space *space)
{
	struct libunwind *engine = calloc(1, sizeof(*engine));

	if (engine)
		engine->space = space;
	return engine;
}

// Makes the library's side of ENGINE when it is first needed: most chains are unwound without it,
// and it takes a tenth of a millisecond.
static bool open_address_space(struct libunwind *engine)
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

	if (engine->as)
		return true;
	engine->as = unw_create_addr_space(&accessors, 0);
	if (!engine->as)
		return false;
	unw_set_caching_policy(engine->as, UNW_CACHE_GLOBAL);
	unw_set_cache_size(engine->as, CACHE_ROWS, 0);
	return true;
}

// Keeps the cache from mixing up the rows of one pc met in two ways.
static void note_pc(struct libunwind *engine, uint64_t pc, bool activation)
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

int libunwind_step(struct libunwind *engine, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct frame_regs *ret,
	struct row_trouble *trouble)
{
	static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;
	struct frame_regs caller = {
		.known = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP};
	unw_cursor_t cursor;
	unw_word_t value;

	*trouble = (struct row_trouble){0};
	if (!open_address_space(engine))
		return -ENODATA;
	engine->thread = thread;
	engine->frame = *frame;
	engine->frame.values[ARCH_REG_PC] -= behind_call;
	engine->missing_cfi = engine->missing_memory = false;
	note_pc(engine, engine->frame.values[ARCH_REG_PC], !behind_call);
	if (unw_init_remote(&cursor, engine->as, engine) < 0)
		return -ENODATA;
	int r = unw_step(&cursor);
	if (engine->missing_cfi)
		return -ENOENT;
	if (r < 0) {
		*trouble = (struct row_trouble){
			.memory = engine->missing_memory, .at = engine->missing_at};
		return engine->missing_memory ? -EFAULT : -ENODATA;
	}
	if (r == 0 || unw_get_reg(&cursor, UNW_REG_IP, &value) < 0 || value == 0)
		return 0;
	caller.values[ARCH_REG_PC] = value;
	if (unw_get_reg(&cursor, UNW_REG_SP, &value) < 0)
		return -ENODATA;
	caller.values[ARCH_REG_SP] = value;
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++) {
		uint64_t bit = UINT64_C(1) << saved_regs[i];
		engine->missing_memory = false;
		int got = unw_get_reg(&cursor, saved_regs[i], &value);
		// As in row.c: what was saved below the stack pointer is restored.
		if (got < 0 && engine->missing_memory && (frame->known & bit) &&
			engine->missing_at < frame->values[ARCH_REG_SP]) {
			value = frame->values[saved_regs[i]];
			got = 0;
		}
		if (got == 0) {
			caller.values[saved_regs[i]] = value;
			caller.known |= bit;
		}
	}
	*ret = caller;
	return 1;
}

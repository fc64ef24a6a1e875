// SPDX-License-Identifier: GPL-2.0-or-later
// The symbolic walk over x86-64 code.
#include "codewalk.h"

#include "cleanup.h"
#include "symbolic.h"

#include <string.h>

enum {
	FORWARD_BUDGET = 4000, // instructions that one question may cost
	ENTRY_BUDGET = 12000,
	TABLE_MAX = 512,   // entries of a jump table
	STATES_MAX = 1024, // branches that wait
	DOUBTFUL_MAX = 64,
	SEEN_LOG = 15,   // places in code where a walk was: twice the budget at least
	CACHE_LOG = 13,  // decoded instructions
	RETURNS_LOG = 9, // answers that are kept
	ENTRIES_LOG = 12,
	TOTAL_BUDGET = 40000000, // instructions that all questions may cost together
	PADDING_MAX = 32,        // bytes between functions
};

static const uint16_t CALL_CLOBBERS = 1 << RAX | 1 << RDX | 1 << RCX | 1 << RSI | 1 << RDI |
				      1 << R8 | 1 << R9 | 1 << R10 | 1 << R11;
static const uint16_t SYSCALL_CLOBBERS = 1 << RAX | 1 << RCX | 1 << R11;

// Where no walk comes to: it is about what there is on the way.
static const uint64_t NOWHERE = UINT64_MAX;

struct cached {
	const struct module *module;
	uint64_t pc;
	struct insn insn;
};

// What one question was answered with.
struct asked_returns {
	const struct module *module;
	uint64_t pc;
	struct codewalk_returns returns;
};

struct asked_entry {
	const struct module *module;
	uint64_t entry, pc;
	bool behind_call, tail_jump;
	enum codewalk_reach reach;
	struct row row;
	struct rounded rounded;
};

struct codewalk {
	uint64_t spent; // instructions of all walks
	bool of_made;   // it was asked of code in no file
	struct asked_returns asked_returns[1 << RETURNS_LOG];
	struct asked_entry asked_entries[1 << ENTRIES_LOG];
	struct insn_decoder *decoder;
	struct cached cache[1 << CACHE_LOG];
	uint64_t seen[1 << SEEN_LOG];
	uint32_t seen_in[1 << SEEN_LOG]; // the walk that it was seen in
	uint32_t walk;
	struct state states[STATES_MAX];
	size_t state_count;
	struct state doubtful[DOUBTFUL_MAX]; // behind calls that may not return, the first first
	size_t doubtful_first, doubtful_count;
	// The walk at hand:
	const struct module *module;
	const struct entries *entries;
	bool lost;      // a branch could not be followed
	bool new_stack; // there was a system call that makes a thread
	bool tail_jump; // a jump to what only run time knows, with the stack as at the entry
	bool by_depth;  // places are told apart by the depth of the stack there, too
};

struct codewalk *codewalk_open(void)
{
	struct codewalk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	walk->decoder = insn_decoder_open();
	if (!walk->decoder) {
		free(walk);
		return NULL;
	}
	return walk;
}

void codewalk_close(struct codewalk *walk)
{
	if (!walk)
		return;
	insn_decoder_close(walk->decoder);
	free(walk);
}

bool codewalk_renew(struct codewalk *walk)
{
	walk->spent = 0;
	return !walk->of_made;
}

static uint64_t mix(uint64_t value)
{
	return value * UINT64_C(0x9e3779b97f4a7c15);
}

size_t codewalk_decode(
	struct codewalk *walk, const struct module *module, uint64_t pc, struct insn *ret)
{
	struct cached *cached = &walk->cache[mix(pc) >> (64 - CACHE_LOG)];
	size_t len = 0;

	walk->of_made |= module->made != NULL;
	if (cached->module == module && cached->pc == pc) {
		*ret = cached->insn;
		return ret->len;
	}
	const unsigned char *bytes = module_code(module, pc, &len);
	if (!bytes || insn_decode(walk->decoder, pc, bytes, len, ret) == 0)
		return 0;
	*cached = (struct cached){module, pc, *ret};
	return ret->len;
}

static void begin(struct codewalk *walk, const struct module *module, const struct entries *entries,
	uint64_t pc)
{
	walk->module = module;
	walk->entries = entries;
	walk->lost = walk->new_stack = walk->tail_jump = false;
	walk->walk++;
	walk->states[0] = state_at(pc);
	walk->state_count = 1;
	walk->doubtful_first = walk->doubtful_count = 0;
}

// True when this walk was at STATE's place before: with the same stack and frame pointer, or, from
// an entry, with any on the same stack. Code that is reached from its entry has one depth at each
// place; a second one comes from behind a call that does not return.
static bool was_seen(struct codewalk *walk, const struct state *state, bool from_entry)
{
	const struct symbol *sp = &state->regs[RSP], *fp = &state->regs[RBP];
	uint64_t key = mix(state->pc);

	if (from_entry && !walk->by_depth) {
		key ^= mix(sp->kind == SYMBOL_INITIAL && sp->base == BASE_NEW_STACK);
	} else {
		key ^= mix(
			(uint64_t)sp->kind << 40 | (uint64_t)sp->base << 32 | (uint32_t)sp->offset);
		key ^= mix(mix((uint64_t)fp->kind << 40 | (uint64_t)fp->base << 32 |
			       (uint32_t)fp->offset));
	}
	size_t at = key >> (64 - SEEN_LOG);

	while (walk->seen_in[at] == walk->walk) {
		if (walk->seen[at] == key)
			return true;
		at = (at + 1) & ((1 << SEEN_LOG) - 1);
	}
	walk->seen_in[at] = walk->walk;
	walk->seen[at] = key;
	return false;
}

// Lets STATE, gone to PC, wait for its turn.
static struct state *wait_at(struct codewalk *walk, const struct state *state, uint64_t pc)
{
	if (walk->state_count == STATES_MAX) {
		walk->lost = true;
		return NULL;
	}
	struct state *waiting = &walk->states[walk->state_count++];
	*waiting = *state;
	waiting->pc = pc;
	return waiting;
}

// What assemblers put between functions: nop in all its lengths, int3.
static size_t padding_len(const unsigned char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && (bytes[i] == 0x66 || bytes[i] == 0x2e))
		i++;
	if (i < len && (bytes[i] == 0x90 || (i == 0 && bytes[i] == 0xcc)))
		return i + 1;
	if (i + 2 >= len || bytes[i] != 0x0f || bytes[i + 1] != 0x1f)
		return 0;
	unsigned mode = bytes[i + 2] >> 6, base = bytes[i + 2] & 7;
	i += 3u + (base == 4) + (mode == 1 ? 1u : mode == 2 ? 4u : 0u);
	return i <= len ? i : 0;
}

// True when there is padding at PC: behind a call, it may be that this does not return.
static bool is_padded(const struct codewalk *walk, uint64_t pc)
{
	size_t len;
	const unsigned char *bytes = module_code(walk->module, pc, &len);

	return bytes && padding_len(bytes, len) > 0;
}

// Takes the next branch that waits, into *RET; what is doubtful comes after all else. Returns false
// when there is none.
static bool next_state(struct codewalk *walk, struct state *ret)
{
	if (walk->state_count > 0)
		*ret = walk->states[--walk->state_count];
	else if (walk->doubtful_first < walk->doubtful_count)
		*ret = walk->doubtful[walk->doubtful_first++];
	else
		return false;
	return true;
}

// True when another function begins at PC, or behind the padding there: the call before it does not
// return.
static bool is_end_of_function(const struct codewalk *walk, uint64_t pc)
{
	size_t len, skipped = 0, step;
	const unsigned char *bytes = module_code(walk->module, pc, &len);

	while (bytes && skipped < PADDING_MAX &&
		(step = padding_len(bytes + skipped, len - skipped)) > 0)
		skipped += step;
	return !bytes || entries_has(walk->entries, pc + skipped);
}

enum {
	NR_RT_SIGRETURN = 15,
	NR_CLONE = 56,
	NR_EXIT = 60,
	NR_EXIT_GROUP = 231,
	NR_CLONE3 = 435,
};

// Returns false when the call does not come back.
static bool do_syscall(struct codewalk *walk, struct state *state, uint64_t next)
{
	const struct symbol *number = &state->regs[RAX];
	int nr = number->kind == SYMBOL_CONSTANT ? number->offset : -1;

	if (nr == NR_EXIT || nr == NR_EXIT_GROUP || nr == NR_RT_SIGRETURN)
		return false;
	struct symbol stack = state->regs[RSI];
	state_forget(state, SYSCALL_CLOBBERS);
	bool same_stack = nr == NR_CLONE && stack.kind == SYMBOL_CONSTANT && stack.offset == 0;
	if ((nr == NR_CLONE || nr == NR_CLONE3) && !same_stack) {
		walk->new_stack = true;
		struct state *child = wait_at(walk, state, next);
		if (child)
			child->regs[RSP] = (struct symbol){SYMBOL_INITIAL, BASE_NEW_STACK, 0, 0};
	}
	return true;
}

// Entry INDEX of the jump table at TABLE into *RET: an address, or, when SHORT_ENTRIES, a distance
// from the table. Returns false when it leads to no code.
static bool read_table(
	const struct codewalk *walk, uint64_t table, int index, bool short_entries, uint64_t *ret)
{
	size_t size = short_entries ? sizeof(int32_t) : sizeof(uint64_t), len;
	uint64_t at = table + (uint64_t)index * size, target = 0;
	const unsigned char *bytes = module_constants(walk->module, at, &len);
	int32_t distance;

	if (!bytes || len < size)
		return false;
	if (short_entries) {
		memcpy(&distance, bytes, sizeof(distance));
		target = table + (uint64_t)(int64_t)distance;
	} else {
		memcpy(&target, bytes, sizeof(target));
	}
	*ret = target;
	return module_is_code(walk->module, target);
}

static bool is_table(const struct codewalk *walk, uint64_t table, int count, bool short_entries)
{
	uint64_t target;

	for (int i = 0; i < count; i++)
		if (!read_table(walk, table, i, short_entries, &target))
			return false;
	return true;
}

// Lets STATE wait at all places where INSN, a jump by a table, can lead. The table is as long as
// the last comparison allows, and its address is in a register if not in INSN. Returns false when
// none, or more than one, can be found.
static bool follow_table(struct codewalk *walk, const struct state *state, const struct insn *insn)
{
	bool short_entries = insn->kind == INSN_JUMP_INDIRECT;
	uint64_t found = (uint64_t)(int64_t)insn->disp, target;
	int count = state->compared + 1, tables = 0;

	if (count < 2 || count > TABLE_MAX)
		return false;
	for (int reg = 0; short_entries && reg < REGISTERS; reg++) {
		const struct symbol *value = &state->regs[reg];
		uint64_t address = (uint64_t)(int64_t)value->offset;
		if (value->kind != SYMBOL_CONSTANT || !is_table(walk, address, count, true))
			continue;
		tables += tables == 0 || address != found;
		found = address;
	}
	if (short_entries ? tables != 1 : !is_table(walk, found, count, false))
		return false;
	for (int i = 0; i < count; i++)
		if (read_table(walk, found, i, short_entries, &target))
			wait_at(walk, state, target);
	return true;
}

// Lets STATE execute INSN, which is not one that leaves the function. Returns false when the path
// ends there.
static bool execute(struct codewalk *walk, struct state *state, const struct insn *insn)
{
	uint64_t next = state->pc + insn->len;

	if (insn->kind == INSN_COMPARE)
		state->compared = insn->disp;
	state->called |= insn->kind == INSN_CALL;
	state->pushed |= state->called && insn->kind == INSN_PUSH;
	state->pushed_slot = insn->kind == INSN_PUSH && insn->base == INSN_BASE_PC;
	switch (insn->kind) {
	case INSN_CALL:
		if (is_end_of_function(walk, next))
			return false;
		state_forget(state, CALL_CLOBBERS);
		if (is_padded(walk, next) && walk->doubtful_count < DOUBTFUL_MAX) {
			state->pc = next;
			walk->doubtful[walk->doubtful_count++] = *state;
			return false;
		}
		break;
	case INSN_BRANCH:
		state_forget(state, insn->writes); // loop counts
		wait_at(walk, state, insn->target);
		break;
	case INSN_JUMP:
		next = insn->target;
		break;
	case INSN_JUMP_TABLE:
	case INSN_JUMP_INDIRECT:
		walk->lost |= !follow_table(walk, state, insn);
		return false;
	case INSN_JUMP_SLOT:
	case INSN_RETURN:
	case INSN_STOP:
		return false;
	case INSN_SYSCALL:
		if (!do_syscall(walk, state, next))
			return false;
		break;
	default:
		state_execute(state, insn);
		break;
	}
	state->pc = next;
	return true;
}

static bool same_cfa(const struct row *a, const struct row *b)
{
	return a->cfa_reg == b->cfa_reg && a->cfa_deref == b->cfa_deref &&
	       a->cfa_offset == b->cfa_offset && a->cfa_add == b->cfa_add;
}

// Adds what STATE shows, which stands before a return, or before a jump that stands for one.
static void add_return(struct codewalk_returns *ret, const struct state *state)
{
	struct row row;

	if (!state_row_forward(state, &row))
		return;
	for (size_t i = 0; i < ret->count; i++) {
		if (!same_cfa(&row, &ret->rows[i]))
			continue;
		// Two ways out that disagree on a register: it is not known.
		for (size_t r = 0; r < ARCH_SAVED_COUNT; r++)
			if (memcmp(&row.saved[r], &ret->rows[i].saved[r], sizeof(row.saved[r])) !=
				0)
				ret->rows[i].saved[r] = (struct row_rule){0};
		return;
	}
	if (ret->count == CODEWALK_RETURNS_MAX)
		ret->more = true;
	else
		ret->rows[ret->count++] = row;
}

// A procedure linkage table jumps to its function with the stack as if that had been called; its
// first entry has pushed two words for the dynamic linker before.
static void add_slot_jump(
	struct codewalk *walk, struct codewalk_returns *ret, const struct state *state)
{
	struct state there = *state;
	size_t len;
	const unsigned char *before = module_code(walk->module, state->pc - 6, &len);

	if (state->pushed_slot || (before && len >= 2 && before[0] == 0xff && before[1] == 0x35))
		state_move_sp(&there, 16);
	add_return(ret, &there);
}

static void walk_forward(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t pc, struct codewalk_returns *ret)
{
	unsigned steps = 0;
	struct state state;
	struct insn insn;

	*ret = (struct codewalk_returns){0};
	begin(walk, module, entries, pc);
	while (next_state(walk, &state)) {
		while (steps++ < FORWARD_BUDGET && !was_seen(walk, &state, false) &&
			codewalk_decode(walk, module, state.pc, &insn) > 0) {
			if (insn.kind == INSN_RETURN)
				add_return(ret, &state);
			else if (insn.kind == INSN_JUMP_SLOT)
				add_slot_jump(walk, ret, &state);
			if (!execute(walk, &state, &insn))
				break;
		}
		if (steps > FORWARD_BUDGET) {
			ret->more = true;
			break;
		}
	}
	walk->spent += steps;
}

void codewalk_forward(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t pc, struct codewalk_returns *ret)
{
	struct asked_returns *asked = &walk->asked_returns[mix(pc) >> (64 - RETURNS_LOG)];

	*ret = (struct codewalk_returns){0};
	if (asked->module == module && asked->pc == pc)
		*ret = asked->returns;
	else if (walk->spent < TOTAL_BUDGET)
		walk_forward(walk, module, entries, pc, ret);
	else
		return;
	*asked = (struct asked_returns){module, pc, *ret};
}

// What was found of a goal.
struct goal {
	uint64_t pc;
	bool behind_call;
	bool met, has_row, beginning;
	struct row *row;
	struct rounded *rounded;
};

static void look_for_goal(struct goal *goal, const struct state *state, const struct insn *insn)
{
	if (goal->behind_call ? insn->kind != INSN_CALL || state->pc + insn->len != goal->pc
			      : state->pc != goal->pc)
		return;
	goal->met = true;
	if (state->regs[RSP].kind == SYMBOL_INITIAL && state->regs[RSP].base == BASE_NEW_STACK)
		goal->beginning = true;
	else if (!goal->has_row && (goal->has_row = state_row_entry(state, goal->row)))
		*goal->rounded = state_rounded(state);
}

static void note_jump(struct codewalk *walk, const struct state *state, const struct insn *insn)
{
	const struct symbol *sp = &state->regs[RSP];

	if (insn->kind != INSN_JUMP_SLOT && insn->kind != INSN_JUMP_INDIRECT)
		return;
	walk->lost |= insn->kind == INSN_JUMP_SLOT;
	walk->tail_jump |= sp->kind == SYMBOL_INITIAL && sp->base == RSP && sp->offset == 0;
}

static enum codewalk_reach walk_entry(struct codewalk *walk, const struct module *module,
	const struct entries *entries, struct goal *goal, uint64_t entry)
{
	unsigned steps = 0;
	struct state state;
	struct insn insn;

	begin(walk, module, entries, entry);
	walk->by_depth = goal->pc == NOWHERE;
	while (steps < ENTRY_BUDGET && (!goal->has_row || walk->new_stack) &&
		next_state(walk, &state)) {
		while (steps++ < ENTRY_BUDGET && !was_seen(walk, &state, true) &&
			codewalk_decode(walk, module, state.pc, &insn) > 0) {
			look_for_goal(goal, &state, &insn);
			if (goal->has_row && !walk->new_stack)
				break;
			note_jump(walk, &state, &insn);
			if (!execute(walk, &state, &insn))
				break;
		}
	}
	walk->spent += steps;
	if (goal->beginning)
		return goal->has_row ? CODEWALK_EITHER : CODEWALK_BEGINNING;
	if (goal->met)
		return goal->has_row ? CODEWALK_REACHED : CODEWALK_NO_ROW;
	return walk->lost || steps >= ENTRY_BUDGET ? CODEWALK_LOST : CODEWALK_NOT_REACHED;
}

// Asks whether ENTRY leads to PC; the answer is WALK's.
static const struct asked_entry *ask_entry(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry, uint64_t pc, bool behind_call)
{
	static const struct asked_entry nothing = {.reach = CODEWALK_LOST};
	struct asked_entry *asked =
		&walk->asked_entries[mix(mix(entry) ^ pc ^ behind_call) >> (64 - ENTRIES_LOG)];

	if (asked->module == module && asked->entry == entry && asked->pc == pc &&
		asked->behind_call == behind_call)
		return asked;
	if (walk->spent >= TOTAL_BUDGET)
		return &nothing;
	*asked = (struct asked_entry){
		.module = module, .entry = entry, .pc = pc, .behind_call = behind_call};
	struct goal goal = {.pc = pc,
		.behind_call = behind_call,
		.row = &asked->row,
		.rounded = &asked->rounded};
	asked->reach = walk_entry(walk, module, entries, &goal, entry);
	asked->tail_jump = walk->tail_jump;
	return asked;
}

enum codewalk_reach codewalk_entry(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry, uint64_t pc, bool behind_call,
	struct row *ret)
{
	const struct asked_entry *asked = ask_entry(walk, module, entries, entry, pc, behind_call);

	if (asked->reach == CODEWALK_REACHED || asked->reach == CODEWALK_EITHER)
		*ret = asked->row;
	return asked->reach;
}

struct rounded codewalk_rounded(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry, uint64_t pc, bool behind_call,
	struct row *ret)
{
	const struct asked_entry *asked = ask_entry(walk, module, entries, entry, pc, behind_call);

	if (asked->reach != CODEWALK_REACHED)
		return (struct rounded){0};
	*ret = asked->row;
	return asked->rounded;
}

bool codewalk_has_tail_jump(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry)
{
	return ask_entry(walk, module, entries, entry, NOWHERE, false)->tail_jump;
}

bool codewalk_is_exhausted(const struct codewalk *walk)
{
	return walk->spent >= TOTAL_BUDGET;
}

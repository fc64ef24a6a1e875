// SPDX-License-Identifier: GPL-2.0-or-later
// The proof of a caller from code.
#include "forward.h"

#include "callsite.h"
#include "cleanup.h"
#include "codewalk.h"
#include "jitframe.h"
#include "trampoline.h"

#include <string.h>

enum {
	CANDIDATES_MAX = 8,
	SEARCH_MAX = 1 << 16, // bytes of stack searched for a frame
	ABI_ALIGNMENT = 16,   // of a CFA (System V psABI, "The Stack Frame")

	ENTRIES_TRIED = 24,     // functions before a pc that are followed to it
	DISTANCE_MAX = 1 << 20, // bytes from such a function to the pc
};

struct forward {
	struct space *space;
	struct codewalk *walk;
};

// A frame whose caller is looked for.
struct question {
	struct forward *forward;
	const struct snapshot_thread *thread;
	const struct frame_regs *frame;
	bool behind_call;
	int module_index;
	const struct module *module;
	const struct entries *entries;
	uint64_t pc; // ELF virtual address
	struct row_trouble *trouble;
};

enum judgement { REFUSED, POSSIBLE, AGREED, PROVEN };

struct candidate {
	struct row row;
	uint64_t cfa;
	enum judgement judgement;
	bool by_returns, by_entry; // who found it
};

// The candidates of one question that were not refused, one for each CFA.
struct verdict {
	struct candidate candidates[CANDIDATES_MAX];
	size_t count;
	bool proven, more;
};

struct forward *forward_open(struct space *space)
{
	struct forward *forward = calloc(1, sizeof(*forward));

	if (!forward)
		return NULL;
	forward->space = space;
	if (space->walked)
		forward->walk = take_ptr(*space->walked);
	if (forward->walk && !codewalk_renew(forward->walk)) {
		codewalk_close(forward->walk);
		forward->walk = NULL;
	}
	return forward;
}

void forward_forget(struct codewalk **walked)
{
	codewalk_close(*walked);
	*walked = NULL;
}

void forward_close(struct forward *forward)
{
	if (!forward)
		return;
	if (forward->space->walked && forward->walk) {
		forward_forget(forward->space->walked);
		*forward->space->walked = take_ptr(forward->walk);
	}
	codewalk_close(forward->walk);
	free(forward);
}

static const struct entries *entries_in(struct forward *forward, int module)
{
	return entries_of(space_module(forward->space, module));
}

// True when the function that SITE calls may have gone on to another one by a jump that cannot be
// followed.
static bool has_tail_jump(struct forward *forward, const struct callsite *site)
{
	return codewalk_has_tail_jump(forward->walk,
		space_module(forward->space, site->target_module),
		entries_in(forward, site->target_module), site->target);
}

// The CFA of ROW for the frame in question into *RET, if it lies where one can.
static bool cfa_of(const struct question *question, const struct row *row, uint64_t *ret)
{
	struct row_trouble trouble;
	uint64_t sp = question->frame->values[ARCH_REG_SP];

	return row_cfa(row, question->forward->space, question->thread, question->frame, ret,
		       &trouble) == 0 &&
	       *ret > sp && *ret % sizeof(uint64_t) == 0;
}

// Where the walk to ROW's pc shows both, the CFA by the stack pointer and by the frame pointer, and
// they disagree: the code has put more on the stack, in a loop. The latter holds then, if a return
// address lies there.
static void prefer_frame_pointer(const struct question *question, struct row *row)
{
	struct forward *forward = question->forward;
	struct row by_fp = *row;
	uint64_t cfa, other, ra;

	by_fp.cfa_reg = ARCH_REG_FP;
	by_fp.cfa_offset = row->fp_offset;
	if (row->fp_offset == 0 || !cfa_of(question, &by_fp, &other) ||
		(cfa_of(question, row, &cfa) && cfa == other) ||
		space_read_word(forward->space, question->thread, other - 8, &ra) < 0)
		return;
	struct callsite site = callsite_look(forward->walk, forward->space, ra);
	if (site.direct || site.indirect)
		*row = by_fp;
}

static enum codewalk_reach reach(const struct question *question, uint64_t entry, struct row *ret)
{
	enum codewalk_reach how = codewalk_entry(question->forward->walk, question->module,
		question->entries, entry, question->pc, question->behind_call, ret);

	if (how == CODEWALK_REACHED || how == CODEWALK_EITHER)
		prefer_frame_pointer(question, ret);
	return how;
}

// The nearest function that is called, at or below VADDR, into *RET. Returns false when there is
// none.
static bool function_of(const struct question *question, uint64_t vaddr, uint64_t *ret)
{
	size_t below = entries_below(question->entries, vaddr);

	while (below > 0 && (question->entries->rows[below - 1] & 1))
		below--;
	if (below == 0)
		return false;
	*ret = entries_at(question->entries, below - 1);
	return true;
}

// Judges a direct call of TARGET, in the module of SITE, as the one that made CANDIDATE's frame;
// its row is replaced by that of TARGET when it is proven.
static enum judgement judge_direct(
	const struct question *question, const struct callsite *site, struct candidate *candidate)
{
	struct forward *forward = question->forward;
	struct row row;
	uint64_t cfa, entry;

	if (site->target_module != question->module_index)
		return has_tail_jump(forward, site) ? POSSIBLE : REFUSED;
	switch (reach(question, site->target, &row)) {
	case CODEWALK_REACHED:
	case CODEWALK_EITHER:
		if (!cfa_of(question, &row, &cfa) || cfa != candidate->cfa)
			return REFUSED;
		candidate->row = row;
		return PROVEN;
	case CODEWALK_NO_ROW:
		return POSSIBLE; // it does reach the pc: only the depth cannot be compared
	case CODEWALK_LOST:
		if (has_tail_jump(forward, site))
			return POSSIBLE;
		// A jump table on the way: then it has to be the function that the pc is in.
		return function_of(question, question->pc - 1, &entry) && entry == site->target
			       ? POSSIBLE
			       : REFUSED;
	default:
		return REFUSED;
	}
}

// Judges CANDIDATE, whose row is set; sets the rest of it.
static void judge(const struct question *question, struct candidate *candidate)
{
	struct forward *forward = question->forward;
	uint64_t ra;

	candidate->judgement = REFUSED;
	if (!cfa_of(question, &candidate->row, &candidate->cfa))
		return;
	if (space_read_word(forward->space, question->thread, candidate->cfa - 8, &ra) < 0) {
		*question->trouble = (struct row_trouble){.memory = true, .at = candidate->cfa - 8};
		return;
	}
	if (trampoline_is_sigreturn(forward->space, question->thread, ra) ||
		trampoline_is_goexit(forward->space, question->thread, ra)) {
		// Nothing but the kernel, which has called a handler, or Go's scheduler, which has
		// made a goroutine, puts its address on a stack.
		candidate->judgement = PROVEN;
		return;
	}
	struct callsite site = callsite_look(forward->walk, forward->space, ra);
	if (site.direct)
		candidate->judgement = judge_direct(question, &site, candidate);
	if (candidate->judgement == REFUSED &&
		(site.indirect || callsite_is_return_entry(forward->walk, forward->space, ra)))
		candidate->judgement = POSSIBLE;
}

static void take(struct verdict *verdict, const struct candidate *candidate)
{
	struct candidate *same = verdict->candidates, *end = same + verdict->count;

	if (candidate->judgement == REFUSED)
		return;
	while (same < end && same->cfa != candidate->cfa)
		same++;
	if (same == end && verdict->count == CANDIDATES_MAX) {
		verdict->more = true;
		return;
	}
	if (same == end) {
		*same = *candidate;
		verdict->count++;
	} else if (candidate->judgement > same->judgement) {
		same->row = candidate->row;
		same->judgement = candidate->judgement;
	}
	same->by_returns |= candidate->by_returns;
	same->by_entry |= candidate->by_entry;
	if (same->by_returns && same->by_entry && same->judgement == POSSIBLE)
		same->judgement = AGREED;
	verdict->proven |= same->judgement == PROVEN;
}

// Takes the candidates that returns show.
static void look_forward(const struct question *question, struct verdict *verdict)
{
	struct codewalk_returns returns;

	// A call that does not return may be the last of its function.
	if (question->behind_call && entries_is_called(question->entries, question->pc))
		return;
	codewalk_forward(question->forward->walk, question->module, question->entries, question->pc,
		&returns);
	for (size_t i = 0; i < returns.count; i++) {
		struct candidate candidate = {.row = returns.rows[i], .by_returns = true};
		judge(question, &candidate);
		take(verdict, &candidate);
	}
	verdict->more |= returns.more;
}

// True when the thread stands behind a system call that did not return 0 to it. Behind the call
// that makes threads it is then the one that made another, whose chain goes on.
static bool is_maker(const struct question *question)
{
	const struct frame_regs *frame = question->frame;
	uint64_t pc = frame->values[ARCH_REG_PC];

	if (question->behind_call || !question->thread->in_syscall ||
		question->thread->regs[ARCH_REG_PC] != pc)
		return false;
	return !(frame->known >> ARCH_REG_RESULT & 1) || frame->values[ARCH_REG_RESULT] != 0;
}

// Takes the candidate that the function of code in no file shows which the pc is in, if it has a
// name.
static void look_from_name(const struct question *question, struct verdict *verdict)
{
	const struct jitname *name =
		jitnames_find(question->module->made->names, question->pc - question->behind_call);
	struct candidate candidate = {.by_entry = true};

	// Who is called may take from the stack what was pushed for it: how deep that is then, is
	// not known.
	if (!name || reach(question, name->start, &candidate.row) != CODEWALK_REACHED ||
		(candidate.row.pushed && candidate.row.cfa_reg == ARCH_REG_SP))
		return;
	judge(question, &candidate);
	take(verdict, &candidate);
}

// Takes the candidates that the functions before the pc show, the nearest first. Returns true when
// one of them is a beginning.
static bool look_from_entries(const struct question *question, struct verdict *verdict)
{
	const struct entries *entries = question->entries;
	size_t below = entries_below(entries, question->pc);
	size_t last = below > ENTRIES_TRIED ? below - ENTRIES_TRIED : 0;

	for (size_t i = below; i-- > last && !verdict->proven;) {
		uint64_t entry = entries_at(entries, i);
		struct candidate candidate = {.by_entry = true};
		if (question->pc - entry > DISTANCE_MAX)
			break;
		enum codewalk_reach how = reach(question, entry, &candidate.row);
		if ((how == CODEWALK_BEGINNING && !is_maker(question)) ||
			(entry == question->module->entry &&
				(how == CODEWALK_REACHED || how == CODEWALK_NO_ROW)))
			return true;
		if (how != CODEWALK_REACHED && how != CODEWALK_EITHER)
			continue;
		judge(question, &candidate);
		if (how == CODEWALK_EITHER && candidate.judgement != PROVEN)
			return true; // nobody is proven to have called the one that makes threads
		take(verdict, &candidate);
	}
	return false;
}

// The row of the one candidate that is better than all others.
static enum forward_answer choose(const struct verdict *verdict, struct row *ret)
{
	const struct candidate *best = NULL;
	bool alone = true;

	for (size_t i = 0; i < verdict->count; i++) {
		const struct candidate *candidate = &verdict->candidates[i];
		if (!best || candidate->judgement > best->judgement) {
			best = candidate;
			alone = true;
		} else if (candidate->judgement == best->judgement) {
			alone = false;
		}
	}
	if (!best)
		return FORWARD_NOTHING;
	if (!alone || (verdict->more && best->judgement == POSSIBLE))
		return FORWARD_AMBIGUOUS;
	*ret = best->row;
	return FORWARD_ROW;
}

// Searches the stack of QUESTION for the frame of a function that keeps a frame pointer and is in
// the question's pc. Returns true when there is exactly one, with its row in *RET.
static bool search_frame(const struct question *question, struct row *ret)
{
	struct forward *forward = question->forward;
	uint64_t sp = question->frame->values[ARCH_REG_SP], ra, found = 0;
	struct row row;

	for (uint64_t at = sp; at - sp < SEARCH_MAX &&
			       space_read_word(forward->space, question->thread, at, &ra) == 0;
		at += sizeof(ra)) {
		struct location caller = space_locate(forward->space, ra - 1);
		if (caller.module != question->module_index)
			continue;
		struct callsite site = callsite_look(forward->walk, forward->space, ra);
		if (!site.direct || question->pc - site.target + DISTANCE_MAX > 2 * DISTANCE_MAX ||
			reach(question, site.target, &row) != CODEWALK_REACHED ||
			row.cfa_reg != ARCH_REG_FP || row.cfa_deref)
			continue;
		if (found != 0)
			return false;
		found = at + sizeof(ra);
		*ret = row;
	}
	if (found == 0)
		return false;
	ret->cfa_reg = ARCH_REG_SP;
	ret->cfa_offset = (int32_t)(found - sp);
	return true;
}

// A place on the stack where the return address can be.
enum place_kind {
	PLACE_OTHER,    // nothing that a call has left
	PLACE_STRANGER, // behind a call of something else
	PLACE_POSSIBLE, // behind a call by a pointer, or of a signal handler
	PLACE_CALLER,   // behind a call of this very function
};

// What RA is for the function at ENTRY, in QUESTION; where its code is, in *RET_MODULE.
static enum place_kind look_at_place(
	const struct question *question, uint64_t entry, uint64_t ra, int *ret_module)
{
	struct forward *forward = question->forward;
	struct callsite site = callsite_look(forward->walk, forward->space, ra);

	*ret_module = site.module;
	if (site.direct && site.target_module == question->module_index && site.target == entry)
		return PLACE_CALLER;
	if (site.indirect || trampoline_is_sigreturn(forward->space, question->thread, ra))
		return PLACE_POSSIBLE;
	return site.direct ? PLACE_STRANGER : PLACE_OTHER;
}

// Where the function that QUESTION's pc is in has rounded the stack pointer down, and keeps the old
// one in a register that is not known: looks at the few places where the return address can be. It
// is the only one that can, and its CFA is aligned as the ABI wants it. Where the ABI does not want
// it, what a call has left says nothing if the caller is in another module, which keeps to the ABI;
// otherwise there must be none. Returns FORWARD_NOTHING when the stack pointer was not rounded
// down.
static enum forward_answer search_rounded(const struct question *question, struct row *ret)
{
	struct forward *forward = question->forward;
	uint64_t sp = question->frame->values[ARCH_REG_SP], entry, ra, found = 0;
	struct rounded rounded = {0};
	bool strays = false, near = false;

	if (function_of(question, question->pc - question->behind_call, &entry))
		rounded = codewalk_rounded(forward->walk, question->module, question->entries,
			entry, question->pc, question->behind_call, ret);
	if (rounded.count == 0 || rounded.least < 8)
		return FORWARD_NOTHING;
	for (unsigned i = 0; i < rounded.count; i++) {
		uint64_t cfa = sp + (uint64_t)rounded.least + i * sizeof(ra);
		int module;
		if (space_read_word(forward->space, question->thread, cfa - sizeof(ra), &ra) < 0)
			return FORWARD_AMBIGUOUS;
		enum place_kind kind = look_at_place(question, entry, ra, &module);
		if (kind == PLACE_OTHER)
			continue;
		if (cfa % ABI_ALIGNMENT != 0 && kind != PLACE_CALLER) {
			strays = true;
			continue;
		}
		if (kind == PLACE_STRANGER || found != 0 || cfa % ABI_ALIGNMENT != 0)
			return FORWARD_AMBIGUOUS;
		found = cfa;
		near = module == question->module_index;
	}
	if (found == 0 || (strays && near))
		return FORWARD_AMBIGUOUS;
	ret->cfa_reg = ARCH_REG_SP;
	ret->cfa_deref = false;
	ret->cfa_offset = (int32_t)(found - sp);
	return FORWARD_SEARCHED;
}

// The answer by a search of the stack for the frame, whose frame pointer is not known.
static enum forward_answer search(const struct question *question, struct row *ret)
{
	enum forward_answer answer = search_rounded(question, ret);

	if (answer == FORWARD_NOTHING && search_frame(question, ret))
		return FORWARD_SEARCHED;
	return answer;
}

enum forward_answer forward_find(struct forward *forward, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct row *ret,
	struct row_trouble *trouble)
{
	uint64_t pc = frame->values[ARCH_REG_PC];
	struct location at = space_locate(forward->space, behind_call ? pc - 1 : pc);
	struct verdict verdict = {0};

	*trouble = (struct row_trouble){0};
	// The decoder is opened when it is first needed: most chains are unwound without it.
	if (at.module == SNAPSHOT_NO_MODULE ||
		(!forward->walk && !(forward->walk = codewalk_open())))
		return FORWARD_NOTHING;
	struct question question = {.forward = forward,
		.thread = thread,
		.frame = frame,
		.behind_call = behind_call,
		.module_index = at.module,
		.module = space_module(forward->space, at.module),
		.entries = entries_in(forward, at.module),
		.pc = at.vaddr + behind_call,
		.trouble = trouble};
	if (question.module->made &&
		jitframe_find(forward->walk, forward->space, thread, frame, behind_call, ret))
		return FORWARD_FRAME;
	look_forward(&question, &verdict);
	if (question.module->made)
		look_from_name(&question, &verdict);
	else if (!verdict.proven && look_from_entries(&question, &verdict))
		return verdict.count == 0 ? FORWARD_BEGINNING : FORWARD_AMBIGUOUS;
	enum forward_answer answer = choose(&verdict, ret);
	if (answer == FORWARD_NOTHING && behind_call && !question.module->made &&
		jitframe_find(forward->walk, forward->space, thread, frame, true, ret))
		return FORWARD_FRAME;
	if (answer == FORWARD_NOTHING && !(frame->known >> ARCH_REG_FP & 1))
		answer = search(&question, ret);
	return answer == FORWARD_NOTHING && codewalk_is_exhausted(forward->walk) ? FORWARD_EXHAUSTED
										 : answer;
}

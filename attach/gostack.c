// SPDX-License-Identifier: GPL-2.0-or-later
// What leads from stack to stack.
#include "gostack.h"

#include "memory.h"

#include <string.h>

enum {
	CALLS_SEARCHED = 256 << 10, // bytes of a stack in which a call of C is looked for
	SEARCHED = 32 << 10,        // and a frame pointer
	TRIED_MAX = 16,             // of either looked at in the target
	FOLLOWED_MAX = 64,          // frame pointers followed, one from the other
	STACK_MAX = 1 << 30,        // bytes of a goroutine's stack
	NOTES_AT = 40,              // bytes from the stack pointer to what a call of C notes, or 0
	WHOLE = 64 << 10, // bytes of a goroutine's stack that are copied whatever is in them
	BELOW = 4 << 10,  // bytes that are copied below a frame pointer: the frame that it is of
	WORD = sizeof(uint64_t),
};

static const uint64_t heap_start = UINT64_C(0xc000000000), heap_end = UINT64_C(0x10000000000);

bool gostack_is_go(const struct snapshot *snapshot)
{
	const struct snapshot_map *map = snapshot_find_map(snapshot, heap_start);

	return map && map->module == SNAPSHOT_NO_MODULE;
}

static bool is_heap(uint64_t addr)
{
	return addr >= heap_start && addr < heap_end;
}

static bool is_code(const struct plan *plan, uint64_t addr)
{
	const struct snapshot_map *map = snapshot_find_map(plan->snapshot, addr);

	return map && map->executable;
}

// True when FP can be a frame pointer of another stack than THREAD's copied one.
static bool leads_elsewhere(
	const struct plan *plan, const struct snapshot_thread *thread, uint64_t fp)
{
	if (fp % WORD != 0 || fp - thread->regs[ARCH_REG_SP] < thread->stack_len)
		return false;
	const struct snapshot_map *map = snapshot_find_map(plan->snapshot, fp);
	return map && map->writable && map->module == SNAPSHOT_NO_MODULE;
}

// Where to copy the stack from that FP points to, or 0 when no return address lies behind it, or a
// goroutine's frame would not be followed by another.
static uint64_t check(const struct plan *plan, const struct snapshot_thread *thread, uint64_t fp)
{
	uint64_t words[2];

	if (memory_read(thread->tid, plan->memory_fd, fp, words, sizeof(words)) != sizeof(words) ||
		!is_code(plan, words[1]) ||
		(is_heap(fp) && words[0] != 0 && words[0] - fp - 1 >= STACK_MAX))
		return 0;
	uint64_t start = snapshot_find_map(plan->snapshot, fp)->start;
	return fp - start > BELOW ? fp - BELOW : start;
}

// Where frame pointers are looked for.
struct search {
	bool to_heap; // such that lead to Go's heap, else such that do not
	bool bare;    // also such that do not lie below a return address
};

// The other stack by a frame pointer that lies in the copied one.
static uint64_t find_frame_in(
	const struct plan *plan, const struct snapshot_thread *thread, struct search search)
{
	const unsigned char *stack = plan->stacks + thread->stack_offset;
	size_t len = thread->stack_len < SEARCHED ? thread->stack_len : SEARCHED;
	uint64_t words[2], found = 0;
	unsigned tried = 0;

	for (size_t at = 0; found == 0 && tried < TRIED_MAX && at + sizeof(words) <= len;
		at += WORD) {
		memcpy(words, stack + at, sizeof(words));
		if (is_heap(words[0]) != search.to_heap ||
			(!search.bare && !is_code(plan, words[1])) ||
			!leads_elsewhere(plan, thread, words[0]))
			continue;
		tried++;
		found = check(plan, thread, words[0]);
	}
	return found;
}

// The other stack by the thread's frame pointer and those that it leads to: what lies between them
// can be of calls that are over.
static uint64_t follow_frames(const struct plan *plan, const struct snapshot_thread *thread)
{
	const unsigned char *stack = plan->stacks + thread->stack_offset;
	uint64_t sp = thread->regs[ARCH_REG_SP], fp = thread->regs[ARCH_REG_FP], words[2];

	for (unsigned i = 0; i < FOLLOWED_MAX; i++) {
		if (leads_elsewhere(plan, thread, fp))
			return check(plan, thread, fp);
		if (fp % WORD != 0 || thread->stack_len < sizeof(words) ||
			fp - sp > thread->stack_len - sizeof(words))
			return 0;
		memcpy(words, stack + (fp - sp), sizeof(words));
		if (!is_code(plan, words[1]))
			return 0;
		fp = words[0];
	}
	return 0;
}

// The other stack by a frame pointer, the thread's own first. Go, and the vDSO, save it right below
// a return address; C saves it anywhere.
static uint64_t find_frame(
	const struct plan *plan, const struct snapshot_thread *thread, size_t *ret_len)
{
	bool in_heap = is_heap(thread->regs[ARCH_REG_SP]);
	uint64_t found = 0;

	if (thread->regs_known >> ARCH_REG_FP & 1)
		found = follow_frames(plan, thread);
	if (found == 0 && in_heap)
		found = find_frame_in(plan, thread, (struct search){.to_heap = false});
	if (found == 0)
		found = find_frame_in(plan, thread, (struct search){.to_heap = true});
	if (found == 0 && !in_heap)
		found = find_frame_in(plan, thread, (struct search){.to_heap = true, .bare = true});
	if (found != 0)
		*ret_len = snapshot_find_map(plan->snapshot, found)->end - found;
	return found;
}

// True when the words AT in a copied stack of LEN bytes can be what a call of C notes: a distance
// and a goroutine, near a return address.
static bool is_call(const struct plan *plan, const unsigned char *stack, size_t at)
{
	uint64_t words[2], behind[2] = {0};

	memcpy(words, stack + at, sizeof(words));
	if (words[0] % WORD != 0 || words[0] < 2 * WORD || words[0] > STACK_MAX ||
		words[1] % WORD != 0 || !is_heap(words[1]))
		return false;
	if (at >= WORD)
		memcpy(&behind[0], stack + at - WORD, WORD);
	if (at >= NOTES_AT + WORD)
		memcpy(&behind[1], stack + at - NOTES_AT - WORD, WORD);
	return at < NOTES_AT + WORD || is_code(plan, behind[0]) || is_code(plan, behind[1]);
}

// The stack of the goroutine that made the call of C which is noted in WORDS.
static uint64_t find_caller(const struct plan *plan, const struct snapshot_thread *thread,
	const uint64_t words[2], size_t *ret_len)
{
	uint64_t bounds[2], ra;

	if (memory_read(thread->tid, plan->memory_fd, words[1], bounds, sizeof(bounds)) !=
			sizeof(bounds) ||
		bounds[0] >= bounds[1] || bounds[1] - bounds[0] > STACK_MAX ||
		words[0] > bounds[1] - bounds[0] ||
		memory_read(thread->tid, plan->memory_fd, bounds[1] - words[0], &ra, WORD) !=
			WORD ||
		!is_code(plan, ra))
		return 0;
	// What is below, too, unless it is much: a call of the vDSO, and one of C that is over,
	// leave notes of calls behind.
	uint64_t len = words[0] + BELOW > WHOLE ? words[0] + BELOW : WHOLE;
	*ret_len = len < bounds[1] - bounds[0] ? len : bounds[1] - bounds[0];
	return bounds[1] - *ret_len;
}

static uint64_t find_call(
	const struct plan *plan, const struct snapshot_thread *thread, size_t *ret_len)
{
	const unsigned char *stack = plan->stacks + thread->stack_offset;
	size_t len = thread->stack_len < CALLS_SEARCHED ? thread->stack_len : CALLS_SEARCHED;
	uint64_t words[2], found = 0;
	unsigned tried = 0;

	for (size_t at = 0; found == 0 && tried < TRIED_MAX && at + sizeof(words) <= len;
		at += WORD) {
		if (!is_call(plan, stack, at))
			continue;
		memcpy(words, stack + at, sizeof(words));
		tried++;
		found = find_caller(plan, thread, words, ret_len);
	}
	return found;
}

uint64_t gostack_find(
	const struct plan *plan, const struct snapshot_thread *thread, size_t *ret_len)
{
	bool in_heap = is_heap(thread->regs[ARCH_REG_SP]);
	uint64_t found = in_heap ? 0 : find_call(plan, thread, ret_len);

	return found != 0 ? found : find_frame(plan, thread, ret_len);
}

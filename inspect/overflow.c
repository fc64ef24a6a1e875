// SPDX-License-Identifier: GPL-2.0-or-later
// Stack pointers, guards and faults.
#include "overflow.h"

// From the stack pointer in the trampoline.
#if defined(__x86_64__)
enum { TRAP_AT = 200, FAULT_AT = 216, PAGE_FAULT = 14 }; // trapno and cr2 of struct sigcontext
#elif defined(__aarch64__)
enum { FAULT_AT = 128 + 176 }; // fault_address of struct sigcontext, behind struct siginfo
#endif

enum {
	RED_ZONE = 128, // bytes below the stack pointer that a function may use
	WORD = 8,
	FRAME_MAX = 1 << 16, // a fault that far below the stack pointer was not for its frame
	GAP_MAX = 1 << 20,   // the gap that the kernel keeps below a stack that grows
};

static bool is_stack(const struct snapshot_map *map)
{
	return map->writable && map->module == SNAPSHOT_NO_MODULE;
}

static bool is_guard(const struct snapshot_map *map)
{
	return !map->writable && !map->executable && map->module == SNAPSHOT_NO_MODULE;
}

// The first mapping that ends above ADDR, or NULL.
static const struct snapshot_map *map_from(const struct snapshot *snapshot, uint64_t addr)
{
	size_t low = 0, high = snapshot->map_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (snapshot->maps[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low < snapshot->map_count ? &snapshot->maps[low] : NULL;
}

bool overflow_is_at(const struct snapshot *snapshot, uint64_t sp, uint64_t fault)
{
	const struct snapshot_map *map = map_from(snapshot, sp);
	const struct snapshot_map *end = snapshot->maps + snapshot->map_count;

	if (!map)
		return false;
	if (map->start <= sp && is_guard(map))
		return map + 1 < end && map[1].start == map->end && is_stack(&map[1]);
	if (!is_stack(map))
		return false;
	// A stack that grows has a gap below, in which a large frame may end.
	if (fault != 0 && fault < map->start && map->start - fault <= GAP_MAX &&
		(sp < fault || sp - fault <= FRAME_MAX)) {
		const struct snapshot_map *hit = map_from(snapshot, fault);
		return hit && (hit == map || is_guard(hit));
	}
	return map->start <= sp && sp - map->start < RED_ZONE + WORD && map > snapshot->maps &&
	       map[-1].end == map->start && is_guard(&map[-1]);
}

uint64_t overflow_fault(
	struct space *space, const struct snapshot_thread *thread, const struct frame_regs *frame)
{
	uint64_t sp = frame->values[ARCH_REG_SP], fault;

#if defined(__x86_64__)
	uint64_t trap;
	if (space_read_word(space, thread, sp + TRAP_AT, &trap) < 0 || trap != PAGE_FAULT)
		return 0;
#endif
	return space_read_word(space, thread, sp + FAULT_AT, &fault) < 0 ? 0 : fault;
}

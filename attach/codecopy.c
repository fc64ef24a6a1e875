// SPDX-License-Identifier: GPL-2.0-or-later
// Code that is in no file.
#include "codecopy.h"

#include "cleanup.h"
#include "memory.h"
#include "order.h"

#include <string.h>

enum {
	PAGE = 4096,
	BEFORE = 3 * PAGE, // bytes copied before an address, from its page on
	BEHIND = 3 * PAGE, // and behind its page
	PAGES_LOG = 12,    // of the number of pages copied
	PAGES_MAX = 1 << PAGES_LOG,
	MAPS_MAX = 1 << 12,      // mappings of such code that are looked at
	SEARCHED_MAX = 64 << 20, // bytes of stacks looked through
	COPY_MS = 1000,          // until a helper that is stuck is killed
};

// How the paths begin of what is no file but memory that is shared, proc_pid_maps(5).
static const char *const prefixes[] = {"/memfd:", "/dev/zero (deleted)", "/SYSV", "/anon_hugepage"};

// The pages that are wanted: a set of their numbers.
struct pages {
	const struct snapshot_map *maps[MAPS_MAX]; // ascending
	size_t map_count;
	uint64_t rows[PAGES_MAX];
	size_t count;
	uint64_t slots[2 << PAGES_LOG]; // a page's number, or 0
};

// True when what is executed in MAP may have been made at run time.
static bool is_made(const struct snapshot *snapshot, const struct snapshot_map *map)
{
	// In the kernel's half there is only [vsyscall], which nobody can read.
	if (!map->executable || map->start >> 63)
		return false;
	if (map->module == SNAPSHOT_NO_MODULE)
		return true;
	const struct snapshot_module *module = &snapshot->modules[map->module];
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(module->path, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return module->source == SNAPSHOT_SOURCE_NONE;
}

static void list_maps(const struct snapshot *snapshot, struct pages *pages)
{
	for (size_t i = 0; i < snapshot->map_count && pages->map_count < MAPS_MAX; i++)
		if (is_made(snapshot, &snapshot->maps[i]))
			pages->maps[pages->map_count++] = &snapshot->maps[i];
}

// The mapping of PAGES that holds ADDR, or NULL.
static const struct snapshot_map *find_map(const struct pages *pages, uint64_t addr)
{
	size_t low = 0, high = pages->map_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (addr < pages->maps[middle]->start)
			high = middle;
		else if (addr >= pages->maps[middle]->end)
			low = middle + 1;
		else
			return pages->maps[middle];
	}
	return NULL;
}

static void add_page(struct pages *pages, uint64_t number)
{
	const size_t mask = (2 << PAGES_LOG) - 1;
	size_t at = (number * UINT64_C(0x9e3779b97f4a7c15)) >> (63 - PAGES_LOG);

	while (pages->slots[at] != 0 && pages->slots[at] != number)
		at = (at + 1) & mask;
	if (pages->slots[at] == number || pages->count == PAGES_MAX)
		return;
	pages->slots[at] = number;
	pages->rows[pages->count++] = number;
}

// Adds the pages around ADDR, if that is such code.
static void add_address(struct pages *pages, uint64_t addr)
{
	const struct snapshot_map *map = find_map(pages, addr);

	if (!map)
		return;
	uint64_t first = addr & ~(uint64_t)(PAGE - 1), end = first + PAGE;
	first = first - map->start > BEFORE ? first - BEFORE : map->start;
	end = map->end - end > BEHIND ? end + BEHIND : map->end;
	for (uint64_t at = first; at < end; at += PAGE)
		add_page(pages, at / PAGE);
}

static void add_words(struct pages *pages, const unsigned char *bytes, size_t len)
{
	uint64_t word, low = pages->maps[0]->start, high = pages->maps[pages->map_count - 1]->end;

	for (size_t at = 0; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, bytes + at, sizeof(word));
		if (word >= low && word < high)
			add_address(pages, word);
	}
}

// Adds what the captured threads of PLAN are in, and then what they may return to.
static void add_threads(const struct plan *plan, struct pages *pages)
{
	size_t searched = 0;

	for (size_t i = 0; i < plan->thread_count; i++)
		if (plan->threads[i].status == SNAPSHOT_THREAD_CAPTURED)
			add_address(pages, plan->threads[i].regs[ARCH_REG_PC]);
	for (size_t i = 0; i < plan->thread_count && searched < SEARCHED_MAX; i++) {
		const struct snapshot_thread *thread = &plan->threads[i];
		if (thread->status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		searched += thread->stack_len + thread->left_len;
		add_words(pages, plan->stacks + thread->stack_offset, thread->stack_len);
		add_words(pages, plan->stacks + thread->left_offset, thread->left_len);
	}
}

// Copies COUNT pages from ADDR on; *RET_LEN is how many bytes there were before the first that is
// missing. Returns false when there is no room.
static bool copy_run(struct plan *plan, uint64_t addr, size_t count, size_t *ret_len)
{
	size_t len = count * PAGE;

	*ret_len = 0;
	if (plan->part_count == SNAPSHOT_PARTS_MAX ||
		len > plan->stacks_capacity - plan->stacks_len)
		return false;
	ssize_t n =
		memory_read(plan->pid, plan->memory_fd, addr, plan->stacks + plan->stacks_len, len);
	if (n <= 0)
		return true;
	*ret_len = (size_t)n;
	plan->parts[plan->part_count] = (struct snapshot_part){addr, plan->stacks_len, *ret_len};
	plan->stacks_len += *ret_len;
	plan->part_count++;
	return true;
}

// Copies the PAGES, those that lie side by side at once.
static void copy_pages(struct plan *plan, struct pages *pages)
{
	size_t len;

	qsort(pages->rows, pages->count, sizeof(*pages->rows), order_u64);
	for (size_t first = 0, end; first < pages->count; first = end) {
		for (end = first + 1; end < pages->count &&
				      pages->rows[end] == pages->rows[first] + (end - first);)
			end++;
		if (!copy_run(plan, pages->rows[first] * PAGE, end - first, &len))
			return;
		// A page that is missing costs itself only.
		if (len < (end - first) * PAGE)
			end = first + len / PAGE + 1;
	}
}

bool codecopy_is_needed(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->map_count; i++)
		if (is_made(snapshot, &snapshot->maps[i]))
			return true;
	return false;
}

void codecopy_take(struct plan *plan)
{
	if (plan->code_tried || !plan->parts)
		return;
	plan->code_tried = true;
	plan_allow(plan, COPY_MS);
	size_t used = plan->borrowed.used;
	struct pages *pages = plan_borrow(plan, 1, sizeof(*pages));
	if (!pages)
		return;
	list_maps(plan->snapshot, pages);
	add_threads(plan, pages);
	plan->stacks_len = (plan->stacks_len + 15) & ~(size_t)15;
	if (plan->stacks_len <= plan->stacks_capacity)
		copy_pages(plan, pages);
	plan_give_back(plan, used);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Reading goroutines.
#include "parked.h"

#include "cleanup.h"
#include "clock.h"
#include "order.h"

#include <stdio.h>
#include <string.h>

enum {
	SAMPLE = 64,            // of a candidate for the list
	GO_STACK_MAX = 1 << 30, // bytes that a goroutine's stack can have
	WORDS_MAX = 64,         // things that a goroutine can wait for
	WORD_LEN = 16,          // a string of Go: its address and its length
	STATUS_RUNNING = 2,
	STATUS_SYSCALL = 3,
	STATUS_COPIED = 8,    // a thread runs it, whose stack is being moved
	STATUS_SCAN = 0x1000, // it is being looked at by the collector
	STATUS_MAX = 9,
	READ_US = 1000000, // that all of the reading may take
};

// What a goroutine's status means, for those that no thread runs.
static const struct {
	uint32_t status;
	enum goroutine_state state;
} states[] = {{1, GOROUTINE_RUNNABLE}, {4, GOROUTINE_WAITING}, {9, GOROUTINE_PREEMPTED}};

// A goroutine as it lies in memory.
struct go {
	uint64_t addr, low, high, sp, pc, self, bp, id, since;
	uint32_t status;
	uint8_t wait;
};

struct reader {
	struct space *space;
	struct goruntime runtime;
	struct parked *parked;
	struct go *gos;              // those that no thread runs, parallel to the rows
	struct memory_range *ranges; // MEMORY_RANGES_MAX
	unsigned char *bytes;        // MEMORY_BYTES_MAX
	uint64_t deadline_us;
};

static uint64_t word_at(const unsigned char *bytes, size_t at)
{
	uint64_t word;

	memcpy(&word, bytes + at, sizeof(word));
	return word;
}

// Reads the first COUNT of the reader's ranges to its bytes.
static int read_ranges(struct reader *reader, size_t count)
{
	struct space *space = reader->space;

	// A target can make each of them slow.
	if (clock_now_us() > reader->deadline_us)
		return -EIO;
	return space->read_memory(space->open_debug_arg, reader->ranges, count, reader->bytes);
}

// Reads LEN bytes at ADDR to the reader's bytes. Returns 1, 0 when they are not there, or -errno.
static int read_one(struct reader *reader, uint64_t addr, uint64_t len)
{
	reader->ranges[0] = (struct memory_range){addr, len};
	int r = read_ranges(reader, 1);

	return r < 0 ? r : reader->ranges[0].len > 0;
}

static struct go take_go(const struct reader *reader, const unsigned char *bytes, uint64_t addr)
{
	const struct goruntime_layout *layout = reader->runtime.layout;
	struct go go = {.addr = addr,
		.low = word_at(bytes, 0),
		.high = word_at(bytes, 8),
		.sp = word_at(bytes, layout->sp),
		.pc = word_at(bytes, layout->pc),
		.self = word_at(bytes, layout->self),
		.bp = word_at(bytes, layout->bp),
		.id = word_at(bytes, layout->id),
		.since = word_at(bytes, layout->since),
		.wait = bytes[layout->wait]};

	memcpy(&go.status, bytes + layout->status, sizeof(go.status));
	return go;
}

// The index in states of what GO does, or -1: a thread runs it, or it is over.
static int find_state(const struct go *go)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if ((go->status & ~(uint32_t)STATUS_SCAN) == states[i].status)
			return (int)i;
	return -1;
}

// True when a thread runs GO.
static bool is_run(const struct go *go)
{
	uint32_t status = go->status & ~(uint32_t)STATUS_SCAN;

	return status == STATUS_RUNNING || status == STATUS_SYSCALL || status == STATUS_COPIED;
}

// Notes that the goroutine ID, for which there is room, is there, too.
static void add_other(struct parked *parked, uint64_t id, bool ran)
{
	parked->others[parked->other_count++] = (struct parked_other){id, ran};
}

// True when GO can be a goroutine.
static bool is_go(const struct go *go)
{
	if ((go->status & ~(uint32_t)STATUS_SCAN) > STATUS_MAX || go->id > UINT64_MAX / 2)
		return false;
	if (find_state(go) < 0)
		return true; // what it has may be of another
	return go->low % 8 == 0 && go->low < go->high && go->high - go->low <= GO_STACK_MAX &&
	       go->sp % 8 == 0 && go->sp >= go->low && go->sp < go->high && go->pc != 0 &&
	       go->self == go->addr && go->id > 0;
}

// Reads the goroutines at COUNT ADDRS, MEMORY_RANGES_MAX at most, to GOS. One that is not there has
// the address 0.
static int read_gos(struct reader *reader, const uint64_t *addrs, size_t count, struct go *gos)
{
	int r;

	for (size_t i = 0; i < count; i++)
		reader->ranges[i] = (struct memory_range){addrs[i], GORUNTIME_G_LEN};
	if ((r = read_ranges(reader, count)) < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		gos[i] = reader->ranges[i].len > 0
				 ? take_go(reader, reader->bytes + i * GORUNTIME_G_LEN, addrs[i])
				 : (struct go){0};
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct go *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

// True when the COUNT GOS are goroutines, with different numbers where these count.
static bool are_gos(struct go *gos, size_t count)
{
	size_t parked = 0;

	for (size_t i = 0; i < count; i++) {
		if (gos[i].addr == 0 || !is_go(&gos[i]))
			return false;
		if (find_state(&gos[i]) >= 0)
			gos[parked++] = gos[i];
	}
	qsort(gos, parked, sizeof(*gos), compare_ids);
	for (size_t i = 1; i < parked; i++)
		if (gos[i].id == gos[i - 1].id)
			return false;
	return true;
}

// True when the COUNT addresses of the list at LIST are of goroutines, as far as a sample shows: 1,
// 0 or -errno.
static int is_list(struct reader *reader, uint64_t list, uint64_t count)
{
	uint64_t addrs[SAMPLE];
	struct go gos[SAMPLE];
	size_t taken = count < SAMPLE ? (size_t)count : SAMPLE;
	int r = read_one(reader, list, taken * sizeof(addrs[0]));

	if (r <= 0)
		return r;
	memcpy(addrs, reader->bytes, taken * sizeof(addrs[0]));
	if ((r = read_gos(reader, addrs, taken, gos)) < 0)
		return r;
	return are_gos(gos, taken);
}

// Finds the list of all goroutines: where it begins, and how many there are. Returns 1, 0 when
// there is none, or more than one that could be it, or -errno.
static int find_list(struct reader *reader, uint64_t *ret_list, uint64_t *ret_count)
{
	const struct goruntime *runtime = &reader->runtime;
	uint64_t slices[GORUNTIME_CANDIDATES_MAX][3], found = 0;
	int r;

	for (size_t i = 0; i < runtime->list_count; i++)
		reader->ranges[i] = (struct memory_range){runtime->lists[i], sizeof(slices[0])};
	if ((r = read_ranges(reader, runtime->list_count)) < 0)
		return r;
	for (size_t i = 0; i < runtime->list_count; i++) {
		memcpy(slices[i], reader->bytes + i * sizeof(slices[0]), sizeof(slices[0]));
		if (reader->ranges[i].len == 0)
			slices[i][0] = 0;
	}
	for (size_t i = 0; i < runtime->list_count; i++) {
		const uint64_t *slice = slices[i]; // its address, length and capacity
		if (slice[0] == 0 || slice[0] % 8 != 0 || slice[1] == 0 || slice[1] > slice[2] ||
			slice[2] > UINT32_MAX || slice[0] == found)
			continue;
		if ((r = is_list(reader, slice[0], slice[1])) < 0)
			return r;
		if (r > 0 && found != 0)
			return 0;
		if (r > 0) {
			found = slice[0];
			*ret_list = slice[0];
			*ret_count = slice[1];
		}
	}
	return found != 0;
}

// Keeps those of the COUNT GOS that no thread runs, in their first *KEPT rows, and notes the
// others.
static void sort_out(
	struct parked *parked, const struct go *gos, size_t count, struct go *rows, size_t *kept)
{
	for (size_t i = 0; i < count; i++) {
		const struct go *go = &gos[i];
		if (go->addr == 0 || !is_go(go) || (is_run(go) && go->id == 0))
			parked->whole = false;
		else if (find_state(go) >= 0)
			rows[(*kept)++] = *go;
		else if (is_run(go))
			add_other(parked, go->id, true);
	}
}

// Reads the COUNT goroutines of the list at LIST, and keeps those that no thread runs.
static int read_list(struct reader *reader, uint64_t list, uint64_t count)
{
	auto_free uint64_t *addrs = calloc(count + 1, sizeof(*addrs));
	auto_free struct go *gos = calloc(count + MEMORY_RANGES_MAX, sizeof(*gos));
	struct parked *parked = reader->parked;
	int r;

	parked->others = calloc(count + 1, sizeof(*parked->others));
	if (!addrs || !gos || !parked->others)
		return -ENOMEM;
	parked->whole = true;
	if ((r = read_one(reader, list, count * sizeof(*addrs))) <= 0)
		return r;
	memcpy(addrs, reader->bytes, count * sizeof(*addrs));
	size_t kept = 0;
	for (size_t first = 0; first < count; first += MEMORY_RANGES_MAX) {
		size_t part = count - first < MEMORY_RANGES_MAX ? count - first : MEMORY_RANGES_MAX;
		struct go *to = gos + kept;
		if ((r = read_gos(reader, addrs + first, part, to)) < 0)
			return r;
		sort_out(parked, to, part, gos, &kept);
	}
	qsort(gos, kept, sizeof(*gos), compare_ids);
	parked->total = kept;
	parked->count = kept < GOROUTINES_MAX ? kept : GOROUTINES_MAX;
	for (size_t i = parked->count; i < kept; i++)
		add_other(parked, gos[i].id, false);
	reader->gos = take_ptr(gos);
	return 1;
}

// Reads the stacks of all goroutines, each of LEN[i] bytes, one behind the other to TO.
static int read_stacks(struct reader *reader, uint64_t *lens, unsigned char *to)
{
	size_t count = reader->parked->count;
	int r = 0;

	for (size_t first = 0, end; r == 0 && first < count; first = end) {
		uint64_t bytes = 0;
		for (end = first; end < count && end - first < MEMORY_RANGES_MAX / 2 &&
				  bytes + lens[end] <= MEMORY_BYTES_MAX / 2;
			end++) {
			reader->ranges[end - first] =
				(struct memory_range){reader->gos[end].sp, lens[end]};
			bytes += lens[end];
		}
		r = read_ranges(reader, end - first);
		if (r == 0)
			memcpy(to, reader->bytes, bytes);
		for (size_t i = first; r == 0 && i < end; i++)
			if (reader->ranges[i - first].len == 0)
				memset(to, 0, bytes); // none of them, then
		to += bytes;
	}
	return r;
}

// Since when GO, which is in STATE, is known to wait, or 0. One that does not wait may have a time
// that is over.
static uint64_t since_of(const struct go *go, enum goroutine_state state)
{
	return state == GOROUTINE_WAITING && go->since <= INT64_MAX ? go->since : 0;
}

// Takes the stacks, as far as there is room for all of them, and looks at all again: keeps what was
// at rest.
static int take_stacks(struct reader *reader)
{
	struct parked *parked = reader->parked;
	size_t count = parked->count, kept = 0, at = 0;
	uint64_t most = PARKED_STACKS_MAX / (count + 1);
	auto_free uint64_t *lens = calloc(count + 1, sizeof(*lens));
	auto_free uint64_t *addrs = calloc(count + 1, sizeof(*addrs));
	auto_free struct go *again = calloc(count + 1, sizeof(*again));
	uint64_t all = 0;
	int r = 0;

	parked->rows = calloc(count + 1, sizeof(*parked->rows));
	if (!lens || !addrs || !again || !parked->rows)
		return -ENOMEM;
	most = (most < PARKED_STACK_MAX ? most : PARKED_STACK_MAX) & ~UINT64_C(7);
	for (size_t i = 0; i < count; i++) {
		uint64_t len = reader->gos[i].high - reader->gos[i].sp;
		addrs[i] = reader->gos[i].addr;
		lens[i] = len < most ? len : most;
		all += lens[i];
	}
	unsigned char *stacks = parked->stacks = malloc(all + 1);
	auto_free unsigned char *second = malloc(all + 1);
	if (!stacks || !second)
		return -ENOMEM;
	if ((r = read_stacks(reader, lens, stacks)) < 0 ||
		(r = read_stacks(reader, lens, second)) < 0)
		return r;
	for (size_t first = 0; r == 0 && first < count; first += MEMORY_RANGES_MAX)
		r = read_gos(reader, addrs + first,
			count - first < MEMORY_RANGES_MAX ? count - first : MEMORY_RANGES_MAX,
			again + first);
	for (size_t i = 0; r == 0 && i < count; at += lens[i++]) {
		struct go *go = &reader->gos[i];
		int state = find_state(go);
		// The collector notes it of goroutines that wait, and they wait on.
		go->since = again[i].since;
		if (state < 0 || memcmp(go, &again[i], sizeof(*go)) != 0 ||
			(go->status & STATUS_SCAN) ||
			memcmp(stacks + at, second + at, lens[i]) != 0) {
			add_other(parked, go->id, true);
			continue;
		}
		reader->gos[kept] = *go;
		parked->rows[kept++] = (struct parked_row){.id = go->id,
			.state = (uint8_t)states[state].state,
			.since_ns = since_of(go, states[state].state),
			.sp = go->sp,
			.pc = go->pc,
			.bp = go->bp,
			.stack_offset = at,
			.stack_len = lens[i],
			.stack_cut = lens[i] < go->high - go->sp};
	}
	parked->count = r == 0 ? kept : 0;
	parked->stacks_len = all;
	return r;
}

// True when STRINGS, which are Go's, begin as those do for which goroutines wait: 1, 0 or -errno.
static int are_words(struct reader *reader, const unsigned char *strings)
{
	static const char *const first[] = {"", "GC assist marking", "IO wait"};
	const size_t count = sizeof(first) / sizeof(first[0]);
	unsigned char *at = reader->bytes;
	int r;

	for (size_t i = 0; i < count; i++) {
		uint64_t len = word_at(strings, i * WORD_LEN + 8);
		if (len != strlen(first[i]))
			return 0;
		reader->ranges[i] = (struct memory_range){word_at(strings, i * WORD_LEN), len};
	}
	if ((r = read_ranges(reader, count)) < 0)
		return r;
	for (size_t i = 0; i < count; at += strlen(first[i++]))
		if (reader->ranges[i].len != strlen(first[i]) ||
			memcmp(at, first[i], strlen(first[i])) != 0)
			return 0;
	return 1;
}

// Finds what there is to wait for: WORDS[n] gets the address and the length of string n. Returns 1,
// 0 when it is not found, or -errno.
static int find_words(struct reader *reader, uint64_t words[WORDS_MAX][2])
{
	const struct goruntime *runtime = &reader->runtime;
	const size_t len = WORDS_MAX * sizeof(words[0]);
	bool there[GORUNTIME_CANDIDATES_MAX];
	int r;

	for (size_t i = 0; i < runtime->word_count; i++)
		reader->ranges[i] = (struct memory_range){runtime->words[i], len};
	if (runtime->word_count == 0 || (r = read_ranges(reader, runtime->word_count)) < 0)
		return runtime->word_count == 0 ? 0 : r;
	auto_free unsigned char *all = malloc(runtime->word_count * len);
	if (!all)
		return -ENOMEM;
	memcpy(all, reader->bytes, runtime->word_count * len);
	for (size_t i = 0; i < runtime->word_count; i++)
		there[i] = reader->ranges[i].len > 0;
	for (size_t i = 0; i < runtime->word_count; i++) {
		r = there[i] ? are_words(reader, all + i * len) : 0;
		if (r > 0)
			memcpy(words, all + i * len, len);
		if (r != 0)
			return r;
	}
	return 0;
}

// Notes what the goroutines that wait do that for.
static int take_words(struct reader *reader)
{
	struct parked *parked = reader->parked;
	uint64_t words[WORDS_MAX][2];
	char texts[WORDS_MAX][GOROUTINE_WAIT_SIZE] = {0};
	int r = find_words(reader, words);

	for (size_t i = 0; r > 0 && i < parked->count; i++) {
		uint8_t word = reader->gos[i].wait;
		if (parked->rows[i].state != GOROUTINE_WAITING || word >= WORDS_MAX)
			continue;
		uint64_t len = words[word][1];
		if (!texts[word][0] && len > 0 && len < GOROUTINE_WAIT_SIZE) {
			if ((r = read_one(reader, words[word][0], len)) < 0)
				return r;
			memcpy(texts[word], reader->bytes, r > 0 ? len : 0);
			r = 1;
		}
		memcpy(parked->rows[i].wait, texts[word], GOROUTINE_WAIT_SIZE);
	}
	return r < 0 ? r : 0;
}

// Reads all. Returns 0, with the reason when there is one, or -errno.
static int read_all(struct reader *reader)
{
	struct parked *parked = reader->parked;
	uint64_t list = 0, count = 0;
	int r = find_list(reader, &list, &count);

	if (r == 0)
		snprintf(parked->reason, sizeof(parked->reason),
			"their list was not found in its memory");
	if (r <= 0)
		return r;
	if (count > GOROUTINES_LISTED_MAX) {
		snprintf(parked->reason, sizeof(parked->reason),
			"their list has %llu entries, more than are looked at",
			(unsigned long long)count);
		return 0;
	}
	if ((r = read_list(reader, list, count)) <= 0)
		return r;
	if ((r = take_stacks(reader)) < 0)
		return r;
	return take_words(reader);
}

int parked_read(struct parked *ret, struct space *space, const struct goruntime *runtime)
{
	auto_free struct memory_range *ranges = calloc(MEMORY_RANGES_MAX, sizeof(*ranges));
	auto_free unsigned char *bytes = malloc(MEMORY_BYTES_MAX);
	struct reader reader = {.space = space,
		.runtime = *runtime,
		.parked = ret,
		.ranges = ranges,
		.bytes = bytes,
		.deadline_us = clock_now_us() + READ_US};

	*ret = (struct parked){.there = true, .total = UINT64_MAX};
	if (!ranges || !bytes)
		return -ENOMEM;
	int r = read_all(&reader);
	free(reader.gos);
	if (r != -EIO)
		return r;
	ret->count = 0;
	snprintf(ret->reason, sizeof(ret->reason), "their memory could not be read");
	return 0;
}

int parked_find(struct parked *ret, struct space *space)
{
	struct goruntime runtime;

	*ret = (struct parked){.total = UINT64_MAX};
	if (!goruntime_is_there(space))
		return 0;
	const char *why = goruntime_find(space, &runtime);
	if (!why)
		return parked_read(ret, space, &runtime);
	ret->there = true;
	snprintf(ret->reason, sizeof(ret->reason), "%s", why);
	return 0;
}

struct snapshot_thread parked_enter(const struct parked *parked, size_t index, struct space *space)
{
	const struct parked_row *row = &parked->rows[index];
	struct snapshot_thread thread = {.status = SNAPSHOT_THREAD_CAPTURED,
		.regs_known = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP |
			      UINT64_C(1) << ARCH_REG_FP,
		.stack_cut = row->stack_cut};

	thread.regs[ARCH_REG_PC] = row->pc;
	thread.regs[ARCH_REG_SP] = row->sp;
	thread.regs[ARCH_REG_FP] = row->bp;
	space->beside_start = row->sp;
	space->beside = parked->stacks + row->stack_offset;
	space->beside_len = row->stack_len;
	return thread;
}

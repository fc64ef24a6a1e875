// SPDX-License-Identifier: GPL-2.0-or-later
// Goroutines in memory that looks like a Go program's, and what is none, or does not stand still.
#include "cleanup.h"
#include "parked.h"
#include "unit.h"

enum {
	HEAP = 0x10000000, // any address
	HEAP_LEN = 1 << 16,
	SLICE = 0x100, // where things are in the heap
	OTHER_SLICE = 0x140,
	WORDS = 0x200,
	TEXTS = 0x700,
	LIST = 0x800,
	GOS = 0x1000,
	STACKS = 0x8000,
	STACK_LEN = 0x100,
	COUNT = 6,
};

static unsigned char heap[HEAP_LEN];
static struct space space;
static struct goruntime runtime;
static struct parked parked;
static unsigned reads;
static void (*on_read)(unsigned number);

static void put(size_t at, uint64_t value, size_t width)
{
	memcpy(heap + at, &value, width);
}

static int read_memory(void *arg, struct memory_range *ranges, size_t count, unsigned char *bytes)
{
	(void)arg;
	check_true(count > 0 && count <= MEMORY_RANGES_MAX);
	if (on_read)
		on_read(reads);
	reads++;
	for (size_t i = 0; i < count; i++) {
		size_t len = ranges[i].len;
		bool there = ranges[i].addr >= HEAP && ranges[i].addr - HEAP <= HEAP_LEN - len;
		if (there)
			memcpy(bytes, heap + (ranges[i].addr - HEAP), len);
		else
			ranges[i].len = 0;
		bytes += len;
	}
	return 0;
}

static size_t go_at(size_t number)
{
	return GOS + number * 0x200;
}

// Goroutine NUMBER with STATUS, in the form of the runtime's layout.
static void put_go(size_t number, uint32_t status, uint64_t id, uint8_t wait)
{
	const struct goruntime_layout *layout = runtime.layout;
	size_t at = go_at(number), stack = STACKS + number * STACK_LEN;

	put(at, HEAP + stack, 8);
	put(at + 8, HEAP + stack + STACK_LEN, 8);
	put(at + layout->sp, HEAP + stack + STACK_LEN - 0x20, 8);
	put(at + layout->pc, 0x401000 + number, 8);
	put(at + layout->self, HEAP + at, 8);
	put(at + layout->bp, HEAP + stack + STACK_LEN - 8, 8);
	put(at + layout->status, status, 4);
	put(at + layout->id, id, 8);
	put(at + layout->since, 1000 + id, 8);
	put(at + layout->wait, wait, 1);
	put(LIST + number * 8, HEAP + at, 8);
	put(stack + STACK_LEN - 0x20, 0x1234 + number, 8);
}

static void put_word(size_t number, const char *text)
{
	size_t at = TEXTS + number * 0x20;

	put(WORDS + number * 16, HEAP + at, 8);
	put(WORDS + number * 16 + 8, strlen(text), 8);
	memcpy(heap + at, text, strlen(text));
}

static void begin_version(unsigned version)
{
	memset(heap, 0, sizeof(heap));
	runtime = (struct goruntime){.layout = goruntime_layout(version),
		.lists = {HEAP + OTHER_SLICE, HEAP + SLICE, 0x500},
		.list_count = 3,
		.words = {HEAP + LIST, 0x500, HEAP + WORDS},
		.word_count = 3};
	check_true(runtime.layout != NULL);
	space = (struct space){.read_memory = read_memory};
	on_read = NULL;
	reads = 0;
	put(SLICE, HEAP + LIST, 8);
	put(SLICE + 8, COUNT, 8);
	put(SLICE + 16, COUNT + 2, 8);
	put_go(0, 4, 7, 2);       // waits
	put_go(1, 2, 5, 0);       // runs
	put_go(2, 1, 3, 2);       // could run
	put_go(3, 6, 3, 0);       // is over, and its number means nothing
	put_go(4, 4, 9, 1);       // waits
	put_go(5, 0x1004, 11, 2); // waits, and is being looked at
	put_word(0, "");
	put_word(1, "GC assist marking");
	put_word(2, "IO wait");
}

static void begin(void)
{
	begin_version(19);
}

static void find(void)
{
	check_int(parked_read(&parked, &space, &runtime), 0);
	check_true(parked.there);
}

static void drop(void)
{
	parked_fini(&parked);
	check_no_leak();
}

static void check_row(size_t index, uint64_t id, enum goroutine_state state, const char *wait)
{
	check_true(index < parked.count);
	check_u64(parked.rows[index].id, id);
	check_int(parked.rows[index].state, state);
	check_str(parked.rows[index].wait, wait);
}

Test(parked, of_each_layout)
{
	for (unsigned version = 18; version <= 26; version++) {
		begin_version(version);
		find();
		check_str(parked.reason, "");
		check_int(parked.total, 4);
		check_int(parked.count, 3);
		check_true(parked.whole);
		check_int(parked.other_count, 2); // one that is run, one that is being looked at
		check_u64(parked.others[0].id, 5);
		check_u64(parked.others[1].id, 11);
		check_true(parked.others[0].ran && parked.others[1].ran);
		check_row(0, 3, GOROUTINE_RUNNABLE, "");
		check_row(1, 7, GOROUTINE_WAITING, "IO wait");
		check_row(2, 9, GOROUTINE_WAITING, "GC assist marking");
		check_u64(parked.rows[0].since_ns, 0); // it does not wait
		check_u64(parked.rows[1].since_ns, 1007);
		const struct snapshot_thread thread = parked_enter(&parked, 1, &space);
		check_u64(thread.regs[ARCH_REG_PC], 0x401000);
		check_u64(thread.regs[ARCH_REG_SP], HEAP + STACKS + STACK_LEN - 0x20);
		check_u64(thread.regs[ARCH_REG_FP], HEAP + STACKS + STACK_LEN - 8);
		check_int(space.beside_len, 0x20);
		check_u64(space.beside_start, thread.regs[ARCH_REG_SP]);
		check_int(space.beside[0], 0x34);
		drop();
	}
	check_true(goruntime_layout(17) == NULL);
	check_true(goruntime_layout(27) == NULL);
	check_true(goruntime_layout(0) == NULL);
}

static void check_no_list(void)
{
	find();
	check_str(parked.reason, "their list was not found in its memory");
	check_int(parked.count, 0);
	drop();
}

Test(parked, a_list_that_is_none, .init = begin)
{
	const struct goruntime_layout *layout = runtime.layout;
	const struct {
		size_t at;
		uint64_t value;
	} rows[] = {{SLICE, HEAP + LIST + 4}, {SLICE, 0}, {SLICE, UINT64_MAX - 7}, {SLICE + 8, 0},
		{SLICE + 8, COUNT + 3}, {SLICE + 8, COUNT + 1}, {SLICE + 16, UINT64_MAX},
		{LIST + 8, 0}, {LIST + 8, HEAP + HEAP_LEN - 8}, {go_at(0), HEAP + HEAP_LEN},
		{go_at(0) + layout->sp, HEAP}, {go_at(0) + layout->sp, HEAP + STACKS + 1},
		{go_at(0) + layout->pc, 0}, {go_at(0) + layout->self, HEAP + GOS + 8},
		{go_at(0) + layout->id, 0}, {go_at(0) + layout->id, 9},
		{go_at(1) + layout->status, 10}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		put(rows[i].at, rows[i].value, rows[i].at == go_at(1) + layout->status ? 4 : 8);
		check_no_list();
	}
}

Test(parked, two_lists, .init = begin)
{
	memcpy(heap + OTHER_SLICE, heap + SLICE, 24);
	find();
	check_int(parked.count, 3); // the same one
	drop();
	put(OTHER_SLICE, HEAP + LIST + 8, 8);
	put(OTHER_SLICE + 8, COUNT - 1, 8);
	check_no_list();
}

Test(parked, too_many, .init = begin)
{
	put(SLICE + 8, 1 << 17, 8);
	put(SLICE + 16, 1 << 17, 8);
	for (size_t i = COUNT; i < 64; i++)
		put(LIST + i * 8, HEAP + go_at(1), 8);
	find();
	check_str(parked.reason, "their list has 131072 entries, more than are looked at");
	drop();
}

Test(parked, words_that_are_others, .init = begin)
{
	put(WORDS + 2 * 16 + 8, 6, 8);
	find();
	check_row(1, 7, GOROUTINE_WAITING, "");
	drop();
	begin();
	heap[TEXTS + 0x40] = 'i';
	find();
	check_row(1, 7, GOROUTINE_WAITING, "");
	drop();
	begin();
	put_go(0, 4, 7, 200);
	find();
	check_row(1, 7, GOROUTINE_WAITING, "");
	drop();
}

static unsigned changed_at, changed_what;

static void change(unsigned number)
{
	if (number != changed_at)
		return;
	if (changed_what == 0)
		put(go_at(0) + runtime.layout->pc, 0x402000, 8);
	else if (changed_what == 1)
		heap[STACKS + STACK_LEN - 1] ^= 1;
	else
		put(go_at(0) + runtime.layout->status, 2, 4);
}

// The collector may note since when one waits at any time.
static void note_since(unsigned number)
{
	if (number == changed_at)
		put(go_at(0) + runtime.layout->since, 77, 8);
}

Test(parked, since_when)
{
	for (changed_at = 0; changed_at < 10; changed_at++) {
		begin();
		put(go_at(0) + runtime.layout->since, 0, 8);
		put(go_at(4) + runtime.layout->since, UINT64_MAX, 8);
		on_read = note_since;
		find();
		check_int(parked.count, 3);
		uint64_t since_ns = parked.rows[1].since_ns;
		check_true(since_ns == 77 || (since_ns == 0 && changed_at > 5));
		check_u64(parked.rows[2].since_ns, 0); // that cannot be
		drop();
	}
}

// Whatever changes, whenever: what comes out was so at one time.
Test(parked, one_that_runs_meanwhile)
{
	begin();
	find();
	unsigned all = reads;
	drop();
	for (changed_what = 0; changed_what < 3; changed_what++) {
		unsigned missing = 0;
		for (changed_at = 0; changed_at < all; changed_at++) {
			begin();
			on_read = change;
			find();
			check_true(parked.count == 2 || parked.count == 3);
			check_int(parked.total, parked.total == 3 ? 3 : 4);
			missing += parked.count < parked.total - 1;
			drop();
		}
		// The stack between its two copies, the goroutine between its own.
		check_int(missing, changed_what == 1 ? 1 : 3);
	}
}

// One of which nobody knows what it is leaves the list with a hole; of those that are known to be,
// none is lost.
Test(parked, who_else_is_there)
{
	begin();
	put(go_at(1) + runtime.layout->id, 0, 8); // runs, and has no number
	find();
	check_false(parked.whole);
	drop();
	for (changed_what = 0; changed_what < 3; changed_what++)
		for (changed_at = 0; changed_at < 10; changed_at++) {
			begin();
			on_read = change;
			find();
			check_true(parked.whole);
			check_int(parked.count + parked.other_count, 5);
			drop();
		}
}

enum {
	MORE = GOROUTINES_MAX + 5,
	MANY = 0x20000000, // where they are
	EACH = 0x200,      // bytes of one and of its stack
};
static unsigned char *many; // they, then their list

static int read_many(void *arg, struct memory_range *ranges, size_t count, unsigned char *bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].addr >= MANY)
			memcpy(bytes, many + (ranges[i].addr - MANY), ranges[i].len);
		else
			check_int(read_memory(arg, &ranges[i], 1, bytes), 0);
		bytes += ranges[i].len;
	}
	return 0;
}

// Of more than are shown it is known who the others are.
Test(parked, more_than_are_shown, .init = begin)
{
	many = calloc(MORE, EACH + 8);
	put_go(0, 4, 1, 0);
	for (uint64_t i = 0; i < MORE; i++) {
		unsigned char *go = many + i * EACH;
		const uint64_t addr = MANY + i * EACH, id = MORE - i;
		memcpy(go, heap + go_at(0), GORUNTIME_G_LEN);
		memcpy(go, &(uint64_t){addr + 0x100}, 8);
		memcpy(go + 8, &(uint64_t){addr + 0x200}, 8);
		memcpy(go + runtime.layout->sp, &(uint64_t){addr + 0x1e0}, 8);
		memcpy(go + runtime.layout->self, &addr, 8);
		memcpy(go + runtime.layout->id, &id, 8);
		memcpy(many + MORE * EACH + i * 8, &addr, 8);
	}
	put(SLICE, MANY + MORE * EACH, 8);
	put(SLICE + 8, MORE, 8);
	put(SLICE + 16, MORE, 8);
	space.read_memory = read_many;
	find();
	check_int(parked.total, MORE);
	check_int(parked.count, GOROUTINES_MAX);
	check_true(parked.whole);
	check_int(parked.other_count, 5);
	for (size_t i = 0; i < 5; i++) {
		check_u64(parked.others[i].id, GOROUTINES_MAX + 1 + i);
		check_false(parked.others[i].ran);
	}
	parked_fini(&parked);
	free(many);
	check_no_leak();
}

static int fail_to_read(void *arg, struct memory_range *ranges, size_t count, unsigned char *bytes)
{
	(void)arg;
	(void)ranges;
	(void)count;
	(void)bytes;
	return -EIO;
}

Test(parked, memory_that_cannot_be_read, .init = begin)
{
	space.read_memory = fail_to_read;
	find();
	check_str(parked.reason, "their memory could not be read");
	drop();
}

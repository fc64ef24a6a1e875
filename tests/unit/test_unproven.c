// SPDX-License-Identifier: GPL-2.0-or-later
// Threads that a worker is told of before it is proven that they hold. Each has a pc of its own,
// where nothing is known of the code: so that is its chain.
#include "lives.h"
#include "no_file.h"
#include "unit.h"
#include "wire.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { COUNT = 5, STACK = 64 };

// Hears what is not proven, and goes; the second one works.
static int leave_once(const struct work *work)
{
	static struct wire_record record;
	static struct wire_in in;
	int fd;

	if (++*lives > 1)
		return worker_live(work);
	wire_in_init(&in, work->socket);
	while (wire_receive(&in, &record, &fd) > 0)
		if (record.type == WIRE_UNPROVEN)
			return 1;
	return 2;
}

static struct snapshot_thread thread_at(uint64_t pc, size_t number)
{
	struct snapshot_thread thread = {.tid = (pid_t)number + 1,
		.status = SNAPSHOT_THREAD_MOVING,
		.regs_known = SNAPSHOT_ALL_REGS,
		.stack_offset = number * STACK,
		.stack_len = STACK};

	thread.regs[ARCH_REG_PC] = pc;
	thread.regs[ARCH_REG_SP] = 0x7000000 + number * STACK;
	return thread;
}

// What a capture may make of it.
static void prove(struct snapshot_thread *thread, bool as_told)
{
	thread->status = SNAPSHOT_THREAD_CAPTURED;
	thread->as_told = as_told;
}

struct told {
	struct inspection *inspection;
	struct snapshot_thread threads[COUNT];
	struct snapshot snapshot;
	struct stacks stacks;
};

// Tells a worker that does LIVE of four threads, which are not proven, of the process after BEFORE
// others.
static void tell(struct told *told, const struct inspect_options *options, size_t before)
{
	struct error err = {0};
	size_t len;

	lives = mmap(
		NULL, sizeof(*lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check_int(inspect_open(options, &told->inspection, &err), 0);
	for (size_t i = 0; i < COUNT; i++)
		told->threads[i] = thread_at(0x1000 * (i + 1), i);
	told->snapshot = (struct snapshot){.threads = told->threads,
		.thread_count = COUNT - 1,
		.stacks = inspect_room(told->inspection, &len),
		.stacks_len = COUNT * STACK};
	told->threads[3].stack_len = 0; // it was on a CPU
	for (size_t i = 0; i <= before; i++) {
		inspect_begin(told->inspection);
		inspect_modules(told->inspection, &told->snapshot);
		memset(told->snapshot.stacks, 0, COUNT * STACK);
		inspect_unproven(told->inspection, &told->snapshot);
		if (i == before)
			break;
		inspect_threads(told->inspection, &told->snapshot);
		check_int(inspect_finish(
				  told->inspection, &told->snapshot, NULL, &told->stacks, &err),
			0);
	}
}

static void finish(struct told *told)
{
	struct error err = {0};

	inspect_threads(told->inspection, &told->snapshot);
	check_int(inspect_finish(told->inspection, &told->snapshot, NULL, &told->stacks, &err), 0);
}

static void check_chain(const struct told *told, size_t index, uint64_t pc)
{
	const struct stack *stack = &told->stacks.stacks[index];

	check_u64(stack->frame_count, pc != 0);
	if (pc == 0)
		return;
	check_u64(stack->frames[0].pc, pc);
	// Nobody looks where frames lie that nobody has.
	check_true(stack->frames[0].location >= 0 && stack->frames[0].location < 4);
}

static void end(struct told *told, int workers)
{
	check_int(*(volatile int *)lives, workers);
	stacks_fini(&told->stacks);
	inspect_close(told->inspection);
	munmap(lives, sizeof(*lives));
	check_int(waitpid(-1, NULL, WNOHANG), -1);
}

static const struct inspect_options options = {.worker = {.max_frames = 8},
	.timeout_ms = 5000,
	.open_file = no_file,
	.live = count_and_live};

Test(unproven, those_that_hold_are_not_unwound_again)
{
	static struct told told;

	for (size_t before = 0; before < 2; before++) {
		tell(&told, &options, before);
		// It holds: so nobody looks at what is told of it now.
		prove(&told.threads[0], true);
		told.threads[0].regs[ARCH_REG_PC] = 0x1111;
		// These moved, the last to its end; that was on a CPU; that is new.
		prove(&told.threads[1], false);
		told.threads[1].regs[ARCH_REG_PC] = 0x2222;
		told.threads[2].status = SNAPSHOT_THREAD_GONE;
		prove(&told.threads[3], false);
		told.threads[3].stack_len = STACK;
		prove(&told.threads[4], false);
		told.snapshot.thread_count = COUNT;
		finish(&told);
		check_chain(&told, 0, 0x1000);
		check_chain(&told, 1, 0x2222);
		check_chain(&told, 2, 0);
		check_chain(&told, 3, 0x4000);
		check_chain(&told, 4, 0x5000);
		end(&told, 1);
	}
}

Test(unproven, all_hold)
{
	static struct told told;

	// The last one has no stack: it was none of those that were told.
	for (size_t count = 3; count <= 4; count++) {
		tell(&told, &options, 0);
		told.snapshot.thread_count = count;
		for (size_t i = 0; i < count; i++)
			prove(&told.threads[i], i < 3);
		finish(&told);
		for (size_t i = 0; i < count; i++)
			check_chain(&told, i, 0x1000 * (i + 1));
		end(&told, 1);
	}
}

// Nothing that it was told of them is told to the next one.
Test(unproven, its_worker_is_gone)
{
	static struct told told;
	struct inspect_options leaving = options;

	leaving.live = leave_once;
	tell(&told, &leaving, 0);
	told.snapshot.thread_count = 3;
	for (size_t i = 0; i < 3; i++) {
		prove(&told.threads[i], true);
		told.threads[i].regs[ARCH_REG_PC] += 0x111;
	}
	finish(&told);
	for (size_t i = 0; i < 3; i++)
		check_chain(&told, i, 0x1000 * (i + 1) + 0x111);
	end(&told, 2);
}

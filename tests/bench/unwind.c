// SPDX-License-Identifier: GPL-2.0-or-later
// `unwind [THREADS]`: what a frame costs the engines, without capture, names and output: a chain of
// its own, 26 frames deep, unwound as so many threads. Prints "ENGINE FIRST_US WARM_NS": the first
// stack in microseconds, and nanoseconds a frame of all others.
#include "unwind.h"
#include "clock.h"
#include "self_snapshot.h"

enum { DEPTH = 24, FRAMES_MAX = 200, THREADS = 20000 };

static void measure(const struct unwinder *unwinder, const struct snapshot *snapshot, int threads)
{
	static struct unwind_frame frames[FRAMES_MAX];
	struct stack_end end = {0};
	struct space space;
	size_t count = 0, sum = 0;
	uint64_t begin = clock_now_us(), first;

	if (space_init(&space, snapshot) < 0)
		abort();
	void *engine = unwinder->open(&space);
	unwinder->unwind(engine, &snapshot->threads[0], frames, FRAMES_MAX, &count, &end);
	if (end.status != STACK_COMPLETE || count < DEPTH)
		abort();
	first = clock_now_us() - begin;
	begin = clock_now_us();
	for (int i = 0; i < threads; i++, sum += count)
		unwinder->unwind(engine, &snapshot->threads[0], frames, FRAMES_MAX, &count, &end);
	printf("%s %llu %llu\n", unwinder->name, (unsigned long long)first,
		(unsigned long long)(1000 * (clock_now_us() - begin) / sum));
	unwinder->close(engine);
	space_fini(&space);
}

__attribute__((noinline)) static int descend(int depth, int threads)
{
	volatile char padding[64];
	int r = 0;

	padding[depth % 64] = 1;
	if (depth > 0) {
		r = descend(depth - 1, threads);
	} else {
		ucontext_t context;
		struct snapshot snapshot;
		getcontext(&context);
		self_snapshot(&snapshot, &context, 8 << 20);
		measure(&unwinder_rows, &snapshot, threads);
		measure(&unwinder_libunwind, &snapshot, threads / 20 + 1);
		snapshot_fini(&snapshot);
	}
	return r + padding[depth % 64];
}

int main(int argc, char **argv)
{
	return descend(DEPTH, argc > 1 ? atoi(argv[1]) : THREADS) == 0;
}

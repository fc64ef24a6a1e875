// SPDX-License-Identifier: GPL-2.0-or-later
// The engines over a snapshot of this very program, whose chain is known.
#include "leftstack.h"
#include "self_snapshot.h"
#include "unwind.h"

#include <signal.h>
#include <sys/stat.h>

enum { DEPTH = 20, FRAMES_MAX = 200 };

static const struct unwinder *const unwinders[] = {
	&unwinder_rows, &unwinder_libunwind, &unwinder_libdwfl};
enum { UNWINDER_COUNT = sizeof(unwinders) / sizeof(unwinders[0]) };

static struct unwind_frame found[UNWINDER_COUNT][FRAMES_MAX]; // by each
static uint64_t true_chain[DEPTH + 2]; // return addresses, the innermost first
static size_t true_count;

// Recurses to DEPTH, notes every return address, and unwinds there.
__attribute__((noinline)) static int descend(int depth, int (*at_end)(void))
{
	volatile char padding[64];
	int r;

	padding[depth % 64] = 1;
	true_chain[depth] = (uint64_t)(uintptr_t)__builtin_return_address(0);
	if (depth == 0)
		r = at_end();
	else
		r = descend(depth - 1, at_end);
	return r + padding[depth % 64];
}

static size_t stack_bytes;
static size_t frames_max;
static struct stack_end ends[UNWINDER_COUNT];
static size_t counts[UNWINDER_COUNT];

static int unwind_here(void)
{
	ucontext_t context;
	struct snapshot snapshot;

	getcontext(&context);
	self_snapshot(&snapshot, &context, stack_bytes);
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		struct space space;
		check_int(space_init(&space, &snapshot), 0);
		void *engine = unwinders[i]->open(&space);
		check_true(engine != NULL);
		unwinders[i]->unwind(
			engine, &snapshot.threads[0], found[i], frames_max, &counts[i], &ends[i]);
		unwinders[i]->close(engine);
		space_fini(&space);
	}
	snapshot_fini(&snapshot);
	true_count = DEPTH + 1;
	return 0;
}

static void run(size_t bytes, size_t max)
{
	stack_bytes = bytes;
	frames_max = max;
	descend(DEPTH, unwind_here);
}

Test(unwind, every_engine_finds_the_true_chain)
{
	run(8 << 20, FRAMES_MAX);
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		const struct unwind_frame *frames = found[i];
		check_int(ends[i].status, STACK_COMPLETE);
		check_str(ends[i].reason, "");
		// Frame 0 is unwind_here(), frame 1 returns into descend(0).
		check_true(counts[i] > true_count + 1);
		for (size_t f = 0; f < true_count; f++)
			check_u64(frames[f + 2].pc, true_chain[f]);
		check_true(frames[0].activation && !frames[1].activation);
		check_int(frames[0].via, FRAME_VIA_REGISTERS);
		check_int(frames[1].via, FRAME_VIA_CFI);
	}
	check_no_leak();
}

Test(unwind, a_short_copy_is_said)
{
	run(256, FRAMES_MAX);
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		check_int(ends[i].status, STACK_PARTIAL);
		check_true(strstr(
			ends[i].reason, "was not copied (the stack is larger than the copy)"));
		check_true(counts[i] >= 1 && counts[i] < true_count);
	}
}

Test(unwind, too_many_frames_are_cut_and_said)
{
	run(8 << 20, 5);
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		check_int(ends[i].status, STACK_PARTIAL);
		check_str(ends[i].reason, "cut after 5 frames (--max-frames)");
		check_int(counts[i], 5);
	}
}

// A thread whose pc is ADDR: nothing can be known but that.
static void unwind_at(uint64_t addr, uint64_t regs_known)
{
	ucontext_t context;
	struct snapshot snapshot;

	getcontext(&context);
	self_snapshot(&snapshot, &context, 4096);
	snapshot.threads[0].regs[ARCH_REG_PC] = addr;
	snapshot.threads[0].regs_known = regs_known;
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		struct space space;
		check_int(space_init(&space, &snapshot), 0);
		void *engine = unwinders[i]->open(&space);
		unwinders[i]->unwind(
			engine, &snapshot.threads[0], found[i], FRAMES_MAX, &counts[i], &ends[i]);
		unwinders[i]->close(engine);
		space_fini(&space);
	}
	snapshot_fini(&snapshot);
}

Test(unwind, a_pc_in_no_file_is_one_frame_and_a_reason)
{
	unwind_at(0x10, UINT64_MAX);
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		check_int(ends[i].status, STACK_PARTIAL);
		check_str(ends[i].reason, "0x10 is in no mapped file that can be read");
		check_int(counts[i], 1);
		check_u64(found[i][0].pc, 0x10);
	}
}

Test(unwind, an_unknown_register_is_never_zero)
{
	// Nothing but the pc and the stack pointer: code that needs the frame pointer stops there.
	unwind_at((uint64_t)(uintptr_t)&unwind_at + 8, 0);
	for (size_t i = 0; i < UNWINDER_COUNT; i++)
		check_true(ends[i].status != STACK_COMPLETE && counts[i] <= 1);
}

// Threads begin so: the stack goes on, but no return address is there.
static int forget_and_unwind(void)
{
	enum { KEPT = DEPTH / 2 };
	ucontext_t context;
	struct snapshot snapshot;

	getcontext(&context);
	self_snapshot(&snapshot, &context, 1 << 16);
	uint64_t *words = (uint64_t *)(void *)snapshot.stacks;
	// Those of the recursion are all the same, but for the first and the last.
	size_t i = 0, seen = 0;
	for (; seen <= KEPT && i < snapshot.stacks_len / 8; i++)
		seen += words[i] == true_chain[KEPT];
	check_u64(seen, KEPT + 1);
	words[i - 1] = 0;
	for (size_t u = 0; u < UNWINDER_COUNT; u++) {
		struct space space;
		check_int(space_init(&space, &snapshot), 0);
		void *engine = unwinders[u]->open(&space);
		unwinders[u]->unwind(
			engine, &snapshot.threads[0], found[u], FRAMES_MAX, &counts[u], &ends[u]);
		unwinders[u]->close(engine);
		space_fini(&space);
		check_int(ends[u].status, STACK_COMPLETE);
		check_str(ends[u].reason, "");
		check_u64(found[u][counts[u] - 1].pc, true_chain[KEPT]);
		check_true(counts[u] > KEPT && counts[u] < DEPTH);
	}
	snapshot_fini(&snapshot);
	return 0;
}

Test(unwind, a_return_address_of_zero_is_the_beginning)
{
	descend(DEPTH, forget_and_unwind);
	check_no_leak();
}

// What a hostile target can do: any words on its stack, any registers. The bytes are spoiled so
// that code addresses, stack addresses and garbage all come up where something is expected.
static int spoil_and_unwind(void)
{
	ucontext_t context;
	struct snapshot snapshot;

	getcontext(&context);
	self_snapshot(&snapshot, &context, 1 << 16);
	struct snapshot_thread *thread = &snapshot.threads[0];
	const uint64_t sp = thread->regs[ARCH_REG_SP];
	uint64_t *words = (uint64_t *)(void *)snapshot.stacks;
	const uint64_t saved[] = {thread->regs[3], thread->regs[6], thread->regs[ARCH_REG_PC]};
	srandom(3);
	for (size_t u = 0; u < UNWINDER_COUNT; u++) {
		struct space space;
		check_int(space_init(&space, &snapshot), 0);
		void *engine = unwinders[u]->open(&space);
		for (int round = 0; round < 3000; round++) {
			for (int i = 0; i < 4; i++) {
				size_t at = (size_t)random() % (thread->stack_len / 8);
				uint64_t code = true_chain[random() % DEPTH];
				const uint64_t values[] = {code, code + (uint64_t)random() % 64,
					sp + (uint64_t)random() % thread->stack_len,
					(uint64_t)random(), 0, UINT64_MAX};
				words[random() % 4 ? at % 256 : at] = values[random() % 6];
			}
			thread->regs[6] = random() % 3 ? saved[1] : sp + (uint64_t)random() % 4096;
			thread->regs[ARCH_REG_PC] =
				random() % 3 ? true_chain[random() % DEPTH] : saved[2];
			unwinders[u]->unwind(
				engine, thread, found[u], FRAMES_MAX, &counts[u], &ends[u]);
			check_true(counts[u] <= FRAMES_MAX);
			check_true((ends[u].status == STACK_COMPLETE) == !ends[u].reason[0]);
		}
		unwinders[u]->close(engine);
		space_fini(&space);
	}
	snapshot_fini(&snapshot);
	return 0;
}

Test(unwind, spoiled_stacks_end)
{
	descend(DEPTH, spoil_and_unwind);
	check_no_leak();
}

// Makes the module of this program in SNAPSHOT one whose bytes can be damaged. Returns it, and in
// *RET_AT where its .eh_frame_hdr is, behind which .eh_frame stands.
static struct snapshot_module *own_image(struct snapshot *snapshot, size_t *ret_at)
{
	const uint64_t here = (uint64_t)(uintptr_t)&own_image;
	const struct snapshot_map *map = snapshot_find_map(snapshot, here);
	struct snapshot_module *source = &snapshot->modules[map->module];
	struct module module = {0};
	struct stat st;

	check_int(fstat(source->fd, &st), 0);
	source->image_len = (size_t)st.st_size;
	source->image = malloc(source->image_len);
	check_int(pread(source->fd, source->image, source->image_len, 0), st.st_size);
	close_fd(&source->fd);
	source->source = SNAPSHOT_SOURCE_MEMORY;
	module_open(&module, source);
	*ret_at = module.eh_base - module.segments[0].vaddr;
	check_true(module.eh_row_count > 0 && *ret_at < source->image_len);
	module_fini(&module);
	return source;
}

static size_t ends_early;

// What a hostile target can do to its files. Each engine is made anew, as for each target.
static int damage_and_unwind(void)
{
	enum { ROUNDS = 150, DAMAGES = 12 };
	ucontext_t context;
	struct snapshot snapshot;
	size_t at, places[DAMAGES];
	unsigned char saved[DAMAGES];

	getcontext(&context);
	self_snapshot(&snapshot, &context, 1 << 16);
	struct snapshot_module *source = own_image(&snapshot, &at);
	srandom(5);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < DAMAGES; i++) {
			places[i] =
				(at + (size_t)random() % (i < 2 ? 64 : 8192)) % source->image_len;
			saved[i] = source->image[places[i]];
			source->image[places[i]] = (unsigned char)(random() % 3 ? random() : 0xff);
		}
		for (size_t u = 0; u < UNWINDER_COUNT; u++) {
			struct space space;
			check_int(space_init(&space, &snapshot), 0);
			void *engine = unwinders[u]->open(&space);
			unwinders[u]->unwind(engine, &snapshot.threads[0], found[u], FRAMES_MAX,
				&counts[u], &ends[u]);
			unwinders[u]->close(engine);
			space_fini(&space);
			check_true(counts[u] >= 1 && counts[u] <= FRAMES_MAX);
			check_true((ends[u].status == STACK_COMPLETE) == !ends[u].reason[0]);
			ends_early += ends[u].status != STACK_COMPLETE;
		}
		for (int i = DAMAGES; i-- > 0;)
			source->image[places[i]] = saved[i];
	}
	check_true(ends_early > 0);
	snapshot_fini(&snapshot);
	return 0;
}

Test(unwind, damaged_files_end)
{
	descend(DEPTH, damage_and_unwind);
	check_no_leak();
}

// A handler on an alternate stack: the chain goes on with the stack that it has left, when that was
// copied.
static unsigned char alternate[1 << 16] __attribute__((aligned(16)));
static bool copy_left;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t here;
	struct snapshot snapshot;
	struct space space;

	(void)sig;
	(void)info;
	(void)context;
	getcontext(&here);
	self_snapshot(&snapshot, &here, sizeof(alternate));
	struct snapshot_thread *thread = &snapshot.threads[0];
	uint64_t left = leftstack_find(
		snapshot.stacks, thread->stack_len, thread->regs[ARCH_REG_SP] & ~UINT64_C(7));
	if (copy_left) {
		const struct snapshot_map *map = snapshot_find_map(&snapshot, left);
		auto_fd int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
		thread->left_sp = left;
		thread->left_len = map->end - left;
		thread->left_offset = thread->stack_len;
		snapshot.stacks = realloc(snapshot.stacks, thread->stack_len + thread->left_len);
		check_int(pread(memory, snapshot.stacks + thread->stack_len, thread->left_len,
				  (off_t)left),
			thread->left_len);
	}
	for (size_t i = 0; i < UNWINDER_COUNT; i++) {
		check_int(space_init(&space, &snapshot), 0);
		void *engine = unwinders[i]->open(&space);
		const struct unwind_frame *frames = found[i];
		unwinders[i]->unwind(engine, thread, found[i], FRAMES_MAX, &counts[i], &ends[i]);
		unwinders[i]->close(engine);
		space_fini(&space);
		size_t at = 0, same = 0;
		while (at < counts[i] && !frames[at].signal)
			at++;
		check_true(at < counts[i] && frames[at + 1].via == FRAME_VIA_SIGRETURN);
		while (at < counts[i] && frames[at].pc != true_chain[0])
			at++;
		while (at + same < counts[i] && same <= DEPTH &&
			frames[at + same].pc == true_chain[same])
			same++;
		check_int(ends[i].status, copy_left ? STACK_COMPLETE : STACK_PARTIAL);
		check_int(same, copy_left ? DEPTH + 1 : 0);
	}
	snapshot_fini(&snapshot);
}

static int raise_aside(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};

	check_int(sigaltstack(&stack, NULL), 0);
	check_int(sigaction(SIGUSR1, &action, NULL), 0);
	return raise(SIGUSR1);
}

Test(unwind, the_stack_that_a_handler_has_left)
{
	copy_left = true;
	descend(DEPTH, raise_aside);
	copy_left = false;
	descend(DEPTH, raise_aside);
}

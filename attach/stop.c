// SPDX-License-Identifier: GPL-2.0-or-later
// The ptrace protocol: seize, interrupt, wait, copy, detach.
#include "stop.h"

#include "cleanup.h"
#include "clock.h"
#include "fd.h"
#include "memory.h"
#include "number.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

enum {
	IOV_BATCH = 64,   // stacks copied by one call: more gain nothing (measured)
	RESCANS_MAX = 10, // rounds of looking for new threads
	TICK_MS = 10,     // how often a wait is woken to look at the deadline
	D_STATE_MS = 20,  // for all threads that were in an uninterruptible sleep
	PAGE = 4096,
	STACK_TYPICAL = 8 << 10, // bytes of a stack for which memory is made present
};

// What the stopper knows of a row beyond the snapshot.
struct tracee {
	bool seized, stopped;
	int signal; // to hand back on detaching
	uint64_t stopped_at_us;
};

struct stopper {
	struct stop_plan *plan;
	struct snapshot *snapshot;
	struct tracee *tracees;
	uint64_t deadline_us;
	uint64_t first_stop_us;
};

// Reaps the threads that have exited. Each is asked for by itself, and looked at before it is
// taken: waiting for any would take a stop of a tracee too, whatever the options say
// (kernel/exit.c, wait_task_stopped).
static void reap_exited(const struct stopper *s)
{
	const int look = WEXITED | WNOHANG | __WALL;

	for (size_t i = 0; i < s->plan->thread_count; i++) {
		id_t tid = (id_t)s->plan->threads[i].tid;
		siginfo_t info = {0};
		if (s->tracees[i].seized && waitid(P_PID, tid, &info, look | WNOWAIT) == 0 &&
			info.si_pid != 0 && info.si_code != CLD_STOPPED &&
			info.si_code != CLD_TRAPPED)
			waitid(P_PID, tid, &info, look);
	}
}

// Interrupts a wait, so that the deadline is looked at, and reaps: an execve(2) in the target waits
// until its other threads are reaped, by us too, and holds what a PTRACE_SEIZE of ours would wait
// for.
static void on_tick(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig;
	(void)context;
	reap_exited(info->si_value.sival_ptr);
	errno = saved;
}

static void start_ticking(struct stopper *s)
{
	struct sigaction action = {
		.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO}; // no SA_RESTART
	struct itimerspec every = {{0, TICK_MS * 1000000L}, {0, TICK_MS * 1000000L}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	timer_t timer;
	sigset_t set;

	event.sigev_value.sival_ptr = s;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		timer_settime(timer, 0, &every, NULL);
}

// Records why thread TID refused to be seized or read.
static void set_refused(struct snapshot_thread *thread, int errnum)
{
	bool dead = thread->state == 'Z' || thread->state == 'X';

	thread->errnum = errnum;
	thread->status = errnum == ESRCH || dead ? SNAPSHOT_THREAD_GONE : SNAPSHOT_THREAD_DENIED;
}

static void seize(struct stopper *s, size_t from)
{
	for (size_t i = from; i < s->plan->thread_count; i++) {
		struct snapshot_thread *thread = &s->plan->threads[i];
		if (thread->status == SNAPSHOT_THREAD_GONE)
			continue;
		if (ptrace(PTRACE_SEIZE, thread->tid, 0, 0) < 0) {
			set_refused(thread, errno);
			continue;
		}
		// A seized thread keeps its id, so this proves that it is one of the target's.
		s->tracees[i].seized = syscall(SYS_tgkill, s->plan->pid, thread->tid, 0) == 0;
		if (!s->tracees[i].seized)
			thread->status = SNAPSHOT_THREAD_GONE;
	}
}

static void interrupt(struct stopper *s, size_t from)
{
	for (size_t i = from; i < s->plan->thread_count; i++) {
		if (!s->tracees[i].seized)
			continue;
		s->tracees[i].stopped_at_us = clock_now_us();
		if (s->first_stop_us == 0)
			s->first_stop_us = s->tracees[i].stopped_at_us;
		ptrace(PTRACE_INTERRUPT, s->plan->threads[i].tid, 0, 0);
	}
}

static void note_stop(struct tracee *tracee, struct snapshot_thread *thread, const siginfo_t *info)
{
	if (info->si_code != CLD_STOPPED && info->si_code != CLD_TRAPPED) {
		thread->status = SNAPSHOT_THREAD_GONE; // reaped by the next tick
		return;
	}
	tracee->stopped = true;
	// An event stop (ours, or a group-stop) has the event above the signal; else it is a signal
	// on its way.
	tracee->signal = info->si_status >> 8 ? 0 : info->si_status;
}

// True when thread TID is a zombie: a main thread that has exited while others live can be seized
// and never be waited for.
static bool is_zombie(const struct stopper *s, pid_t tid)
{
	char path[32], text[512];

	snprintf(path, sizeof(path), "%d/stat", tid);
	ssize_t len = fd_read_small_at(s->plan->task_dir_fd, path, text, sizeof(text));
	const char *paren = len > 0 ? memrchr(text, ')', (size_t)len) : NULL;
	return len < 0 ||
	       (paren && (strncmp(paren, ") Z", 3) == 0 || strncmp(paren, ") X", 3) == 0));
}

// Waits until thread INDEX has stopped, is gone, or DEADLINE_US has passed. A stop is only looked
// at (WNOWAIT): taken, it would take a signal that stopped the thread with it, should we die before
// the thread is detached.
static void wait_for_one(struct stopper *s, size_t index, uint64_t deadline_us)
{
	struct snapshot_thread *thread = &s->plan->threads[index];
	struct tracee *tracee = &s->tracees[index];
	const int options = WEXITED | WSTOPPED | WNOWAIT | __WALL;

	for (;;) {
		siginfo_t info = {0};
		bool late = clock_now_us() >= deadline_us;
		int r = waitid(P_PID, (id_t)thread->tid, &info, options | (late ? WNOHANG : 0));
		if (r < 0 && errno == EINTR && !is_zombie(s, thread->tid))
			continue;
		if (r < 0)
			set_refused(thread, ESRCH);
		else if (info.si_pid == thread->tid)
			note_stop(tracee, thread, &info);
		else
			thread->status = SNAPSHOT_THREAD_TIMEOUT;
		return;
	}
}

// Waits for the threads from number FROM on. Those that were in an uninterruptible sleep come last
// and are given little time: it may last for ever, and all others wait for them.
static void wait_for(struct stopper *s, size_t from)
{
	for (int pass = 0; pass < 2; pass++) {
		uint64_t deadline_us = s->deadline_us;
		uint64_t soon_us = clock_now_us() + D_STATE_MS * UINT64_C(1000);
		if (pass == 1 && soon_us < deadline_us)
			deadline_us = soon_us;
		for (size_t i = from; i < s->plan->thread_count; i++) {
			bool uninterruptible = s->plan->threads[i].state == 'D';
			if (s->tracees[i].seized && uninterruptible == (pass == 1))
				wait_for_one(s, i, deadline_us);
		}
	}
}

// True when the kernel counts as many threads as are stopped or known to be unstoppable.
static bool all_accounted_for(const struct stopper *s)
{
	struct stat st;
	size_t known = 0;

	for (size_t i = 0; i < s->plan->thread_count; i++) {
		const struct snapshot_thread *thread = &s->plan->threads[i];
		bool dead_leader =
			thread->tid == s->plan->pid && thread->status == SNAPSHOT_THREAD_GONE;
		if (thread->status != SNAPSHOT_THREAD_GONE || dead_leader)
			known++;
	}
	// The link count of the directory is 2 and one for each thread (fs/proc/base.c,
	// proc_task_getattr): one call instead of a listing of 10 us a thread.
	return fstat(s->plan->task_dir_fd, &st) == 0 && st.st_nlink == known + 2;
}

static int compare_tids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

// Lists thread TID, if there is room.
static void add_thread(struct stopper *s, pid_t tid)
{
	if (s->plan->thread_count == s->plan->thread_capacity) {
		s->plan->threads_missed = true;
		return;
	}
	struct snapshot_thread *thread = &s->plan->threads[s->plan->thread_count++];
	memset(thread, 0, sizeof(*thread));
	thread->tid = tid;
}

// Adds the threads that are not listed yet. Returns how many.
static size_t list_new(struct stopper *s)
{
	size_t before = s->plan->thread_count;
	int copy = openat(s->plan->task_dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	auto_free pid_t *known = calloc(before + 1, sizeof(*known));

	if (!dir || !known)
		return 0;
	for (size_t i = 0; i < before; i++)
		known[i] = s->plan->threads[i].tid;
	qsort(known, before, sizeof(*known), compare_tids);
	for (struct dirent *entry; (entry = readdir(dir));) {
		pid_t tid;
		if (number_parse_pid(entry->d_name, &tid) == 0 &&
			!bsearch(&tid, known, before, sizeof(*known), compare_tids))
			add_thread(s, tid);
	}
	return s->plan->thread_count - before;
}

static void stop_all(struct stopper *s)
{
	seize(s, 0);
	interrupt(s, 0);
	wait_for(s, 0);
	if (s->plan->listed_only)
		return;
	for (int round = 0; round < RESCANS_MAX; round++) {
		size_t from = s->plan->thread_count;
		if (all_accounted_for(s) || list_new(s) == 0)
			return;
		seize(s, from);
		interrupt(s, from);
		wait_for(s, from);
	}
	s->plan->threads_missed = true;
}

#if defined(__x86_64__)
static void convert_registers(struct snapshot_thread *thread, const struct user_regs_struct *r)
{
	const unsigned long long dwarf[ARCH_REG_COUNT] = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi,
		r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
		r->r15, r->rip};
	const unsigned long long args[6] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};

	for (int i = 0; i < ARCH_REG_COUNT; i++)
		thread->regs[i] = dwarf[i];
	thread->in_syscall = (long long)r->orig_rax >= 0;
	thread->syscall_nr = r->orig_rax;
	for (int i = 0; i < 6; i++)
		thread->syscall_args[i] = args[i];
}
#elif defined(__aarch64__)
static void convert_registers(struct snapshot_thread *thread, const struct user_regs_struct *r)
{
	for (int i = 0; i < 31; i++)
		thread->regs[i] = r->regs[i];
	thread->regs[ARCH_REG_SP] = r->sp;
	thread->regs[ARCH_REG_PC] = r->pc;
}
#endif

static void copy_registers(struct stopper *s)
{
	for (size_t i = 0; i < s->plan->thread_count; i++) {
		struct snapshot_thread *thread = &s->plan->threads[i];
		struct user_regs_struct regs;
		struct iovec iov = {&regs, sizeof(regs)};
		if (!s->tracees[i].stopped)
			continue;
		if (ptrace(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &iov) < 0) {
			set_refused(thread, errno);
			continue;
		}
		if (iov.iov_len != sizeof(regs)) {
			set_refused(thread, EMEDIUMTYPE); // a 32-bit thread: other registers
			continue;
		}
		convert_registers(thread, &regs);
		thread->regs_known = (UINT64_C(1) << ARCH_REG_COUNT) - 1;
		thread->status = SNAPSHOT_THREAD_CAPTURED;
	}
}

// Reserves room for THREAD's stack, from its stack pointer to the end of the mapping that holds it.
static void plan_stack(struct stopper *s, struct snapshot_thread *thread)
{
	struct snapshot *snapshot = s->snapshot;
	uint64_t sp = thread->regs[ARCH_REG_SP];
	const struct snapshot_map *map = snapshot_find_map(snapshot, sp);
	// A stack that was mapped after the maps were read: what is left of its page at least.
	uint64_t end = map ? map->end : (sp | (PAGE - 1)) + 1;
	size_t len = end - sp;

	if (len > s->plan->stack_max) {
		len = s->plan->stack_max;
		thread->stack_cut = true;
	}
	if (len > s->plan->stacks_capacity - snapshot->stacks_len) {
		len = s->plan->stacks_capacity - snapshot->stacks_len;
		thread->stack_cut = true;
	}
	thread->stack_offset = snapshot->stacks_len;
	thread->stack_len = len;
	snapshot->stacks_len += len;
}

// Copies one stack page by page, so that a hole costs only what lies behind it.
static void copy_stack_by_pages(struct stopper *s, struct snapshot_thread *thread)
{
	uint64_t sp = thread->regs[ARCH_REG_SP];
	size_t done = 0;

	while (done < thread->stack_len) {
		size_t len = PAGE - ((sp + done) & (PAGE - 1));
		if (len > thread->stack_len - done)
			len = thread->stack_len - done;
		ssize_t n = memory_read(thread->tid, s->plan->memory_fd, sp + done,
			s->snapshot->stacks + thread->stack_offset + done, len);
		if (n <= 0)
			break;
		done += (size_t)n;
		if ((size_t)n < len)
			break;
	}
	if (done < thread->stack_len) {
		thread->stack_len = done;
		thread->stack_cut = true;
	}
}

// Stacks to be copied by one call.
struct batch {
	size_t count;
	struct snapshot_thread *rows[IOV_BATCH];
	struct iovec local[IOV_BATCH], remote[IOV_BATCH];
};

// Copies the stacks of BATCH by one call; what that leaves, one by one. Empties BATCH.
static void copy_batch(struct stopper *s, struct batch *batch)
{
	if (batch->count == 0)
		return;
	ssize_t n = process_vm_readv(
		batch->rows[0]->tid, batch->local, batch->count, batch->remote, batch->count, 0);
	size_t copied = n < 0 ? 0 : (size_t)n;
	for (size_t i = 0; i < batch->count; i++) {
		if (copied >= batch->rows[i]->stack_len) {
			copied -= batch->rows[i]->stack_len;
			continue;
		}
		copied = 0;
		copy_stack_by_pages(s, batch->rows[i]);
	}
	batch->count = 0;
}

static void copy_stacks(struct stopper *s)
{
	struct batch batch = {0};

	for (size_t i = 0; i < s->plan->thread_count; i++) {
		struct snapshot_thread *thread = &s->plan->threads[i];
		if (thread->status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		plan_stack(s, thread);
		if (thread->stack_len == 0)
			continue;
		void *to = s->snapshot->stacks + thread->stack_offset;
		void *from = (void *)(uintptr_t)thread->regs[ARCH_REG_SP];
		batch.rows[batch.count] = thread;
		batch.local[batch.count] = (struct iovec){to, thread->stack_len};
		batch.remote[batch.count] = (struct iovec){from, thread->stack_len};
		if (++batch.count == IOV_BATCH)
			copy_batch(s, &batch);
	}
	copy_batch(s, &batch);
}

// Lets all run on. A thread that was seized but never stopped is let go when this process exits.
static void detach(struct stopper *s)
{
	uint64_t now = clock_now_us();

	for (size_t i = 0; i < s->plan->thread_count; i++) {
		const struct tracee *tracee = &s->tracees[i];
		struct snapshot_thread *thread = &s->plan->threads[i];
		if (!tracee->stopped)
			continue;
		ptrace(PTRACE_DETACH, thread->tid, 0, (void *)(uintptr_t)tracee->signal);
		now = clock_now_us();
		thread->pause_us = (uint32_t)(now - tracee->stopped_at_us);
	}
	s->snapshot->paused_us = s->first_stop_us ? now - s->first_stop_us : 0;
}

// Makes the memory that is written during the pause present, in this process: a fork does not copy
// the page tables of shared memory, and a page fault for each page would make the pause longer.
static void make_present(struct stopper *s)
{
	struct stop_plan *plan = s->plan;
	size_t likely = plan->thread_count * STACK_TYPICAL;
	size_t rows = plan->thread_count * sizeof(*plan->threads);

	madvise(plan->snapshot->stacks,
		likely < plan->stacks_capacity ? likely : plan->stacks_capacity,
		MADV_POPULATE_WRITE);
	madvise(plan->threads, rows, MADV_POPULATE_WRITE);
	memset(s->tracees, 0, plan->thread_capacity * sizeof(*s->tracees));
}

int stop_and_copy(struct stop_plan *plan)
{
	auto_free struct tracee *tracees = calloc(plan->thread_capacity, sizeof(*tracees));
	struct stopper s = {.plan = plan, .snapshot = plan->snapshot, .tracees = tracees};

	if (!tracees)
		return -ENOMEM;
	s.deadline_us = clock_now_us() + (uint64_t)plan->deadline_ms * 1000;
	make_present(&s);
	start_ticking(&s);
	stop_all(&s);
	copy_registers(&s);
	copy_stacks(&s);
	detach(&s);
	plan->stacks_len = plan->snapshot->stacks_len;
	plan->paused_us = plan->snapshot->paused_us;
	return 0;
}

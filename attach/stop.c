// SPDX-License-Identifier: GPL-2.0-or-later
// The ptrace protocol: seize, interrupt, wait, copy, detach.
#include "stop.h"

#include "cleanup.h"
#include "clock.h"
#include "eintr.h"
#include "fd.h"
#include "registers.h"
#include "stackcopy.h"
#include "sys.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

enum {
	RESCANS_MAX = 10,   // rounds of looking for new threads
	REACHED_PER_MS = 4, // threads seized and interrupted in a millisecond on a busy machine
	TICK_MS = 10,       // how often a wait is woken to look at the deadline
	TICK_SHARE = 10,    // of the time that a tick takes, until the next one
	D_STATE_MS = 20,    // for all threads that were in an uninterruptible sleep
	BEGIN_MS = 1000,    // for what else is done before something is copied
	EACH_MS = 200,      // for one thread that is stopped by itself
	COPY_MS = 300,      // for the stacks of 64 threads, while they are stopped
	STACK_TYPICAL = 8 << 10, // bytes of a stack for which memory is made present before
	PRESENT_MAX = 16 << 20,  // and of all stacks
};

// What the stopper knows of a row beyond the snapshot.
struct tracee {
	bool seized, stopped;
	int signal; // to hand back on detaching
	uint64_t stopped_at_us;
};

struct stopper {
	struct plan *plan;
	struct tracee *tracees; // parallel to the plan's threads
	size_t *indices;        // those whose stacks are copied
	size_t used;            // of what the plan lends, before
	uint64_t deadline_us;
	timer_t timer; // ticks, if is_ticking
	bool is_ticking;
};

// The threads from number FROM to before TO.
struct range {
	size_t from, to;
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

// Has the next tick come after MS milliseconds.
static void tick_after(struct stopper *s, uint64_t ms)
{
	const struct itimerspec when = {
		.it_value = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000}};

	timer_settime(s->timer, 0, &when, NULL);
}

// Interrupts a wait, so that the deadline is looked at, and reaps: an execve(2) in the target waits
// until its other threads are reaped, by us too, and holds what a PTRACE_SEIZE of ours would wait
// for. Looking at many threads may take longer than a tick: most of the time is left for the rest.
static void on_tick(int sig, siginfo_t *info, void *context)
{
	struct stopper *s = info->si_value.sival_ptr;
	const uint64_t begin_us = clock_now_us();
	int saved = errno;

	(void)sig;
	(void)context;
	if (info->si_code != SI_TIMER) // somebody else's
		return;
	reap_exited(s);
	tick_after(s, TICK_MS + (clock_now_us() - begin_us) / 1000 * TICK_SHARE);
	errno = saved;
}

static void start_ticking(struct stopper *s)
{
	struct sigaction action = {
		.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO}; // no SA_RESTART
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
	sigset_t set;

	event.sigev_value.sival_ptr = s;
	sigaction(SIGVTALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGVTALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	s->is_ticking = timer_create(CLOCK_MONOTONIC, &event, &s->timer) == 0;
	if (s->is_ticking)
		tick_after(s, TICK_MS);
}

static void seize(struct stopper *s, struct range range)
{
	for (size_t i = range.from; i < range.to; i++) {
		struct snapshot_thread *thread = &s->plan->threads[i];
		if (!plan_wants(s->plan, i) || s->plan->rows[i].stop_tried)
			continue;
		s->plan->rows[i].stop_tried = true;
		if (ptrace(PTRACE_SEIZE, thread->tid, 0, 0) < 0) {
			plan_refused(s->plan, i, errno);
			continue;
		}
		// A seized thread keeps its id, so this proves that it is one of the target's.
		s->tracees[i].seized = syscall(SYS_tgkill, s->plan->pid, thread->tid, 0) == 0;
		if (!s->tracees[i].seized)
			thread->status = SNAPSHOT_THREAD_GONE;
	}
}

static void interrupt(struct stopper *s, struct range range)
{
	for (size_t i = range.from; i < range.to; i++) {
		if (!s->tracees[i].seized)
			continue;
		s->tracees[i].stopped_at_us = clock_now_us();
		if (s->plan->first_stop_us == 0)
			s->plan->first_stop_us = s->tracees[i].stopped_at_us;
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
			plan_refused(s->plan, index, ESRCH);
		else if (info.si_pid == thread->tid)
			note_stop(tracee, thread, &info);
		else
			thread->status = SNAPSHOT_THREAD_TIMEOUT;
		return;
	}
}

// Waits for the threads of RANGE. Those that were in an uninterruptible sleep come last and are
// given little time: it may last for ever, and all others wait for them.
static void wait_for(struct stopper *s, struct range range)
{
	for (int pass = 0; pass < 2; pass++) {
		uint64_t deadline_us = s->deadline_us;
		uint64_t soon_us = clock_now_us() + D_STATE_MS * UINT64_C(1000);
		if (pass == 1 && soon_us < deadline_us)
			deadline_us = soon_us;
		for (size_t i = range.from; i < range.to; i++) {
			bool uninterruptible = s->plan->threads[i].state == 'D';
			if (s->tracees[i].seized && uninterruptible == (pass == 1))
				wait_for_one(s, i, deadline_us);
		}
	}
}

static void hold(struct stopper *s, struct range range)
{
	seize(s, range);
	if (s->plan->held_from == s->plan->held_to)
		s->plan->held_from = range.from;
	s->plan->held_to = range.to;
	interrupt(s, range);
	wait_for(s, range);
}

static void hold_all(struct stopper *s)
{
	hold(s, (struct range){0, s->plan->thread_count});
	if (s->plan->named_count > 0)
		return;
	for (int round = 0; round < RESCANS_MAX; round++) {
		size_t from = s->plan->thread_count;
		if (plan_has_all(s->plan) || plan_add_new(s->plan) == 0)
			return;
		hold(s, (struct range){from, s->plan->thread_count});
	}
	s->plan->threads_missed = true;
}

// Returns the number of threads whose registers are known now; which, is in the indices.
static size_t copy_registers(struct stopper *s, struct range range)
{
	size_t count = 0;

	for (size_t i = range.from; i < range.to; i++) {
		struct snapshot_thread *thread = &s->plan->threads[i];
		struct user_regs_struct regs;
		struct iovec iov = {&regs, sizeof(regs)};
		if (!s->tracees[i].stopped)
			continue;
		if (ptrace(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS, &iov) < 0) {
			plan_refused(s->plan, i, errno);
			continue;
		}
		if (iov.iov_len != sizeof(regs)) {
			plan_refused(s->plan, i, EMEDIUMTYPE); // a 32-bit thread: other registers
			continue;
		}
		registers_take(thread, &regs);
		thread->eintr = registers_say_eintr(&regs);
		s->plan->rows[i].thread_pointer = registers_thread_pointer(&regs);
		s->indices[count++] = i;
	}
	return count;
}

// Lets the threads of RANGE run on. One that was seized but never stopped is let go when this
// process exits.
static void detach(struct stopper *s, struct range range)
{
	uint64_t now = clock_now_us();

	for (size_t i = range.from; i < range.to; i++) {
		struct tracee *tracee = &s->tracees[i];
		struct snapshot_thread *thread = &s->plan->threads[i];
		if (!tracee->stopped)
			continue;
		ptrace(PTRACE_DETACH, thread->tid, 0, (void *)(uintptr_t)tracee->signal);
		now = clock_now_us();
		thread->pause_us = (uint32_t)(now - tracee->stopped_at_us);
		tracee->seized = tracee->stopped = false;
	}
	s->plan->paused_us = s->plan->first_stop_us ? now - s->plan->first_stop_us : 0;
	s->plan->held_from = s->plan->held_to = 0;
}

// Copies the threads of RANGE that are stopped, and lets them run on.
static void copy_and_detach(struct stopper *s, struct range range)
{
	struct plan *plan = s->plan;
	size_t count = copy_registers(s, range);

	stackcopy_reserve(plan, s->indices, count, false);
	stackcopy_take(plan, s->indices, count, COPY_MS);
	stackcopy_finish(plan, s->indices, COPY_MS);
	detach(s, range);
	stackcopy_end(plan);
	for (size_t i = 0; i < count; i++) {
		struct snapshot_thread *thread = &plan->threads[s->indices[i]];
		int errnum = plan->rows[s->indices[i]].copy_errnum;
		if (errnum != 0) {
			plan_refused(plan, s->indices[i], errnum);
			continue;
		}
		thread->method = SNAPSHOT_METHOD_STOP;
		thread->errnum = 0;
		thread->spared = false;
		__atomic_store_n(&thread->status, SNAPSHOT_THREAD_CAPTURED, __ATOMIC_RELEASE);
	}
}

static void stopper_fini(struct stopper *s)
{
	if (s->is_ticking)
		timer_delete(s->timer); // a tick looks at what is given back here
	plan_give_back(s->plan, s->used);
}

static int stopper_init(struct stopper *s, struct plan *plan)
{
	*s = (struct stopper){.plan = plan, .used = plan->borrowed.used};
	s->tracees = plan_borrow(plan, plan->thread_capacity, sizeof(*s->tracees));
	s->indices = plan_borrow(plan, plan->thread_capacity, sizeof(*s->indices));
	if (!s->tracees || !s->indices) {
		stopper_fini(s);
		return -ENOMEM;
	}
	start_ticking(s);
	return 0;
}

// Makes the memory that is written during the pause present, as far as it is known: a page fault
// for each page would make the pause longer.
static void make_present(struct stopper *s)
{
	struct plan *plan = s->plan;
	size_t count = plan->thread_count, likely = count * STACK_TYPICAL;

	if (likely > PRESENT_MAX)
		likely = PRESENT_MAX;
	if (likely > plan->stacks_capacity)
		likely = plan->stacks_capacity;
	stackcopy_make_present(plan, 0, likely);
	memset(s->tracees, 0, plan->thread_capacity * sizeof(*s->tracees));
	memset(s->indices, 0, plan->thread_capacity * sizeof(*s->indices));
}

static void describe_all(struct plan *plan)
{
	for (size_t i = 0; i < plan->thread_count; i++)
		plan_describe(plan, i, NULL);
}

int stop_all(struct plan *plan)
{
	struct stopper s;

	if (!plan->listed)
		plan_add_new(plan);
	plan->listed = true;
	describe_all(plan);
	int r = stopper_init(&s, plan);
	if (r < 0)
		return r;
	make_present(&s);
	// Reaching many takes its time, too, before any is waited for.
	uint32_t deadline_ms = plan->deadline_ms + (uint32_t)plan->thread_count / REACHED_PER_MS;
	s.deadline_us = clock_now_us() + deadline_ms * UINT64_C(1000);
	plan_allow(plan, deadline_ms + BEGIN_MS);
	hold_all(&s);
	copy_and_detach(&s, (struct range){0, plan->thread_count});
	describe_all(plan); // those that were born meanwhile
	stopper_fini(&s);
	return 0;
}

// True when thread INDEX must not be stopped: its system call would return EINTR. Says so in it.
static bool is_spared(struct plan *plan, size_t index, bool sparing)
{
	struct snapshot_thread *thread = &plan->threads[index];

	thread->spared = sparing && eintr_is_prone(plan, thread->tid);
	return thread->spared;
}

static int stop_each(struct plan *plan, bool sparing)
{
	struct stopper s;
	int r = stopper_init(&s, plan);

	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->thread_count && r == 0; i++) {
		struct range one = {i, i + 1};
		if (!plan_wants(plan, i) || plan->rows[i].stop_tried)
			continue;
		plan_describe(plan, i, NULL);
		if (!plan_wants(plan, i) || is_spared(plan, i, sparing))
			continue;
		plan->at = i;
		plan_allow(plan, EACH_MS + BEGIN_MS);
		s.deadline_us = clock_now_us() + EACH_MS * UINT64_C(1000);
		hold(&s, one);
		copy_and_detach(&s, one);
		if (s.tracees[i].seized && plan->threads[i].status == SNAPSHOT_THREAD_TIMEOUT)
			r = 1;
	}
	stopper_fini(&s);
	return r;
}

int stop_each_sparing(struct plan *plan)
{
	return stop_each(plan, true);
}

int stop_each_wanted(struct plan *plan)
{
	return stop_each(plan, false);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Running the helper, and what follows when it was killed.
#include "helper.h"

#include "barethread.h"
#include "cleanup.h"
#include "clock.h"
#include "hugepages.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

enum {
	BEGIN_MS = 1000,  // until a helper moves its time on by itself
	HELPERS_MAX = 64, // one after the other: each stuck thread costs one
	GUARD = 64 << 10, // bytes below the stack that nobody can write to
	STACK = 1 << 20,
	BORROWED = 32 << 20,     // for all plans
	BORROWED_EACH = 1024,    // and for each of its threads
	BORROWED_MANY = 8 << 20, // for that, large pages
};

enum { EXIT_DONE, EXIT_AGAIN, EXIT_FAILED, EXIT_LATE };

struct beginning {
	struct plan *plan;
	int (*work)(struct plan *plan);
	pid_t parent;
	struct itimerval alarm; // of the parent, which does not hear it meanwhile
	sigset_t mask;          // and what that is, for the time when it does, if there is an alarm
};

static bool has_alarm(const struct beginning *beginning)
{
	return beginning->alarm.it_value.tv_sec != 0 || beginning->alarm.it_value.tv_usec != 0;
}

// Blocks SIGALRM, or has it come again. The mask that there was goes to *RET, unless that is NULL.
static void mask_alarm(int how, sigset_t *ret)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(how, &alarm, ret);
}

// Returns the helper's exit status. Returning, not exiting: sanitizers would look after a stack
// that is not theirs.
static int run_helper(void *arg)
{
	const struct beginning *beginning = arg;
	sigset_t keys;

	// Nothing may stop this process while it holds threads: no key of the terminal, and no job
	// control of a shell. First the keys: who is stopped by one outside its job's group is not
	// continued with that. Not a session of its own: the scheduler would make a group of it.
	sigemptyset(&keys);
	sigaddset(&keys, SIGTSTP);
	sigaddset(&keys, SIGTTIN);
	sigaddset(&keys, SIGTTOU);
	sigaddset(&keys, SIGINT);
	sigaddset(&keys, SIGHUP);
	sigprocmask(SIG_BLOCK, &keys, NULL);
	setpgid(0, 0);
	// Must not outlive nspeek: the threads would wait for the copy of a reader who is gone.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != beginning->parent || plan_set_timer(beginning->plan) < 0)
		return EXIT_FAILED;
	if (has_alarm(beginning)) {
		setitimer(ITIMER_REAL, &beginning->alarm, NULL);
		if (!sigismember(&beginning->mask, SIGALRM))
			mask_alarm(SIG_UNBLOCK, NULL);
	}
	plan_allow(beginning->plan, BEGIN_MS);
	int r = beginning->work(beginning->plan);
	return r < 0 ? EXIT_FAILED : r > 0 ? EXIT_AGAIN : EXIT_DONE;
}

// The frames of a helper that was killed, and of a thread of it, whose stack was borrowed, are none
// of the next one.
static void forget_frames(const struct helper_room *room, size_t borrowed)
{
#if defined(__SANITIZE_ADDRESS__)
	__asan_unpoison_memory_region(room->start + GUARD, STACK);
	__asan_unpoison_memory_region(room->start + room->borrowed_at, borrowed);
#else
	(void)room, (void)borrowed;
#endif
}

// Sleeps until helper PID has ended, and takes its *STATUS. errno, and all other memory, is the
// helper's meanwhile. Returns 0 or -errno.
static int wait_for(pid_t pid, int *status)
{
	long r;

	do
		r = bare_call(SYS_wait4, pid, (long)status, 0, 0, 0, 0);
	while (r == -EINTR);
	return r < 0 ? (int)r : 0;
}

// Runs one helper on ROOM until it has ended. Returns how, or -errno.
static int run_one(struct plan *plan, const struct helper_job *job, const struct helper_room *room)
{
	struct beginning beginning = {.plan = plan, .work = job->work, .parent = getpid()};
	int status;

	plan->borrowed = (struct plan_borrowed){room->start + room->borrowed_at,
		room->len - room->borrowed_at, 0, plan->borrowed.dirty};
	forget_frames(room, plan->borrowed.dirty);
	getitimer(ITIMER_REAL, &beginning.alarm);
	if (has_alarm(&beginning))
		mask_alarm(SIG_BLOCK, &beginning.mask);
	int r = clone(run_helper, room->start + GUARD + STACK, CLONE_VM | SIGCHLD, &beginning);
	if (r > 0)
		r = wait_for(r, &status);
	else
		r = -errno;
	if (has_alarm(&beginning))
		sigprocmask(SIG_SETMASK, &beginning.mask, NULL);
	if (r < 0)
		return r;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return clock_now_us() >= plan->kill_at_us ? EXIT_LATE : EXIT_FAILED;
}

// Takes note of the stops that have ended with the helper.
static void note_pause(struct plan *plan)
{
	uint64_t now = clock_now_us();

	if (plan->held_from == plan->held_to || plan->first_stop_us == 0)
		return;
	plan->paused_us = now - plan->first_stop_us;
	for (size_t i = plan->held_from; i < plan->held_to; i++)
		plan->threads[i].pause_us = (uint32_t)plan->paused_us; // at most
	plan->held_from = plan->held_to = 0;
}

// Takes note that the helper was killed: what it did not come past.
static void note_stuck(struct plan *plan)
{
	if (!plan->one_by_one) {
		plan->one_by_one = true;
		return;
	}
	if (plan->at >= plan->thread_count || !plan_wants(plan, plan->at))
		return;
	plan->rows[plan->at].stuck = true;
	plan->threads[plan->at].status = SNAPSHOT_THREAD_TIMEOUT;
}

static int run_all(struct plan *plan, const struct helper_job *job, const struct helper_room *room,
	struct error *err)
{
	for (int i = 0; i < HELPERS_MAX && clock_now_us() < plan->deadline_us; i++) {
		job->prepare(plan);
		int how = run_one(plan, job, room);
		if (how < 0)
			return fail_sys(err, -how, "clone", "the helper that captures");
		if (how == EXIT_DONE)
			return 0;
		note_pause(plan);
		if (how == EXIT_LATE)
			note_stuck(plan);
		else if (how != EXIT_AGAIN)
			return fail(err, ERROR_SYSTEM, EIO,
				"the process that captures the threads of %d did not end as it "
				"should",
				plan->pid);
	}
	return 0;
}

void helper_room_fini(struct helper_room *room)
{
	if (room->start)
		munmap(room->start, room->len);
	*room = (struct helper_room){0};
}

// Makes ROOM as large as it has to be for borrowing MOST bytes for a plan's threads; in large pages
// if that is worth it. Fails with -errno.
static int make_room(struct helper_room *room, size_t most)
{
	size_t len = GUARD + STACK + HUGEPAGE + BORROWED + most;

	if (!room->start || room->len < len) {
		helper_room_fini(room);
		void *start = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
		if (start == MAP_FAILED)
			return -errno;
		mprotect(start, GUARD, PROT_NONE);
		*room = (struct helper_room){.start = start,
			.len = len,
			.may_stay = madvise(start, len, MADV_DONTFORK) == 0,
			.borrowed_at = hugepages_round((uintptr_t)start + GUARD + STACK) -
				       (uintptr_t)start};
	}
	if (most >= BORROWED_MANY)
		hugepages_advise(room->start + room->borrowed_at, hugepages_round(most));
	return 0;
}

int helper_run(struct plan *plan, const struct helper_job *job, struct helper_room *room,
	struct error *err)
{
	int r = make_room(room, plan->thread_capacity * BORROWED_EACH); // more is borrowed rarely

	if (r < 0)
		return fail_sys(err, -r, "mmap", "memory for the helper that captures");
	plan->borrowed.dirty = room->dirty;
	r = run_all(plan, job, room, err);
	room->dirty = plan->borrowed.dirty;
	if (!room->may_stay)
		helper_room_fini(room);
	plan->borrowed = (struct plan_borrowed){0};
	return r;
}

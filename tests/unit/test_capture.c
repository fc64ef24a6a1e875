// SPDX-License-Identifier: GPL-2.0-or-later
// What a process that is started while a capture runs can reach of it.
#include "capture.h"

#include "cleanup.h"
#include "clock.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct seen {
	int ours, child; // mappings that are shared and writable
	size_t threads;
};

// The writable mappings of this process that it shares with others, 99 at most.
static int count_shared(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (maps && fgets(line, sizeof(line), maps))
		count += strstr(line, " rw-s ") && count < 99;
	if (maps)
		fclose(maps);
	return count;
}

static void on_begin(void *arg)
{
	struct seen *seen = arg;
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(count_shared());
	check_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	seen->child = WEXITSTATUS(status);
}

static void on_modules(void *arg, const struct snapshot *snapshot)
{
	struct seen *seen = arg;

	seen->ours = count_shared();
	check_true(snapshot->module_count > 0 && snapshot->thread_count == 0);
}

static void on_threads(void *arg, const struct snapshot *snapshot)
{
	struct seen *seen = arg;

	seen->threads = snapshot->thread_count;
}

// Captures all threads of process PID by the first policy, telling LISTENER.
static void take(pid_t pid, const struct capture_listener *listener, struct snapshot *ret)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	struct taskiter_program iterator = TASKITER_PROGRAM_EMPTY;
	struct helper_room room = {0};
	const struct capture_options options = {.policy = policy_at(0),
		.timeout_ms = 5000,
		.listener = listener,
		.iterator = &iterator,
		.helper_room = &room};
	bool missed = true;

	check_int(target_open(pid, &target, &err), 0);
	check_int(capture_take(&target, &options, ret, &missed, &err), 0);
	check_true(!missed);
	helper_room_fini(&room);
	taskiter_program_fini(&iterator);
	target_fini(&target);
}

static void end(pid_t pid, struct snapshot *snapshot)
{
	snapshot_fini(snapshot);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

// A worker that is started then could else write to what the capture believes.
Test(capture, is_not_shared_with_who_is_told_the_modules)
{
	struct snapshot snapshot = {0};
	struct seen seen = {0};
	const struct capture_listener listener = {on_begin, on_modules, NULL, on_threads, &seen};
	int before = count_shared();
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	take(pid, &listener, &snapshot);
	check_int(seen.ours, before);
	check_int(seen.child, before);
	check_true(snapshot.thread_count == 1 && seen.threads == 1);
	check_int(waitpid(-1, NULL, WNOHANG), 0); // no helper is left, only this one
	check_true(snapshot.threads[0].status == SNAPSHOT_THREAD_CAPTURED);
	end(pid, &snapshot);
}

enum { BLOCKED = 100 };

// What was told of threads that were not proven yet.
struct told {
	pid_t by;
	size_t times, count;
	struct snapshot_thread threads[BLOCKED + 2];
	unsigned char stacks[BLOCKED + 2][64];
};

static void ignore(void *arg)
{
	(void)arg;
}

static void ignore_snapshot(void *arg, const struct snapshot *snapshot)
{
	(void)arg;
	(void)snapshot;
}

static void on_unproven(void *arg, const struct snapshot *snapshot)
{
	struct told *told = arg;

	told->times++;
	told->by = getpid();
	told->count = snapshot->thread_count;
	for (size_t i = 0; i < told->count && i < BLOCKED + 2; i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		told->threads[i] = *thread;
		if (thread->stack_len >= sizeof(told->stacks[i]))
			memcpy(told->stacks[i], snapshot->stacks + thread->stack_offset,
				sizeof(told->stacks[i]));
	}
}

static volatile int started;

static void *block(void *arg)
{
	__atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
	for (;;)
		pause();
	return arg;
}

static void *spin(void *arg)
{
	volatile int *turns = &started;

	for (;;)
		__atomic_add_fetch(turns, 1, __ATOMIC_RELAXED);
	return arg;
}

// A process of BLOCKED threads that wait, a thread that does not, and the first one, which waits.
static pid_t start_many(void)
{
	int ready[2];
	char byte;

	check_int(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < BLOCKED; i++)
			if (pthread_create(&thread, NULL, block, NULL) != 0)
				_exit(1);
		while (started < BLOCKED)
			usleep(1000);
		if (pthread_create(&thread, NULL, spin, NULL) != 0)
			_exit(1);
		usleep(100000);
		if (write(ready[1], "r", 1) < 0)
			_exit(1);
		block(NULL);
	}
	check_int(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

// Each thread that is said to be as it was told is that.
static void check_as_told(const struct snapshot *snapshot, const struct told *told)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		const struct snapshot_thread *before = &told->threads[i];
		if (!thread->as_told)
			continue;
		count++;
		check_true(i < told->count && thread->status == SNAPSHOT_THREAD_CAPTURED);
		check_true(thread->method == SNAPSHOT_METHOD_ITERATOR);
		check_true(thread->tid == before->tid && snapshot_is_unproven(before));
		check_true(memcmp(thread->regs, before->regs, sizeof(thread->regs)) == 0);
		check_u64(thread->regs_known, before->regs_known);
		check_u64(thread->stack_len, before->stack_len);
		check_true(memcmp(snapshot->stacks + thread->stack_offset, told->stacks[i],
				   sizeof(told->stacks[i])) == 0);
	}
	check_true(count >= BLOCKED * 9 / 10);
}

// Many are told of by the helper, before it is proven that they stood still.
Test(capture, tells_of_many_before_the_proof)
{
	static struct told told;
	struct snapshot snapshot = {0};
	const struct capture_listener listener = {
		ignore, ignore_snapshot, on_unproven, ignore_snapshot, &told};
	pid_t pid = start_many();

	take(pid, &listener, &snapshot);
	check_int(snapshot.thread_count, BLOCKED + 2);
	if (snapshot.iterator_errnum == 0) {
		check_u64(told.times, 1);
		check_true(told.by > 0 && told.by != getpid());
		check_as_told(&snapshot, &told);
	} else { // not built, or not allowed: by another way there is nothing to be told
		check_u64(told.times, 0);
	}
	end(pid, &snapshot);
}

// Whoever loads the task iterator may be killed, or stopped, may not be waited for, and is gone in
// the end. Whether it may be loaded is no matter of who does it.
Test(capture, what_becomes_of_the_loader)
{
	static const int signals[] = {0, SIGKILL, SIGSTOP};
	int wanted = 0;

	for (size_t i = 0; i < 3; i++) {
		struct taskiter_program program = TASKITER_PROGRAM_EMPTY;
		taskiter_load_begin(&program);
		pid_t loader = program.loader;
		taskiter_load_begin(&program); // has begun
		check_int(program.loader, loader);
		if (loader > 0)
			kill(loader, signals[i]);
		int fd = taskiter_open(&program, getpid());
		if (i == 0)
			wanted = fd < 0 ? fd : 0;
		check_int(fd < 0 ? fd : 0, wanted);
		close_fd(&fd);
		for (int ms = 0; signals[i] != SIGSTOP && program.loader > 0 && ms < 5000; ms++) {
			usleep(1000);
			taskiter_tidy(&program);
		}
		check_true(signals[i] == SIGSTOP || program.loader == 0);
		taskiter_program_fini(&program);
		check_int(waitpid(-1, NULL, WNOHANG), -1);
		check_int(program.prog_fd, -EBADF);
	}
	check_no_leak();
}

Test(capture, a_loader_that_nobody_waits_for)
{
	struct taskiter_program program = TASKITER_PROGRAM_EMPTY;

	taskiter_load_begin(&program);
	taskiter_program_fini(&program);
	check_int(waitpid(-1, NULL, WNOHANG), -1);
	check_int(program.socket, -EBADF);
}

static void prepare_nothing(struct plan *plan)
{
	(void)plan;
}

// Borrows what has to be zero, and leaves it otherwise.
static int borrow(struct plan *plan)
{
	unsigned char *memory = plan_borrow(plan, 1, 100);

	for (size_t i = 0; i < 100; i++)
		if (!memory || memory[i] != 0)
			return -EIO;
	memset(memory, 0xff, 100);
	return 0;
}

// What one helper has borrowed is zero for the next one, in the same room, which no child has.
Test(capture, keeps_the_helpers_room)
{
	static const struct helper_job job = {prepare_nothing, borrow};
	struct helper_room room = {0};
	struct error err = {0};
	unsigned char resident, *start = NULL;
	int status;

	for (size_t i = 0; i < 3; i++) {
		struct plan plan = {.thread_capacity = 1,
			.pid = getpid(),
			.deadline_ms = 1000,
			.deadline_us = clock_now_us() + 5000000};
		check_int(helper_run(&plan, &job, &room, &err), 0);
		check_true(room.dirty >= 100 && (!start || start == room.start));
		start = room.start;
	}
	pid_t child = fork();
	if (child == 0)
		_exit(mincore(start, 4096, &resident) < 0 && errno == ENOMEM ? 7 : 1);
	check_true(waitpid(child, &status, 0) == child);
	check_int(WEXITSTATUS(status), 7);
	// One for more threads is larger, and new.
	struct plan large = {.thread_capacity = 100000,
		.pid = getpid(),
		.deadline_ms = 1000,
		.deadline_us = clock_now_us() + 5000000};
	const size_t len = room.len;
	check_int(helper_run(&large, &job, &room, &err), 0);
	check_true(room.len > len);
	helper_room_fini(&room);
	helper_room_fini(&room);
	check_true(!room.start);
}

// The helper hears the alarm of who waits for it, and may only do so if that one does.
static void check_alarm(int how)
{
	struct seen seen = {0};
	const struct capture_listener listener = {on_begin, on_modules, NULL, on_threads, &seen};
	const struct itimerval none = {0}, late = {.it_value.tv_sec = 100};
	struct snapshot snapshot = {0};
	struct itimerval left;
	sigset_t alarm, after;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(how, &alarm, NULL);
	setitimer(ITIMER_REAL, &late, NULL);
	take(pid, &listener, &snapshot);
	setitimer(ITIMER_REAL, &none, &left);
	check_true(left.it_value.tv_sec > 0);
	sigprocmask(SIG_UNBLOCK, &alarm, &after);
	check_int(sigismember(&after, SIGALRM), how == SIG_BLOCK);
	end(pid, &snapshot);
}

Test(capture, leaves_an_alarm_as_it_is)
{
	check_alarm(SIG_BLOCK);
	check_alarm(SIG_UNBLOCK);
}

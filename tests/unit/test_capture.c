// SPDX-License-Identifier: GPL-2.0-or-later
// What a process that is started while a capture runs can reach of it.
#include "capture.h"

#include "cleanup.h"
#include "clock.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

// A worker that is started then could else write to what the capture believes.
Test(capture, is_not_shared_with_who_is_told_the_modules)
{
	struct target target = TARGET_EMPTY;
	struct snapshot snapshot = {0};
	struct error err = {0};
	struct seen seen = {0};
	bool missed = true;
	const struct capture_listener listener = {on_begin, on_modules, on_threads, &seen};
	int before = count_shared();
	struct taskiter_program iterator = TASKITER_PROGRAM_EMPTY;
	struct helper_room room = {0};
	const struct capture_options options = {.policy = policy_at(0),
		.timeout_ms = 5000,
		.listener = &listener,
		.iterator = &iterator,
		.helper_room = &room};
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	check_int(target_open(pid, &target, &err), 0);
	check_int(capture_take(&target, &options, &snapshot, &missed, &err), 0);
	check_int(seen.ours, before);
	check_int(seen.child, before);
	check_true(snapshot.thread_count == 1 && seen.threads == 1);
	check_true(!missed);
	check_int(waitpid(-1, NULL, WNOHANG), 0); // no helper is left, only this one
	check_true(snapshot.threads[0].status == SNAPSHOT_THREAD_CAPTURED);
	helper_room_fini(&room);
	taskiter_program_fini(&iterator);
	snapshot_fini(&snapshot);
	target_fini(&target);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
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

// SPDX-License-Identifier: GPL-2.0-or-later
// The capture that stops nothing and needs nothing but /proc.
#include "nostop.h"

#include "cleanup.h"
#include "clock.h"
#include "fd.h"
#include "stackcopy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	TRIES = 3, // without a pause
	PAUSE_US = 500,
	PAUSES_FOR_ONE = 50,
	PAUSES_FOR_SPARED = 1000, // all threads together
	PAUSES_FOR_REST = 50,
	STATUS_MAX = 1 << 20, // bytes: its line of groups may be long
	SYSCALL_MAX = 256,
	READ_MS = 300, // for what is read of one thread
};

// Files of one thread, and where they are read to.
struct reader {
	int syscall_fd, status_fd;
	char *text; // STATUS_MAX bytes
};

static void reader_close(struct reader *reader)
{
	close_fd(&reader->syscall_fd);
	close_fd(&reader->status_fd);
}

static int open_file(const struct plan *plan, pid_t tid, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/%s", tid, name);
	int fd = openat(plan->task_dir_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

// Opened before the first read: from then on they stay with this thread, whoever gets its id.
static int reader_open(struct reader *reader, const struct plan *plan, pid_t tid)
{
	reader->syscall_fd = open_file(plan, tid, "syscall");
	reader->status_fd = open_file(plan, tid, "status");
	int r = reader->syscall_fd < 0 ? reader->syscall_fd : reader->status_fd;
	return r < 0 ? r : 0;
}

static int read_syscall(const struct reader *reader, struct proc_syscall *ret)
{
	char text[SYSCALL_MAX];
	ssize_t len = pread(reader->syscall_fd, text, sizeof(text), 0);

	return len < 0 ? -errno : proc_syscall_parse(text, (size_t)len, ret);
}

static int read_status(const struct reader *reader, struct proc_status *ret)
{
	ssize_t len = pread(reader->status_fd, reader->text, STATUS_MAX, 0);

	return len < 0 ? -errno : proc_status_parse(reader->text, (size_t)len, ret);
}

static void take_registers(struct snapshot_thread *thread, const struct proc_syscall *call)
{
	static const int arg_regs[6] = ARCH_SYSCALL_ARG_REGS;

	thread->regs_known = UINT64_C(1) << ARCH_REG_SP | UINT64_C(1) << ARCH_REG_PC;
	thread->regs[ARCH_REG_SP] = call->sp;
	thread->regs[ARCH_REG_PC] = call->pc;
	thread->in_syscall = call->kind == PROC_SYSCALL_BLOCKED;
	if (!thread->in_syscall)
		return;
	thread->syscall_nr = call->nr;
	for (int i = 0; i < 6; i++) {
		thread->syscall_args[i] = call->args[i];
		thread->regs[arg_regs[i]] = call->args[i];
		thread->regs_known |= UINT64_C(1) << arg_regs[i];
	}
}

static bool same_call(const struct proc_syscall *a, const struct proc_syscall *b)
{
	return a->kind == b->kind && a->sp == b->sp && a->pc == b->pc &&
	       (a->kind != PROC_SYSCALL_BLOCKED ||
		       (a->nr == b->nr && memcmp(a->args, b->args, sizeof(a->args)) == 0));
}

// True when no mapping lies where only a 64-bit process has one: PLAN's process runs 32-bit code,
// whose registers the file tells in another way.
static bool is_32_bit(const struct plan *plan)
{
	for (size_t i = plan->snapshot->map_count; i-- > 0;) {
		const struct snapshot_map *map = &plan->snapshot->maps[i];
		bool vsyscall = map->start >= UINT64_C(1) << 63;
		if (!vsyscall)
			return map->end <= UINT64_C(1) << 32;
	}
	return false;
}

// One attempt. Returns 1 when the thread is captured, 0 when it ran, or -errno.
static int take_once(struct plan *plan, size_t index, const struct reader *reader)
{
	struct snapshot_thread *thread = &plan->threads[index];
	struct proc_syscall before, after;
	struct proc_status first, last;
	int r;

	if ((r = read_syscall(reader, &before)) < 0 || (r = read_status(reader, &first)) < 0)
		return r;
	plan_describe(plan, index, &first);
	if (first.state == 'Z' || first.state == 'X') {
		thread->state = first.state;
		return -ESRCH;
	}
	if (before.kind == PROC_SYSCALL_RUNNING)
		return 0;
	if (before.sp == 0 && before.pc == 0) { // kernel/fork.c: no user stack was given to it
		thread->status = SNAPSHOT_THREAD_KERNEL;
		return 1;
	}
	take_registers(thread, &before);
	stackcopy_reserve(plan, &index, 1, false);
	stackcopy_take(plan, &index, 1, READ_MS);
	stackcopy_finish(plan, &index, READ_MS);
	stackcopy_end(plan);
	if (plan->rows[index].copy_errnum != 0)
		return -plan->rows[index].copy_errnum;
	if ((r = read_syscall(reader, &after)) < 0 || (r = read_status(reader, &last)) < 0)
		return r;
	if (!same_call(&before, &after) || first.switches != last.switches)
		return 0;
	thread->state = last.state;
	thread->method = SNAPSHOT_METHOD_PROC;
	thread->switches = last.switches;
	thread->errnum = 0;
	__atomic_store_n(&thread->status, SNAPSHOT_THREAD_CAPTURED, __ATOMIC_RELEASE);
	return 1;
}

static void note_failure(struct plan *plan, size_t index, int r)
{
	if (r == 0)
		plan->threads[index].status = SNAPSHOT_THREAD_MOVING;
	else
		plan_refused(plan, index, r == -ENOENT ? ESRCH : -r);
}

// Tries more often than TRIES as long as *PAUSES are left.
static void take_thread(struct plan *plan, size_t index, char *text, int *pauses)
{
	struct snapshot_thread *thread = &plan->threads[index];
	const struct snapshot_thread before = *thread;
	struct reader reader = {-EBADF, -EBADF, text};

	plan->at = index;
	plan_allow(plan, READ_MS);
	int r = reader_open(&reader, plan, thread->tid);
	for (int i = 0; r == 0 && i < TRIES + PAUSES_FOR_ONE; i++) {
		if (i >= TRIES && (*pauses)-- <= 0)
			break;
		if (i >= TRIES)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_US * 1000L}, NULL);
		r = take_once(plan, index, &reader);
	}
	reader_close(&reader);
	if (r > 0)
		return;
	thread->regs_known = 0;
	thread->in_syscall = false;
	thread->stack_len = 0;
	if (before.status == SNAPSHOT_THREAD_LISTED || r == -ESRCH || r == -ENOENT)
		note_failure(plan, index, r);
	else
		thread->status = before.status; // what an earlier way has found says more
}

// Which threads are taken.
enum choice { UNLESS_WHOLE, ONLY_SPARED, ALL };

static bool is_chosen(const struct plan *plan, size_t index, enum choice choice)
{
	if (!plan_wants(plan, index))
		return false;
	if (choice == UNLESS_WHOLE)
		return !plan->rows[index].whole;
	return choice == ALL || plan->threads[index].spared;
}

static int take_all(struct plan *plan, enum choice choice, int pauses)
{
	size_t used = plan->borrowed.used;
	char *text = plan_borrow(plan, STATUS_MAX, 1);
	bool wrong_machine = is_32_bit(plan);

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < plan->thread_count; i++) {
		if (!is_chosen(plan, i, choice))
			continue;
		if (wrong_machine) {
			plan_describe(plan, i, NULL);
			if (plan_wants(plan, i))
				plan_refused(plan, i, EMEDIUMTYPE);
		} else {
			take_thread(plan, i, text, &pauses);
		}
	}
	plan_give_back(plan, used);
	return 0;
}

int nostop_take(struct plan *plan)
{
	return take_all(plan, UNLESS_WHOLE, 0);
}

int nostop_take_spared(struct plan *plan)
{
	return take_all(plan, ONLY_SPARED, PAUSES_FOR_SPARED);
}

int nostop_take_rest(struct plan *plan)
{
	return take_all(plan, ALL, PAUSES_FOR_REST);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "eintr.h"
#include "nostop.h"
#include "policy.h"
#include "unit.h"

#include "cleanup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A child to be looked at, and the plan to look at it.
struct looked_at {
	pid_t pid;
	struct target target;
	struct snapshot snapshot;
	struct snapshot_thread thread;
	struct plan_row row;
	unsigned char stacks[1 << 16];
	_Alignas(16) unsigned char lent[2 << 20];
	struct plan plan;
};

static struct looked_at look;

static bool is_blocked(void)
{
	char path[64], text[256];
	struct proc_syscall call;

	snprintf(path, sizeof(path), "/proc/%d/syscall", look.pid);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text));
	return len > 0 && proc_syscall_parse(text, (size_t)len, &call) == 0 &&
	       call.kind == PROC_SYSCALL_BLOCKED;
}

// Starts a child that runs RUN; with BLOCKED, waits until it is.
static void begin(void (*run)(void), bool blocked)
{
	look = (struct looked_at){.target = TARGET_EMPTY, .pid = fork()};
	cr_assert(look.pid >= 0);
	if (look.pid == 0) {
		for (;;)
			run();
	}
	for (int i = 0; blocked && i < 5000 && !is_blocked(); i++)
		usleep(1000);
	check_int(target_open(look.pid, &look.target, NULL), 0);
	look.plan = (struct plan){.target = &look.target,
		.task_dir_fd = openat(look.target.proc_fd, "task", O_RDONLY | O_DIRECTORY),
		.memory_fd = -EBADF,
		.iterator_fd = -EBADF,
		.borrowed = {look.lent, sizeof(look.lent), 0, sizeof(look.lent)},
		.pid = look.pid,
		.snapshot = &look.snapshot,
		.threads = &look.thread,
		.rows = &look.row,
		.thread_capacity = 1,
		.stacks = look.stacks,
		.stacks_capacity = sizeof(look.stacks),
		.stack_max = sizeof(look.stacks),
		.deadline_us = UINT64_MAX};
	check_true(plan_add(&look.plan, look.pid) != NULL);
}

static void end(void)
{
	kill(look.pid, SIGKILL);
	waitpid(look.pid, NULL, 0);
	close(look.plan.task_dir_fd);
	target_fini(&look.target);
}

static void sleep_on(void)
{
	syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0x1234);
}

static void spin(void)
{
	static volatile int turns;

	turns++;
}

// What is known is what the system call tells, and nothing else.
Test(nostop, blocked)
{
	static const int args[] = ARCH_SYSCALL_ARG_REGS;
	uint64_t known = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP;

	begin(sleep_on, true);
	check_int(nostop_take(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_CAPTURED);
	check_int(look.thread.method, SNAPSHOT_METHOD_PROC);
	check_int(look.thread.state, 'S');
	check_true(look.thread.in_syscall);
	check_u64(look.thread.syscall_nr, SYS_ppoll);
	check_u64(look.thread.regs[args[4]], 0x1234);
	for (int i = 0; i < 6; i++)
		known |= UINT64_C(1) << args[i];
	check_u64(look.thread.regs_known, known);
	check_true(look.thread.stack_len > 0);
	check_int(look.thread.pause_us, 0);
	end();
}

Test(nostop, running)
{
	begin(spin, false);
	check_int(nostop_take(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_MOVING);
	check_u64(look.thread.regs_known, 0);
	check_u64(look.thread.stack_len, 0);
	end();
}

// What an earlier way has found of a thread is not lost.
Test(nostop, running_after_a_refusal)
{
	begin(spin, false);
	plan_refused(&look.plan, 0, EPERM);
	check_int(nostop_take_rest(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_DENIED);
	check_int(look.thread.errnum, EPERM);
	end();
}

Test(nostop, dead)
{
	begin(sleep_on, true);
	kill(look.pid, SIGKILL);
	siginfo_t info;
	waitid(P_PID, (id_t)look.pid, &info, WEXITED | WNOWAIT);
	check_int(nostop_take(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_GONE);
	end();
}

// Which threads each kind of attempt takes.
Test(nostop, whole_and_spared)
{
	begin(sleep_on, true);
	look.row.whole = true;
	check_int(nostop_take(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_LISTED);
	check_int(nostop_take_spared(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_LISTED);
	look.thread.spared = true;
	check_int(nostop_take_spared(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_CAPTURED);
	end();
	begin(sleep_on, true);
	look.row.whole = true;
	check_int(nostop_take_rest(&look.plan), 0);
	check_int(look.thread.status, SNAPSHOT_THREAD_CAPTURED);
	end();
}

static int fds[2];

static void wait_for_event(void)
{
	struct epoll_event event;

	epoll_wait(fds[0], &event, 1, -1);
}

static void read_on(void)
{
	char byte;

	if (read(fds[0], &byte, 1) < 0)
		_exit(1);
}

Test(eintr, calls)
{
	begin(sleep_on, true);
	check_true(!eintr_is_prone(&look.plan, look.pid));
	end();
	fds[0] = epoll_create1(EPOLL_CLOEXEC);
	begin(wait_for_event, true);
	check_true(eintr_is_prone(&look.plan, look.pid));
	end();
	close(fds[0]);
	begin(spin, false);
	check_true(!eintr_is_prone(&look.plan, look.pid));
	end();
}

// read(2) is restarted, but for a socket that may have a timeout.
Test(eintr, read)
{
	check_int(pipe(fds), 0);
	begin(read_on, true);
	check_true(!eintr_is_prone(&look.plan, look.pid));
	end();
	close(fds[0]);
	close(fds[1]);
	check_int(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	begin(read_on, true);
	check_true(eintr_is_prone(&look.plan, look.pid));
	end();
	close(fds[0]);
	close(fds[1]);
}

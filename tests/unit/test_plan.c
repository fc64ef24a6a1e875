// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"
#include "policy.h"
#include "registers.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 8, LENT = 64 << 10 };

static struct snapshot_thread threads[ROOM];
static struct plan_row rows[ROOM];
static _Alignas(16) unsigned char lent[LENT];

static struct plan empty_plan(void)
{
	return (struct plan){.threads = threads,
		.rows = rows,
		.thread_capacity = ROOM,
		.pid = getpid(),
		.borrowed = {.start = lent, .len = LENT},
		.deadline_us = UINT64_MAX};
}

Test(plan, add_until_full)
{
	static const pid_t whole[] = {3, 5};
	struct plan plan = empty_plan();

	plan.whole = whole;
	plan.whole_count = 2;
	for (pid_t tid = 1; tid <= ROOM; tid++) {
		check_true(plan_add(&plan, tid) == &threads[tid - 1]);
		check_int(threads[tid - 1].tid, tid);
		check_int(rows[tid - 1].whole, tid == 3 || tid == 5);
		check_true(plan_wants(&plan, (size_t)tid - 1));
	}
	check_true(!plan.threads_missed);
	check_true(plan_add(&plan, ROOM + 1) == NULL);
	check_true(plan.threads_missed);
	check_u64(plan.thread_count, ROOM);
}

Test(plan, what_is_wanted)
{
	static const struct {
		enum snapshot_thread_status status;
		bool wanted;
	} cases[] = {{SNAPSHOT_THREAD_LISTED, true}, {SNAPSHOT_THREAD_TIMEOUT, true},
		{SNAPSHOT_THREAD_DENIED, true}, {SNAPSHOT_THREAD_MOVING, true},
		{SNAPSHOT_THREAD_CAPTURED, false}, {SNAPSHOT_THREAD_GONE, false},
		{SNAPSHOT_THREAD_KERNEL, false}};
	struct plan plan = empty_plan();

	plan_add(&plan, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		threads[0].status = cases[i].status;
		check_int(plan_wants(&plan, 0), cases[i].wanted);
	}
	threads[0].status = SNAPSHOT_THREAD_LISTED;
	rows[0].stuck = true;
	check_true(!plan_wants(&plan, 0));
}

Test(plan, refused)
{
	struct plan plan = empty_plan();

	plan_add(&plan, 1);
	plan_refused(&plan, 0, EPERM);
	check_int(threads[0].status, SNAPSHOT_THREAD_DENIED);
	check_int(threads[0].errnum, EPERM);
	plan_refused(&plan, 0, ESRCH);
	check_int(threads[0].status, SNAPSHOT_THREAD_GONE);
	threads[0].state = 'Z'; // seizing a zombie is refused with EPERM
	threads[0].status = SNAPSHOT_THREAD_LISTED;
	plan_refused(&plan, 0, EPERM);
	check_int(threads[0].status, SNAPSHOT_THREAD_GONE);
}

static void *wait_at(void *barrier)
{
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

// Each listing finds what is new, and only that.
Test(plan, list)
{
	struct plan plan = empty_plan();
	pthread_barrier_t barrier;
	pthread_t thread;

	plan.task_dir_fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(plan.task_dir_fd >= 0);
	size_t alone = plan_add_new(&plan); // a sanitizer may have a thread of its own
	check_true(alone >= 1 && plan_has_all(&plan));
	check_u64(plan_add_new(&plan), 0);
	pthread_barrier_init(&barrier, NULL, 2);
	check_int(pthread_create(&thread, NULL, wait_at, &barrier), 0);
	pthread_barrier_wait(&barrier);
	check_true(!plan_has_all(&plan));
	check_u64(plan_add_new(&plan), 1);
	check_true(plan_has_all(&plan));
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	close(plan.task_dir_fd);
}

Test(policy, names)
{
	static const char *const bad[] = {"", "aut", "autos", "AUTO", "no", " auto"};

	check_str(policy_at(0)->name, "auto");
	for (size_t i = 0; policy_at(i); i++) {
		check_true(policy_find(policy_at(i)->name) == policy_at(i));
		check_true(policy_at(i)->strategies[0] != NULL);
		check_true(policy_at(i)->strategies[POLICY_WAYS_MAX - 1] == NULL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(policy_find(bad[i]) == NULL, "a policy named '%s'", bad[i]);
}

#if defined(__x86_64__)
Test(registers, numbers)
{
	static const int args[] = ARCH_SYSCALL_ARG_REGS;
	struct snapshot_thread thread = {0};
	struct user_regs_struct r = {.rax = 100,
		.rdx = 101,
		.rcx = 102,
		.rbx = 103,
		.rsi = 104,
		.rdi = 105,
		.rbp = 106,
		.rsp = 107,
		.r8 = 108,
		.r9 = 109,
		.r10 = 110,
		.r11 = 111,
		.r12 = 112,
		.r13 = 113,
		.r14 = 114,
		.r15 = 115,
		.rip = 116,
		.orig_rax = 7,
		.cs = 0x33};

	registers_take(&thread, &r);
	for (unsigned i = 0; i < ARCH_REG_COUNT; i++)
		check_u64(thread.regs[i], 100 + i);
	check_u64(thread.regs_known, SNAPSHOT_ALL_REGS);
	check_true(thread.in_syscall);
	check_u64(thread.syscall_nr, 7);
	for (int i = 0; i < 6; i++)
		check_u64(thread.syscall_args[i], thread.regs[args[i]]);
	r.orig_rax = (unsigned long long)-1;
	registers_take(&thread, &r);
	check_true(!thread.in_syscall);
}

Test(registers, what_they_say)
{
	struct user_regs_struct r = {.rip = 1, .rsp = 1, .orig_rax = 232, .cs = 0x33};

	check_true(
		!registers_say_eintr(&r) && !registers_are_32_bit(&r) && !registers_are_none(&r));
	r.rax = (unsigned long long)-EINTR;
	check_true(registers_say_eintr(&r));
	r.orig_rax = (unsigned long long)-1; // in no system call: a value like any other
	check_true(!registers_say_eintr(&r));
	r.cs = 0x23;
	check_true(registers_are_32_bit(&r));
	r.rip = r.rsp = 0;
	check_true(registers_are_none(&r));
}
#endif

Test(plan, borrowed_memory_is_zero)
{
	struct plan plan = empty_plan();

	for (int round = 0; round < 2; round++) {
		unsigned char *first = plan_borrow(&plan, 3, 5),
			      *second = plan_borrow(&plan, 1, 64);
		cr_assert(first && second);
		check_true(first == lent && second == lent + 16);
		for (size_t i = 0; i < 80; i++)
			check_int(lent[i], 0);
		memset(lent, 0xff, 80);
		plan_give_back(&plan, 0);
	}
	// Another helper gets the same memory.
	plan.borrowed.used = 0;
	cr_assert(plan_borrow(&plan, 1, LENT) == lent);
	check_int(lent[0] | lent[79], 0);
	check_true(plan_borrow(&plan, 1, 1) == NULL);
	check_true(plan_borrow(&plan, SIZE_MAX / 2, 3) == NULL);
	check_true(plan_borrow(&plan, 1, SIZE_MAX) == NULL);
	check_true(plan_borrow(&plan, 0, 8) != NULL);
}

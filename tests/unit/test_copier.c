// SPDX-License-Identifier: GPL-2.0-or-later
// A second thread that copies. The stacks are our own memory.
#include "copier.h"
#include "cpus.h"
#include "unit.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { COUNT = 1000, LEN = 3000, LENT = 1 << 20 };
enum { BATCHES = (COUNT + COPIER_BATCH - 1) / COPIER_BATCH };

static struct snapshot_thread threads[COUNT];
static struct plan_row rows[COUNT];
static size_t indices[COUNT];
static unsigned char lent[LENT], *copies;
static _Alignas(16) unsigned char original[COUNT][LEN];

// A plan of COUNT threads, the first of which has its stack at the end of what is reserved.
static struct plan prepared(void)
{
	copies = calloc(COUNT, LEN);
	check_true(copies);
	for (size_t i = 0; i < COUNT; i++) {
		memset(original[i], (int)(i % 255) + 1, LEN);
		threads[i] = (struct snapshot_thread){.tid = getpid(),
			.stack_offset = (COUNT - 1 - i) * LEN,
			.stack_len = LEN - i};
		threads[i].regs[ARCH_REG_SP] = (uintptr_t)original[i];
		indices[i] = i;
	}
	return (struct plan){.pid = getpid(),
		.threads = threads,
		.rows = rows,
		.thread_count = COUNT,
		.stacks = copies,
		.stacks_capacity = (size_t)COUNT * LEN,
		.borrowed = {lent, sizeof(lent), 0, sizeof(lent)}};
}

static size_t batch_len(size_t batch)
{
	return batch < BATCHES - 1 ? COPIER_BATCH : COUNT - batch * COPIER_BATCH;
}

static void check_copied(size_t batch)
{
	for (size_t i = batch * COPIER_BATCH; i < batch * COPIER_BATCH + batch_len(batch); i++)
		check_true(memcmp(copies + threads[i].stack_offset, original[i],
				   threads[i].stack_len) == 0);
}

static void need_cpus(void)
{
	if (!cpus_are_several())
		cannot_run("a second CPU");
}

// A handler on an alternate stack, which thread INDEX is on, has left LEFT.
static void put_signal_frame(size_t index, uint64_t left)
{
	ucontext_t context;
	uintptr_t at = ((uintptr_t)original[index] + 15) & ~(uintptr_t)15;

	memset(&context, 0, sizeof(context));
	context.uc_stack.ss_sp = original[index];
	context.uc_stack.ss_size = 1 << 20;
#if defined(__x86_64__)
	context.uc_mcontext.gregs[REG_RSP] = (greg_t)left;
	context.uc_mcontext.gregs[REG_CSGSFS] = 0x33;
#else
	context.uc_mcontext.sp = left;
#endif
	memcpy((void *)at, &context, sizeof(context));
}

Test(copier, copies_what_nobody_has_taken)
{
	struct plan plan = prepared();
	bool has_copied[BATCHES];
	size_t its = 0;

	need_cpus();
	put_signal_frame(COUNT - 1, 0x7000);
	rows[COUNT - 2].left_sp = 1; // of an earlier attempt
	struct copier *copier = copier_begin(&plan, indices, COUNT);
	check_true(copier && plan.borrowed.used > 0);
	for (size_t i = 0; i < 2000 && copies[threads[COUNT - 1].stack_offset] == 0; i++)
		usleep(1000); // it comes from the last one
	for (size_t batch = 0; batch < BATCHES; batch++) {
		has_copied[batch] = copier_has_copied(copier, batch);
		its += has_copied[batch];
		if (has_copied[batch])
			check_copied(batch);
	}
	copier_end(copier);
	check_true(its > 0);
	check_u64(rows[COUNT - 1].left_sp, 0x7000);
	check_u64(rows[COUNT - 2].left_sp, 0);
	check_u64(plan.borrowed.used, 0);
	for (size_t batch = 0; batch < BATCHES; batch++)
		if (!has_copied[batch])
			check_int(copies[threads[batch * COPIER_BATCH].stack_offset], 0);
	free(copies);
	check_no_leak();
}

// What is not whole is left to others.
Test(copier, says_what_it_could_not_copy)
{
	struct plan plan = prepared();
	bool has_copied[BATCHES];
	const size_t hole = BATCHES - 2;

	need_cpus();
	threads[hole * COPIER_BATCH + 5].regs[ARCH_REG_SP] = 4096;
	struct copier *copier = copier_begin(&plan, indices, COUNT);
	check_true(copier);
	for (size_t i = 0; i < 2000 && copies[threads[0].stack_offset] == 0; i++)
		usleep(1000);
	for (size_t batch = 0; batch < BATCHES; batch++)
		has_copied[batch] = copier_has_copied(copier, batch);
	copier_end(copier);
	for (size_t batch = 0; batch < BATCHES; batch++)
		check_int(has_copied[batch], batch != hole);
	free(copies);
}

// Memory of which a page never comes, as long as this process lives.
static void *endless_page(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {
		.range = {(uintptr_t)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};

	if (fd < 0)
		cannot_run("userfaultfd(2): CAP_SYS_PTRACE");
	check_true(page != MAP_FAILED);
	check_int(ioctl(fd, UFFDIO_API, &api), 0);
	check_int(ioctl(fd, UFFDIO_REGISTER, &range), 0);
	return page;
}

// Both wait for the copier, who waits for ever: the helper can be killed, and is gone then.
Test(copier, dies_with_the_helper)
{
	struct plan plan = prepared();
	int status;

	need_cpus();
	threads[COUNT - 1].regs[ARCH_REG_SP] = (uintptr_t)endless_page();
	threads[COUNT - 1].stack_len = 8;
	pid_t pid = fork();
	check_true(pid >= 0);
	if (pid == 0) {
		struct copier *copier = copier_begin(&plan, indices, COUNT);
		usleep(500000); // it comes to the last batch before us
		for (size_t batch = 0; copier && batch < BATCHES; batch++)
			copier_has_copied(copier, batch);
		_exit(copier ? 1 : 2);
	}
	usleep(1500000);
	check_int(waitpid(pid, &status, WNOHANG), 0); // it still waits
	check_int(kill(pid, SIGKILL), 0);
	check_int(waitpid(pid, &status, 0), pid);
	check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	free(copies);
}

Test(copier, is_not_for_a_few)
{
	struct plan plan = prepared();

	check_true(!copier_begin(&plan, indices, 100));
	check_u64(plan.borrowed.used, 0);
	copier_end(NULL);
	free(copies);
}

Test(copier, is_not_for_one_cpu)
{
	struct plan plan = prepared();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	check_int(sched_setaffinity(0, sizeof(one), &one), 0);
	check_true(!copier_begin(&plan, indices, COUNT));
	check_u64(plan.borrowed.used, 0);
	free(copies);
}

Test(copier, is_not_where_no_memory_or_thread_is)
{
	struct plan plan = prepared();
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	need_cpus();
	plan.borrowed.len = 10000;
	check_true(!copier_begin(&plan, indices, COUNT));
	check_u64(plan.borrowed.used, 0);
	plan.borrowed.len = sizeof(lent);
	check_int(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAGAIN), SYS_clone, 1,
			  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)),
		0);
	check_int(seccomp_load(filter), 0);
	seccomp_release(filter);
	check_true(!copier_begin(&plan, indices, COUNT));
	check_u64(plan.borrowed.used, 0);
	free(copies);
}

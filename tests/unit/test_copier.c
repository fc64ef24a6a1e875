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
enum { BATCHES = (COUNT + COPIER_STACKS - 1) / COPIER_STACKS };
enum { IN_BLOCK = COPIER_BLOCK / LEN, BLOCKS = (COUNT + IN_BLOCK - 1) / IN_BLOCK };
enum { FILE_LEN = BLOCKS * COPIER_BLOCK };

static struct snapshot_thread threads[COUNT];
static struct plan_row rows[COUNT];
static size_t indices[COUNT];
static struct copier_batch batches[COUNT];
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
	for (size_t i = 0; i < BATCHES; i++)
		batches[i] =
			(struct copier_batch){.first = i * COPIER_STACKS, .count = COPIER_STACKS};
	batches[BATCHES - 1].count = COUNT % COPIER_STACKS;
	return (struct plan){.pid = getpid(),
		.deadline_us = UINT64_MAX,
		.threads = threads,
		.rows = rows,
		.thread_count = COUNT,
		.stacks = copies,
		.stacks_capacity = (size_t)COUNT * LEN,
		.stacks_file = -EBADF,
		.borrowed = {lent, sizeof(lent), 0, sizeof(lent)}};
}

// The same by file: in blocks.
static struct plan prepared_by_file(void)
{
	struct plan plan = prepared();

	free(copies);
	plan.by_file = true;
	plan.stacks_file = memfd_create("stacks", MFD_CLOEXEC);
	check_true(plan.stacks_file >= 0);
	copies = mmap(NULL, FILE_LEN, PROT_READ, MAP_SHARED, plan.stacks_file, 0);
	check_true(copies != MAP_FAILED);
	plan.stacks = copies;
	plan.stacks_capacity = FILE_LEN;
	for (size_t i = 0; i < COUNT; i++)
		threads[i].stack_offset = i / IN_BLOCK * COPIER_BLOCK + i % IN_BLOCK * LEN;
	for (size_t i = 0; i < BLOCKS; i++)
		batches[i] = (struct copier_batch){.first = i * IN_BLOCK, .count = IN_BLOCK};
	batches[BLOCKS - 1].count = COUNT - (BLOCKS - 1) * IN_BLOCK;
	return plan;
}

static size_t len_of(const struct copier_batch *batch)
{
	size_t len = 0;

	for (size_t i = batch->first; i < batch->first + batch->count; i++)
		len += threads[i].stack_len;
	return len;
}

static void check_copied(const struct copier_batch *batch)
{
	check_true(batch->done);
	check_u64(batch->copied, len_of(batch));
	for (size_t i = batch->first; i < batch->first + batch->count; i++)
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

Test(copier, copies_all)
{
	struct plan plan = prepared();

	need_cpus();
	put_signal_frame(COUNT - 1, 0x7000);
	rows[COUNT - 2].left_sp = 1; // of an earlier attempt
	copier_copy(&plan, indices, batches, BATCHES, 1000);
	check_true(plan.copier);
	copier_end(&plan);
	check_true(!plan.copier);
	for (size_t i = 0; i < BATCHES; i++)
		check_copied(&batches[i]);
	check_u64(rows[COUNT - 1].left_sp, 0x7000);
	check_u64(rows[COUNT - 2].left_sp, 0);
	free(copies);
	plan_give_back(&plan, 0);
	check_no_leak();
}

Test(copier, copies_all_by_file)
{
	struct plan plan = prepared_by_file();

	need_cpus();
	put_signal_frame(COUNT - 1, 0x7000);
	copier_copy(&plan, indices, batches, BLOCKS, 1000);
	check_true(plan.copier);
	copier_end(&plan);
	for (size_t i = 0; i < BLOCKS; i++)
		check_copied(&batches[i]);
	check_u64(rows[COUNT - 1].left_sp, 0x7000);
	munmap(copies, FILE_LEN);
	close(plan.stacks_file);
	check_no_leak();
}

// One that is larger than a block, and so than the buffer; and one of which the end is missing.
Test(copier, copies_what_is_large)
{
	enum { LARGE = 3 * COPIER_BLOCK - 5000 };
	unsigned char *stack = mmap(
		NULL, LARGE + 5000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_true(stack != MAP_FAILED);
	for (size_t i = 0; i < LARGE; i++)
		stack[i] = (unsigned char)(i * 7 / 5);
	for (int round = 0; round < 2; round++) {
		struct plan plan = prepared_by_file();
		batches[0] = (struct copier_batch){.first = 0, .count = 1};
		threads[0].stack_len = LARGE;
		threads[0].regs[ARCH_REG_SP] = (uintptr_t)stack;
		copier_copy(&plan, indices, batches, 1, 1000);
		check_true(!plan.copier); // not for a few
		check_true(batches[0].done);
		check_u64(batches[0].copied, round == 0 ? LARGE : COPIER_BLOCK);
		check_int(memcmp(copies, stack, batches[0].copied), 0);
		munmap(copies, FILE_LEN);
		close(plan.stacks_file);
		munmap(stack + COPIER_BLOCK, LARGE - COPIER_BLOCK);
	}
}

// How much of a batch is there: what is before a hole.
Test(copier, says_what_it_could_not_copy)
{
	const size_t hole = BATCHES - 2, before = 5;

	need_cpus();
	for (int by_file = 0; by_file < 2; by_file++) {
		struct plan plan = by_file ? prepared_by_file() : prepared();
		size_t its = batches[hole].first, len = 0;
		for (size_t i = 0; i < before; i++)
			len += threads[its + i].stack_len;
		threads[its + before].regs[ARCH_REG_SP] = 4096;
		copier_copy(&plan, indices, batches, by_file ? BLOCKS : BATCHES, 1000);
		copier_end(&plan);
		for (size_t i = 0; i < (by_file ? BLOCKS : BATCHES); i++)
			if (i != hole)
				check_copied(&batches[i]);
		check_true(batches[hole].done);
		check_u64(batches[hole].copied, len);
		check_int(memcmp(copies + threads[its].stack_offset, original[its],
				  threads[its].stack_len),
			0);
		if (by_file)
			munmap(copies, FILE_LEN);
		else
			free(copies);
	}
}

// What cannot be written is not there.
Test(copier, a_file_that_is_not_to_be_written)
{
	struct plan plan = prepared_by_file();

	close(plan.stacks_file);
	plan.stacks_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	copier_copy(&plan, indices, batches, BLOCKS, 1000);
	copier_end(&plan);
	for (size_t i = 0; i < BLOCKS; i++)
		check_true(batches[i].done && batches[i].copied == 0);
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

// Both wait for what never comes: the helper can be killed, and both are gone then.
Test(copier, dies_with_the_helper)
{
	struct plan plan = prepared();
	void *endless = endless_page();
	int status;

	need_cpus();
	for (size_t i = COUNT / 2; i < COUNT; i++) {
		threads[i].regs[ARCH_REG_SP] = (uintptr_t)endless;
		threads[i].stack_len = 8;
	}
	pid_t pid = fork();
	check_true(pid >= 0);
	if (pid == 0) {
		copier_copy(&plan, indices, batches, BATCHES, 60000);
		_exit(1);
	}
	usleep(1000000);
	check_int(waitpid(pid, &status, WNOHANG), 0); // it still waits
	check_int(kill(pid, SIGKILL), 0);
	check_int(waitpid(pid, &status, 0), pid);
	check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	free(copies);
}

// Copies BATCHES without a thread.
static void check_alone(struct plan *plan, size_t count)
{
	copier_copy(plan, indices, batches, count, 1000);
	check_true(!plan->copier);
	copier_end(plan);
	for (size_t i = 0; i < count; i++)
		check_copied(&batches[i]);
	plan_give_back(plan, 0);
}

Test(copier, a_few_need_no_thread)
{
	struct plan plan = prepared();

	check_alone(&plan, 3);
	free(copies);
}

// Whoever is read one by one is to be the only one; and what a killed helper has left is nobody's.
Test(copier, one_by_one)
{
	struct plan plan = prepared();

	plan.one_by_one = true;
	plan.copier = (void *)lent;
	memset(lent, 0xff, 1000);
	check_alone(&plan, BATCHES);
	check_u64(plan.at, batches[BATCHES - 1].first);
	free(copies);
}

Test(copier, one_cpu)
{
	struct plan plan = prepared();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	check_int(sched_setaffinity(0, sizeof(one), &one), 0);
	check_alone(&plan, BATCHES);
	free(copies);
}

Test(copier, no_memory_or_no_thread)
{
	struct plan plan = prepared();
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	need_cpus();
	plan.borrowed.len = 10000;
	check_alone(&plan, BATCHES);
	free(copies);
	plan = prepared_by_file(); // without a buffer nothing is copied
	plan.borrowed.len = 0;
	copier_copy(&plan, indices, batches, BLOCKS, 1000);
	check_true(!plan.copier && batches[0].copied == 0 && !batches[0].done);
	plan = prepared();
	check_int(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAGAIN), SYS_clone, 1,
			  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)),
		0);
	check_int(seccomp_load(filter), 0);
	seccomp_release(filter);
	check_alone(&plan, BATCHES);
	free(copies);
}

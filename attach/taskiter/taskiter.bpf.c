// SPDX-License-Identifier: GPL-2.0-or-later
// The program that the kernel runs for each thread when the iterator is read. The kernel's types
// are declared as far as they are used; where their members are, is settled when it is loaded
// (CO-RE).
#include "record.h"

#define SECTION(name) __attribute__((section(name), used))
#define RELOCATED     __attribute__((preserve_access_index))
#define BARRIER()     __asm__ volatile("" ::: "memory")

enum { PID_LEVELS = 32 }; // MAX_PID_NS_LEVEL
enum { TYPE_SIZE = 1 };   // of __builtin_preserve_type_info()

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
} RELOCATED;

struct pid {
	__u32 level;
	struct upid numbers[1];
} RELOCATED;

struct pt_regs;

struct task_struct {
	__u32 __state;
	int exit_state;
	__u32 flags;
	int on_cpu;
	__u64 nvcsw, nivcsw, start_time;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	char comm[TASKITER_COMM_SIZE];
} RELOCATED;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} RELOCATED;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} RELOCATED;

// include/uapi/linux/bpf.h
static long (*const probe_read_kernel)(void *to, __u32 len, const void *from) = (void *)113;
static long (*const seq_write)(struct seq_file *seq, const void *data, __u32 len) = (void *)127;
static struct task_struct *(*const get_current_task_btf)(void) = (void *)158;
static long (*const task_pt_regs)(struct task_struct *task) = (void *)175;

// Set before it is loaded: the process, in the reader's PID namespace.
const volatile int wanted_pid = 0;

// The number of PID at LEVEL, and the namespace that it has it in.
static __attribute__((always_inline)) int number_at(
	struct pid *pid, __u32 level, struct pid_namespace **ns)
{
	__u64 size = __builtin_preserve_type_info(*(struct upid *)0, TYPE_SIZE);
	const char *at = (const char *)&pid->numbers[0] + level * size;
	const struct upid *upid = (const struct upid *)at;
	int nr = 0;

	*ns = 0;
	if (level >= PID_LEVELS || level > pid->level)
		return 0;
	probe_read_kernel(ns, sizeof(*ns), &upid->ns);
	probe_read_kernel(&nr, sizeof(nr), &upid->nr);
	return nr;
}

// The number that the reader knows TASK by; 0: it does not see it.
static __attribute__((always_inline)) int number_for_reader(struct task_struct *task)
{
	struct pid *own = get_current_task_btf()->thread_pid, *pid = task->thread_pid;
	struct pid_namespace *own_ns, *ns;

	if (!own || !pid)
		return 0;
	__u32 level = own->level;
	number_at(own, level, &own_ns);
	int nr = number_at(pid, level, &ns);
	return own_ns && ns == own_ns ? nr : 0;
}

SECTION("iter/task")
int dump_task(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct taskiter_record record = {0};
	struct pid_namespace *ns;

	// Not every kernel chooses by process: then all are offered.
	if (!task || !task->group_leader || number_for_reader(task->group_leader) != wanted_pid)
		return 0;
	record.switches_first = task->nvcsw + task->nivcsw;
	BARRIER();
	record.on_cpu = (__u32)task->on_cpu;
	BARRIER();
	record.tid = number_for_reader(task);
	if (task->thread_pid)
		record.ns_tid = number_at(task->thread_pid, task->thread_pid->level, &ns);
	record.state = task->__state | (__u32)task->exit_state;
	record.flags = task->flags;
	record.start_time = task->start_time;
	probe_read_kernel(record.comm, sizeof(record.comm), task->comm);
	const void *regs = (const void *)task_pt_regs(task);
	record.has_regs = regs && probe_read_kernel(record.regs, sizeof(record.regs), regs) == 0;
	BARRIER();
	record.switches_last = task->nvcsw + task->nivcsw;
	seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

const char program_license[] SECTION("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-or-later
// The program that the kernel runs for each thread when the iterator is read. The kernel's types
// are declared as far as they are used; where their members are, is settled when it is loaded
// (CO-RE).
#include "record.h"

#define SECTION(name) __attribute__((section(name), used))
#define RELOCATED     __attribute__((preserve_access_index))
#define BARRIER()     __asm__ volatile("" ::: "memory")

enum { PID_LEVELS = 32 }; // MAX_PID_NS_LEVEL

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
};

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
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

// include/uapi/linux/bpf.h
static long (*const probe_read_kernel)(void *to, __u32 len, const void *from) = (void *)113;
static long (*const seq_write)(struct seq_file *seq, const void *data, __u32 len) = (void *)127;
static struct task_struct *(*const get_current_task)(void) = (void *)35;
static long (*const task_pt_regs)(struct task_struct *task) = (void *)175;

// Set before it is loaded: the process, in the reader's PID namespace.
const volatile int wanted_pid = 0;

// *FROM, wherever it is.
#define READ(from)                                                \
	({                                                        \
		__typeof__(*(from)) value_ = 0;                   \
		probe_read_kernel(&value_, sizeof(value_), from); \
		value_;                                           \
	})

// The number of PID at LEVEL, and the namespace that it has it in.
static __attribute__((always_inline)) int number_at(
	struct pid *pid, __u32 level, struct pid_namespace **ns)
{
	struct upid *upid = (void *)((char *)&pid->numbers[0] + level * sizeof(struct upid));

	*ns = 0;
	if (level >= PID_LEVELS || level > READ(&pid->level))
		return 0;
	*ns = READ(&upid->ns);
	return READ(&upid->nr);
}

// The number that the reader knows TASK by; 0: it does not see it.
static __attribute__((always_inline)) int number_for_reader(struct task_struct *task)
{
	struct task_struct *reader = get_current_task();
	struct pid *own = READ(&reader->thread_pid), *pid = READ(&task->thread_pid);
	struct pid_namespace *own_ns, *ns;

	if (!own || !pid)
		return 0;
	__u32 level = READ(&own->level);
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
	if (!task || number_for_reader(READ(&task->group_leader)) != wanted_pid)
		return 0;
	record.switches_first = task->nvcsw + task->nivcsw;
	BARRIER();
	record.on_cpu = (__u32)task->on_cpu;
	BARRIER();
	record.tid = number_for_reader(task);
	struct pid *pid = READ(&task->thread_pid);
	if (pid)
		record.ns_tid = number_at(pid, READ(&pid->level), &ns);
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

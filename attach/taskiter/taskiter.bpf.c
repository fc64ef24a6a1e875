// SPDX-License-Identifier: GPL-2.0-or-later
// The program that the kernel runs for each thread when the iterator is read. The kernel's types
// are declared as far as they are used; where their members are, is settled when it is loaded
// (CO-RE).
#include "record.h"

#define SECTION(name) __attribute__((section(name), used))
#define RELOCATED     __attribute__((preserve_access_index))
#define BARRIER()     __asm__ volatile("" ::: "memory")

enum {
	PID_LEVELS = 32,  // MAX_PID_NS_LEVEL
	FAIR_PRIO = 100,  // MAX_RT_PRIO: the first that the fair class has
	FIELD_EXISTS = 2, // enum bpf_core_relo_kind
};

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

#if defined(__TARGET_ARCH_x86)
struct thread_struct {
	unsigned long fsbase;
} RELOCATED;
#endif

struct sched_info {
	__u64 last_arrival;
} RELOCATED;

struct sched_entity {
	__u64 sum_exec_runtime, prev_sum_exec_runtime;
	struct sched_entity *parent;
} RELOCATED;

struct task_struct {
	__u32 __state;
	int exit_state;
	__u32 flags;
	int on_cpu;
	int prio;
	int tgid;
	struct sched_entity se;
	struct sched_info sched_info;
	__u64 nvcsw, nivcsw, start_time;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	char comm[TASKITER_COMM_SIZE];
#if defined(__TARGET_ARCH_x86)
	struct thread_struct thread;
#endif
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
static struct task_struct *(*const get_current_task)(void) = (void *)158; // with its type
static long (*const task_pt_regs)(struct task_struct *task) = (void *)175;

// Set before each link is made, in memory that outlives them.
volatile struct taskiter_wanted wanted = {0};

// *FROM, wherever it is. Numbers in CONTEXT's task need no call, and what is no number needs one
// even there: a pointer that the kernel follows by itself costs it, each time that this is loaded,
// a look through all of its types, for whether the pointer is to be trusted.
#define READ(from)                                                \
	({                                                        \
		__typeof__(*(from)) value_ = 0;                   \
		probe_read_kernel(&value_, sizeof(value_), from); \
		value_;                                           \
	})

// What PID is at LEVEL; {0}: nothing.
static __attribute__((always_inline)) struct upid number_at(struct pid *pid, __u32 level)
{
	struct upid upid = {0};

	if (level < PID_LEVELS)
		probe_read_kernel(&upid, sizeof(upid),
			(char *)&pid->numbers[0] + level * sizeof(struct upid));
	return upid;
}

// The number that who sees LEVEL of namespace NS knows PID by, which has OWN_LEVEL; 0: none.
static __attribute__((always_inline)) int number_in(
	struct pid *pid, __u32 own_level, const struct pid_namespace *ns, __u32 level)
{
	struct upid upid = {0};

	if (own_level >= level)
		upid = number_at(pid, level);
	return upid.ns == ns ? upid.nr : 0;
}

// True when the kernel notes when a task got a CPU, and its fair class how long it has run since:
// with no groups of tasks that is forgotten whenever the task is found to be the next one too.
#define HAS_TIMES(task)                                                                  \
	(__builtin_preserve_field_info((task)->sched_info.last_arrival, FIELD_EXISTS) && \
		__builtin_preserve_field_info((task)->se.parent, FIELD_EXISTS))

// How long TASK has run since it last got a CPU, as far as that is noted: not of other classes.
static __attribute__((always_inline)) __u64 last_run(struct task_struct *task)
{
	if (task->prio < FAIR_PRIO)
		return 0;
	return task->se.sum_exec_runtime - task->se.prev_sum_exec_runtime;
}

// True when TASK is of the process that is wanted. What is the same for all threads of it is found
// with the first: each number that is read of another structure than the task is a call.
static __attribute__((always_inline)) int is_wanted(
	struct task_struct *task, struct task_struct *current_task)
{
	if (wanted.tgid != 0)
		return task->tgid == wanted.tgid;
	struct pid *reader = READ(&current_task->thread_pid);
	__u32 seen_level = READ(&reader->level);
	struct pid_namespace *ns = number_at(reader, seen_level).ns;
	struct pid *leader = READ(&READ(&task->group_leader)->thread_pid);
	__u32 level = READ(&leader->level);
	int pid = wanted.pid;
	if (!ns || pid == 0 || number_in(leader, level, ns, seen_level) != pid)
		return 0;
	wanted.seen_level = seen_level;
	wanted.level = level;
	wanted.ns = (__u64)ns;
	wanted.tgid = task->tgid;
	return 1;
}

SECTION("iter/task")
int dump_task(struct bpf_iter__task *context)
{
	struct task_struct *current_task = get_current_task();
	struct task_struct *task = context->task;
	struct taskiter_record record = {0};

	if (!task || !is_wanted(task, current_task))
		return 0;
	// Threads of a process are all of one PID namespace.
	const struct pid_namespace *ns = (const struct pid_namespace *)wanted.ns;
	__u32 seen_level = wanted.seen_level, level = wanted.level;
	struct pid *pid = READ(&task->thread_pid);
	record.switches_first = task->nvcsw + task->nivcsw;
	BARRIER();
	record.on_cpu = (__u32)task->on_cpu;
	BARRIER();
	record.tid = number_in(pid, level, ns, seen_level);
	record.ns_tid = level == seen_level ? record.tid : number_at(pid, level).nr;
	if (record.tid == 0)
		return 0; // it has none any more
	record.state = task->__state | (__u32)task->exit_state;
	record.flags = task->flags;
	record.start_time = task->start_time;
	probe_read_kernel(record.comm, sizeof(record.comm), task->comm);
#if defined(__TARGET_ARCH_x86)
	record.thread_pointer = task->thread.fsbase;
#endif
	if (HAS_TIMES(task)) {
		record.arrived = task->prio < FAIR_PRIO ? 0 : task->sched_info.last_arrival;
		record.ran = last_run(task);
		record.now = current_task->sched_info.last_arrival + last_run(current_task);
	}
	const void *regs = (const void *)task_pt_regs(task);
	record.has_regs = regs && probe_read_kernel(record.regs, sizeof(record.regs), regs) == 0;
	BARRIER();
	record.switches_last = task->nvcsw + task->nivcsw;
	seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

const char program_license[] SECTION("license") = "GPL";

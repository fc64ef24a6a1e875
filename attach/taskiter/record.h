// SPDX-License-Identifier: GPL-2.0-or-later
// What the program in the kernel (taskiter.bpf.c) is told, and what it writes of each thread.
#pragma once

// User space has these types from the kernel's headers, the program in the kernel needs no header.
#if !defined(__bpf__)
#include <linux/types.h>
#else
typedef unsigned char __u8;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
#endif

#if defined(__x86_64__) || defined(__TARGET_ARCH_x86)
enum { TASKITER_REGS = 21 }; // struct pt_regs, r15 to ss
#else
enum { TASKITER_REGS = 34 }; // struct user_pt_regs, x0 to pstate
#endif

enum { TASKITER_COMM_SIZE = 16 };

// Whose threads it writes.
struct taskiter_wanted {
	__s32 pid;  // of the process, in the reader's PID namespace: all else is 0 then,
	__s32 tgid; // and found by the program: the same in the first PID namespace
	__u32 seen_level, level; // of the reader's PID namespace, and the process's
	__u64 ns;                // the reader's: an address
};

struct taskiter_record {
	__s32 tid;                           // in the reader's PID namespace
	__s32 ns_tid;                        // in the thread's own
	__u32 state;                         // TASK_*, EXIT_* (include/linux/sched.h)
	__u32 flags;                         // PF_*
	__u32 on_cpu;                        // it ran just then
	__u32 has_regs;                      // 0: it has no user registers
	__u64 start_time;                    // tells it from another of the same id
	__u64 switches_first, switches_last; // context switches, read before and after all else
	__u64 thread_pointer;                // fs_base; 0: this machine's is not told
	// By the scheduler's clock, in nanoseconds: when it last got a CPU (0: not known), how long
	// it then ran, and the present.
	__u64 arrived, ran, now;
	__u8 comm[TASKITER_COMM_SIZE];
	__u64 regs[TASKITER_REGS];
};

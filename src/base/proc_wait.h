// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parsers of what /proc says of a thread that waits, or runs: proc_pid_stat(5),
// proc_pid_stack(5), proc_pid_fd(5), and sched and schedstat (kernel/sched/debug.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_stat {
	char state;
	uint64_t user_ticks, system_ticks; // of processor time, as sysconf(_SC_CLK_TCK) has them
	uint32_t cpu;                      // that it is on, or was on last
};

// Parses TEXT, a /proc/PID/stat line, whose name may hold anything, into *RET. Fails with -EINVAL.
int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret);

struct proc_sched {
	uint64_t
		ran_until_ns; // when it was last seen on its CPU, by that one's clock; 0: not known
	uint64_t switches;    // how often it has left one,
	uint64_t migrations;  // and been sent to another; 0 where the kernel does not say that
};

// Parses TEXT, what /proc/PID/sched says, whose first line has a name that may hold anything, into
// *RET. Fails with -EINVAL.
int proc_sched_parse(const char *text, size_t len, struct proc_sched *ret);

// Parses TEXT, a /proc/PID/schedstat line, into *RET_ARRIVALS: how often the thread has got a CPU;
// 0 where the kernel does not count that. Fails with -EINVAL. Source: sched-stats.txt.
int proc_schedstat_parse(const char *text, size_t len, uint64_t *ret_arrivals);

// Finds the next function of a kernel stack, "function+0x1f", from *CURSOR on, before END, in what
// /proc/PID/stack says, and moves *CURSOR behind its line. Returns false at the end.
bool proc_stack_next(const char **cursor, const char *end, const char **ret, size_t *ret_len);

// The inode of a link "KIND:[INODE]" in /proc/PID/fd, or 0 when LINK is no such.
uint64_t proc_link_inode(const char *link, const char *kind);

// PATH as it is below ROOT, which is PATH's beginning up to a slash; else all of it. ROOT is as a
// link in /proc/PID/root tells it.
const char *proc_path_below(const char *path, const char *root);

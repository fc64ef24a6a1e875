// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parsers of /proc/PID text (proc(5)). The target influences what stands there (its name, its
// arguments), so nothing is trusted to be well formed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PROC_NAME_SIZE = 68,  // TASK_COMM_LEN is 16; kernel threads show up to 64
	PROC_PID_LEVELS = 33, // MAX_PID_NS_LEVEL is 32
};

// What nspeek uses of /proc/PID/status. Fields that the text lacks are zero.
struct proc_status {
	char name[PROC_NAME_SIZE]; // as the thread set it, any bytes
	char state;                // R S D T t Z X I ...
	pid_t tgid;
	pid_t ppid;
	pid_t tracer_pid;
	uid_t uid[4]; // real, effective, saved, filesystem: in the reader's user namespace
	gid_t gid[4];
	pid_t ns_pid[PROC_PID_LEVELS]; // outermost (the procfs's own) first
	size_t ns_pid_count;
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	bool no_new_privs;
	bool knows_kernel_thread, kernel_thread; // whether the text says (Linux 6.8), and what
	unsigned threads;
	uint64_t rss_kb;   // resident memory in KiB; a process that has exited has none
	uint64_t switches; // context switches, voluntary and not: counted when it leaves its CPU
};

// Parses TEXT (LEN bytes of a status file) into *RET. Fails with -EINVAL when State or Tgid is
// missing or a known field is malformed; *RET is then untouched.
int proc_status_parse(const char *text, size_t len, struct proc_status *ret);

// What a /proc/PID/syscall line says of a thread.
enum proc_syscall_kind {
	PROC_SYSCALL_RUNNING, // it is on a CPU, or waits for one: nothing is known
	PROC_SYSCALL_NONE,    // it is blocked, but in no system call (a page fault, a stop)
	PROC_SYSCALL_BLOCKED, // it is blocked in system call nr
};

struct proc_syscall {
	enum proc_syscall_kind kind;
	uint64_t nr, args[6]; // PROC_SYSCALL_BLOCKED
	uint64_t sp, pc;      // not PROC_SYSCALL_RUNNING
};

// Parses TEXT (LEN bytes of a /proc/PID/syscall file) into *RET. Fails with -EINVAL; *RET is then
// untouched. Source: fs/proc/base.c, proc_pid_syscall.
int proc_syscall_parse(const char *text, size_t len, struct proc_syscall *ret);

// True when TEXT, a /proc/PID/stat line, belongs to a kernel thread (PF_KTHREAD in field 9).
// Text that is no stat line is not.
bool proc_stat_is_kernel_thread(const char *text, size_t len);

// True when TEXT, a /proc/PID/stat line, belongs to a process that is on its way out (PF_EXITING),
// though it need not be a zombie yet. Text that is no stat line does not.
bool proc_stat_is_exiting(const char *text, size_t len);

// When the process of TEXT, a /proc/PID/stat line, began (field 22), in clock ticks since the host
// was booted, into *RET. Fails with -EINVAL or -ERANGE; *RET is then untouched.
int proc_stat_start(const char *text, size_t len, uint64_t *ret);

// The parent of the process of TEXT, a /proc/PID/stat line (field 4), into *RET. Fails with -EINVAL
// or -ERANGE; *RET is then untouched.
int proc_stat_parent(const char *text, size_t len, pid_t *ret);

// The processor time that the process of TEXT, a /proc/PID/stat line, has used (fields 14 and 15),
// in clock ticks, into *RET. Errors as proc_stat_start().
int proc_stat_cpu(const char *text, size_t len, uint64_t *ret);

// One row of a uid_map or gid_map, user_namespaces(7).
struct proc_idmap_row {
	uint32_t inside, outside, count;
};

enum { PROC_IDMAP_MAX = 340 }; // the kernel's limit

struct proc_idmap {
	size_t count;
	struct proc_idmap_row rows[PROC_IDMAP_MAX];
};

// Parses TEXT, a uid_map or gid_map. Fails with -EINVAL; *RET is then undefined. No rows is valid:
// nobody has written the map yet.
int proc_idmap_parse(const char *text, size_t len, struct proc_idmap *ret);

// True when id INSIDE is mapped at all.
bool proc_idmap_has_inside(const struct proc_idmap *map, uint32_t inside);

// The id inside that OUTSIDE is by MAP, into *RET. Fails with -ENOENT when it is not mapped.
int proc_idmap_to_inside(const struct proc_idmap *map, uint32_t outside, uint32_t *ret);

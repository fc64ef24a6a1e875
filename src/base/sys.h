// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that glibc 2.36 has no wrapper for, or whose wrapper is missing in older ones.
// Each returns the call's own result, or -1 with errno set. The numbers of their first kernels are
// only for the reader: callers probe and fall back.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_map;

// What a file is: its inode and device, and the mount that it was reached by.
struct sys_file_id {
	uint64_t inode, mount_id;
	uint32_t dev_major, dev_minor;
	bool has_mount_id; // Linux 5.8
};

// statx(2) of PATH in DIRFD, or of DIRFD itself where PATH is empty; no link is followed. Linux
// 4.11.
int sys_file_id(int dirfd, const char *path, struct sys_file_id *ret);

// pidfd_open(2), Linux 5.3. FLAGS may hold SYS_PIDFD_THREAD (6.9).
int sys_pidfd_open(pid_t pid, unsigned flags);
#define SYS_PIDFD_THREAD 0x80u // PIDFD_THREAD is O_EXCL

// The inode of PIDFD, which no other process ever has, into *RET: Linux 6.9. Before that all pidfds
// have one, and errno is EOPNOTSUPP.
int sys_pidfd_inode(int pidfd, uint64_t *ret);

// pidfd_send_signal(2), Linux 5.1.
int sys_pidfd_send_signal(int pidfd, int sig);

// Opens the namespace that ioctl NUMBER of a pidfd means (struct nstype has them), Linux 6.11: with
// the checks of /proc/PID/ns, and without looking up a path.
int sys_pidfd_open_namespace(int pidfd, int number);

// openat2(2), Linux 5.6: FLAGS as for open(2) (O_CLOEXEC is added), RESOLVE a mask of RESOLVE_*.
int sys_openat2(int dirfd, const char *path, int flags, uint64_t resolve);

// Finds the mapping at ADDR of the process whose /proc/PID/maps FD is, or, if it is to be code of a
// FILE, the first such mapping there or above, into *RET, without what proc_maps.h gets from a
// text's path: ioctl(2) PROCMAP_QUERY, Linux 6.11. errno is ENOENT when there is none, ESRCH when
// the process has no memory any more. Source: include/uapi/linux/fs.h.
int sys_find_map(int fd, uint64_t addr, bool file, struct proc_map *ret);

// Makes the pages of LEN bytes at ADDR, a page's beginning, of shared memory or a file present at
// once: madvise(2) with MADV_POPULATE_READ, Linux 5.14. Pages of shared memory are writable then
// too; and those that another process has made present are mapped 16 at a time, which they are not
// for writing. Where that is not there, they come one by one as they are written to.
int sys_populate(void *addr, size_t len);

// The same for writing, MADV_POPULATE_WRITE: LEN bytes of private memory at ADDR, which may be
// anywhere in a page of 4 KiB. Where a page fault is trapped, it costs 20 times what a page costs
// that comes so.
int sys_populate_private(void *addr, size_t len);

// The same for LEN bytes of the stack below the caller's frame.
void sys_populate_stack(size_t len);

// close_range(2), Linux 5.9.
int sys_close_range(unsigned first, unsigned last);

// close_range(2) with CLOSE_RANGE_CLOEXEC, Linux 5.11.
int sys_close_range_cloexec(unsigned first, unsigned last);

// SPDX-License-Identifier: GPL-2.0-or-later
// Loading the iterator's program.
#include "taskiter.h"

#include <errno.h>

#if defined(NSPEEK_HAVE_BPF)

#include "taskiter.lskel.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Attaches program PROG_FD: to the threads of PID alone, where the kernel can choose (Linux 6.1).
static int attach(int prog_fd, pid_t pid)
{
	struct {
		__u32 tid, pid, pid_fd;
	} chosen = {.pid = (__u32)pid}; // union bpf_iter_link_info, task
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (__u32)prog_fd;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = (__u64)(uintptr_t)&chosen;
	attr.link_create.iter_info_len = sizeof(chosen);
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (fd < 0 && (errno == E2BIG || errno == EINVAL)) {
		attr.link_create.iter_info = 0;
		attr.link_create.iter_info_len = 0;
		fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	}
	return fd < 0 ? -errno : (int)fd; // bpf(2) makes all of its fds O_CLOEXEC
}

int taskiter_load(pid_t pid)
{
	struct taskiter *program = taskiter__open();

	if (!program)
		return -ENOMEM;
	program->rodata->wanted_pid = pid;
	int r = taskiter__load(program);
	if (r < 0)
		r = errno == EPERM || errno == EACCES ? -EPERM : -ENOSYS;
	else
		r = attach(program->progs.dump_task.prog_fd, pid);
	taskiter__destroy(program);
	return r;
}

#else

int taskiter_load(pid_t pid)
{
	(void)pid;
	return -ENOPKG;
}

#endif

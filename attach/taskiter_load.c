// SPDX-License-Identifier: GPL-2.0-or-later
// Loading the iterator's program.
#include "taskiter.h"

#include <errno.h>

#if defined(NSPEEK_HAVE_BPF)

#include "taskiter/record.h"

#include "taskiter.lskel.h" // which names a type of that

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

// Loads what is kept of the program into *PROGRAM. Returns 0 or -errno.
static int load(struct taskiter_program *program)
{
	struct taskiter *skeleton = taskiter__open();

	if (!skeleton)
		return -ENOMEM;
	int r = taskiter__load(skeleton);
	if (r < 0) {
		r = errno == EPERM || errno == EACCES ? -EPERM : -ENOSYS;
	} else {
		program->prog_fd = skeleton->progs.dump_task.prog_fd;
		program->wanted_fd = skeleton->maps.bss.map_fd;
		skeleton->progs.dump_task.prog_fd = skeleton->maps.bss.map_fd = 0; // none to close
	}
	// With its mapping: no child may have it.
	taskiter__destroy(skeleton);
	return r;
}

// Tells PROGRAM that process PID is meant.
static int choose(const struct taskiter_program *program, pid_t pid)
{
	const struct taskiter_wanted wanted = {.pid = pid};
	const __u32 first = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (__u32)program->wanted_fd;
	attr.key = (__u64)(uintptr_t)&first;
	attr.value = (__u64)(uintptr_t)&wanted;
	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int taskiter_open(struct taskiter_program *program, pid_t pid)
{
	int r = program->prog_fd < 0 ? load(program) : 0;

	if (r == 0)
		r = choose(program, pid);
	return r < 0 ? r : attach(program->prog_fd, pid);
}

#else

int taskiter_open(struct taskiter_program *program, pid_t pid)
{
	(void)program, (void)pid;
	return -ENOPKG;
}

#endif

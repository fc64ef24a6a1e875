// SPDX-License-Identifier: GPL-2.0-or-later
// Pinning a process.
#include "target.h"

#include "cleanup.h"
#include "fd.h"
#include "number.h"
#include "sys.h"

#include <fcntl.h>
#include <stdio.h>

static int no_such_process(pid_t pid, struct error *err)
{
	return fail(err, ERROR_TARGET, ESRCH, "there is no process %d", pid);
}

// That opening WHAT of process PID failed with ERRNUM: mostly because there is no such process.
static int fail_gone(pid_t pid, int errnum, const char *what, struct error *err)
{
	if (errnum == ENOENT || errnum == ESRCH || errnum == ENOTDIR)
		return no_such_process(pid, err);
	return fail_sys(err, errnum, "open", "%s of process %d", what, pid);
}

// Status of the thread whose directory below DIRFD is PATH.
static int read_status_at(int dirfd, const char *path, struct proc_status *ret)
{
	char text[3072]; // Groups: may be long, so a longer file is read whole below
	ssize_t len = fd_read_small_at(dirfd, path, text, sizeof(text));

	if (len == -EFBIG) {
		auto_free char *whole = NULL;
		size_t whole_len;
		int r = fd_read_file_at(dirfd, path, 2 << 20, &whole, &whole_len);
		return r < 0 ? r : proc_status_parse(whole, whole_len, ret);
	}
	if (len < 0)
		return (int)len;
	return proc_status_parse(text, (size_t)len, ret);
}

int target_read_status(const struct target *target, pid_t tid, struct proc_status *ret)
{
	char path[48];

	snprintf(path, sizeof(path), "task/%d/status", tid);
	return read_status_at(target->proc_fd, path, ret);
}

static bool is_dead(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

// The first thread of TARGET's process that is not dead, into TARGET's tid and status.
static int find_live_thread(struct target *target, struct error *err)
{
	int dup_fd = openat(target->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = dup_fd < 0 ? NULL : fdopendir(dup_fd);

	if (!dir)
		return fail_gone(target->pid, errno, "the threads", err);
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct proc_status status;
		pid_t tid;
		if (number_parse_pid(entry->d_name, &tid) < 0 ||
			target_read_status(target, tid, &status) < 0 || is_dead(status.state))
			continue;
		target->tid = tid;
		target->status = status;
		return 0;
	}
	fail(err, ERROR_TARGET, ESRCH, "process %d is a zombie: no thread of it lives",
		target->pid);
	return error_hint(
		err, "its parent (process %d) has not reaped it yet", target->status.ppid);
}

static bool is_kernel_thread(const struct target *target)
{
	char stat[1024];

	if (target->status.knows_kernel_thread)
		return target->status.kernel_thread;
	ssize_t len = fd_read_small_at(target->proc_fd, "stat", stat, sizeof(stat));
	return len >= 0 && proc_stat_is_kernel_thread(stat, (size_t)len);
}

static int refuse_kernel_thread(const struct target *target, struct error *err)
{
	return fail(err, ERROR_TARGET, EINVAL,
		"process %d is a kernel thread: it has no files and no stack of its own",
		target->pid);
}

// The thread group of the thread or process that has id PID, as /proc says it.
static int find_thread_group(pid_t pid, pid_t *ret, struct error *err)
{
	char path[32];
	struct proc_status status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	int r = read_status_at(AT_FDCWD, path, &status);
	if (r == -ENOENT || r == -ESRCH)
		return no_such_process(pid, err);
	if (r < 0)
		return fail_sys(err, -r, "read", "%s", path);
	*ret = status.tgid;
	return 0;
}

// Pins the process that has, or whose thread has, id PID.
static int pin(pid_t pid, struct target *target, struct error *err)
{
	char path[32];
	int r;

	target->pid = pid;
	target->pidfd = sys_pidfd_open(pid, 0);
	// What is no process may be a thread.
	if (target->pidfd < 0 && (errno == EINVAL || errno == ENOENT)) {
		if ((r = find_thread_group(pid, &target->pid, err)) < 0)
			return r;
		target->pidfd = sys_pidfd_open(target->pid, 0);
	}
	if (target->pidfd < 0) {
		int saved = errno;
		if (saved == ESRCH)
			return no_such_process(pid, err);
		fail_sys(err, saved, "pidfd_open", "process %d", target->pid);
		return saved == ENOSYS ? error_hint(err, "Linux 5.3 or newer is needed") : -saved;
	}
	snprintf(path, sizeof(path), "/proc/%d", target->pid);
	target->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target->proc_fd < 0)
		return errno == ENOENT ? no_such_process(target->pid, err)
				       : fail_sys(err, errno, "open", "%s", path);
	return target_verify(target, err);
}

// Opens the directory of TARGET's tid.
static int open_thread(struct target *target, struct error *err)
{
	char path[32];
	struct proc_status check;

	if (target->tid == target->pid) {
		close_fd(&target->task_fd);
		target->task_fd = fcntl(target->proc_fd, F_DUPFD_CLOEXEC, 3);
		return target->task_fd < 0 ? fail_sys(err, errno, "dup", "/proc/%d", target->pid)
					   : 0;
	}
	// Not task/TID: that has no map_files. The thread's directory is the process's as long as
	// it says so.
	snprintf(path, sizeof(path), "/proc/%d", target->tid);
	auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_gone(target->tid, errno, path, err);
	if (read_status_at(fd, "status", &check) < 0 || check.tgid != target->pid)
		return no_such_process(target->tid, err);
	close_fd(&target->task_fd);
	target->task_fd = take_fd(&fd);
	return target_verify(target, err);
}

int target_check_procfs(struct error *err)
{
	char link[16];
	ssize_t len = readlink("/proc/self", link, sizeof(link) - 1);
	pid_t self;

	if (len > 0)
		link[len] = '\0';
	if (len > 0 && number_parse_pid(link, &self) == 0 && self == getpid())
		return 0;
	fail(err, ERROR_SYSTEM, ENOENT,
		"/proc does not show the processes of our own PID namespace");
	return error_hint(err, "mount one there: mount -t proc proc /proc");
}

int target_open(pid_t pid, struct target *ret, struct error *err)
{
	auto_target struct target target = TARGET_EMPTY;
	int r;

	if ((r = target_check_procfs(err)) < 0 || (r = pin(pid, &target, err)) < 0)
		return r;
	if (target.pid == getpid())
		return fail(err, ERROR_TARGET, EINVAL, "process %d is nspeek itself", pid);
	target.tid = pid;
	r = target_read_status(&target, pid, &target.status);
	if (r < 0 || target.status.tgid != target.pid)
		return fail_gone(pid, r < 0 ? -r : ESRCH, "its status", err);
	if (is_kernel_thread(&target))
		return refuse_kernel_thread(&target, err);
	if (is_dead(target.status.state) && (r = find_live_thread(&target, err)) < 0)
		return r;
	if ((r = open_thread(&target, err)) < 0)
		return r;
	*ret = target;
	target = TARGET_EMPTY;
	return 0;
}

int target_open_any(pid_t pid, struct target *ret, struct error *err)
{
	auto_target struct target target = TARGET_EMPTY;
	int r;

	if ((r = target_check_procfs(err)) < 0 || (r = pin(pid, &target, err)) < 0)
		return r;
	if (target.pid != pid)
		return no_such_process(pid, err);
	target.tid = pid;
	if ((r = read_status_at(target.proc_fd, "status", &target.status)) < 0)
		return fail_gone(pid, -r, "its status", err);
	if ((r = open_thread(&target, err)) < 0)
		return r;
	*ret = target;
	target = TARGET_EMPTY;
	return 0;
}

int target_pidfd_inode(const struct target *target, uint64_t *ret)
{
	return sys_pidfd_inode(target->pidfd, ret) < 0 ? -errno : 0;
}

int target_follow(struct target *target, struct error *err)
{
	struct proc_status status;
	int r = target_read_status(target, target->tid, &status);

	if (r == 0 && !is_dead(status.state))
		return 0;
	if ((r = find_live_thread(target, err)) < 0)
		return r;
	return open_thread(target, err);
}

int target_verify(const struct target *target, struct error *err)
{
	if (sys_pidfd_send_signal(target->pidfd, 0) < 0 && errno == ESRCH)
		return no_such_process(target->pid, err);
	return 0;
}

void target_fini(struct target *target)
{
	close_fd(&target->pidfd);
	close_fd(&target->proc_fd);
	close_fd(&target->task_fd);
}

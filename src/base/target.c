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

// Status of the thread whose directory below DIRFD is PATH.
static int read_status_at(int dirfd, const char *path, struct proc_status *ret)
{
	char text[8192]; // Groups: may be long, so a longer file is read whole below
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
		return no_such_process(target->pid, err);
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

static int refuse_kernel_thread(const struct target *target, struct error *err)
{
	char stat[1024];
	ssize_t len = fd_read_small_at(target->proc_fd, "stat", stat, sizeof(stat));

	if (len < 0)
		return no_such_process(target->pid, err);
	if (!proc_stat_is_kernel_thread(stat, (size_t)len))
		return 0;
	return fail(err, ERROR_TARGET, EINVAL,
		"process %d is a kernel thread: it has no files and no stack of its own",
		target->pid);
}

static int pin(struct target *target, struct error *err)
{
	char path[32];

	target->pidfd = sys_pidfd_open(target->pid, 0);
	if (target->pidfd < 0) {
		int saved = errno;
		if (saved == ESRCH)
			return no_such_process(target->pid, err);
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

int target_open(pid_t pid, struct target *ret, struct error *err)
{
	auto_target struct target target = TARGET_EMPTY;
	char path[32];
	int r;

	if ((r = find_thread_group(pid, &target.pid, err)) < 0)
		return r;
	if (target.pid == getpid())
		return fail(err, ERROR_TARGET, EINVAL, "process %d is nspeek itself", pid);
	if ((r = pin(&target, err)) < 0 || (r = refuse_kernel_thread(&target, err)) < 0)
		return r;
	target.tid = pid;
	if (target_read_status(&target, pid, &target.status) < 0 ||
		target.status.tgid != target.pid)
		return no_such_process(pid, err);
	if (is_dead(target.status.state) && (r = find_live_thread(&target, err)) < 0)
		return r;

	// Not task/TID: that has no map_files. The thread's directory is the process's as long as
	// it says so.
	struct proc_status check;
	snprintf(path, sizeof(path), "/proc/%d", target.tid);
	target.task_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target.task_fd < 0 || read_status_at(target.task_fd, "status", &check) < 0 ||
		check.tgid != target.pid)
		return no_such_process(pid, err);
	if ((r = target_verify(&target, err)) < 0)
		return r;
	*ret = target;
	target = TARGET_EMPTY;
	return 0;
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

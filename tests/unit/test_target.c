// SPDX-License-Identifier: GPL-2.0-or-later
#include "target.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int count_fds(void)
{
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");

	cr_assert(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

// PID is refused as a target with ERRNUM and a message that contains WORDS, and no fd is left.
static void check_refused(pid_t pid, int errnum, const char *words)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	int fds = count_fds();

	check_int(target_open(pid, &target, &err), -errnum);
	check_int(err.kind, ERROR_TARGET);
	check_int(err.errnum, errnum);
	cr_assert(strstr(err.message, words), "\"%s\" lacks \"%s\"", err.message, words);
	check_true(error_is_valid(&err));
	check_int(target.pidfd, -EBADF);
	check_int(target.proc_fd, -EBADF);
	check_int(target.task_fd, -EBADF);
	target_fini(&target);
	check_int(count_fds(), fds);
}

// Polls until STATE is what process PID shows in its stat.
static void await_state(pid_t pid, char state)
{
	for (int i = 0; i < 500; i++) {
		char path[50], now = '?';
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		FILE *file = fopen(path, "re");
		cr_assert(file);
		check_int(fscanf(file, "%*d (%*[^)]) %c", &now), 1);
		fclose(file);
		if (now == state)
			return;
		usleep(10000);
	}
	cr_assert(false, "process %d never came to state %c", pid, state);
}

static pid_t fork_sleeper(void)
{
	pid_t child = fork();

	cr_assert(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	check_int(waitpid(child, NULL, 0), child);
}

Test(target, our_parent)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	int fds = count_fds();

	check_int(target_open(getppid(), &target, &err), 0);
	check_int(err.kind, ERROR_NONE);
	check_int(target.pid, getppid());
	check_int(target.tid, getppid());
	check_int(target.status.tgid, getppid());
	check_true(fcntl(target.pidfd, F_GETFD) & FD_CLOEXEC);
	check_true(fcntl(target.proc_fd, F_GETFD) & FD_CLOEXEC);
	check_true(fcntl(target.task_fd, F_GETFD) & FD_CLOEXEC);
	check_int(faccessat(target.task_fd, "ns/pid", F_OK, 0), 0);
	check_int(target_verify(&target, &err), 0);

	struct proc_status status;
	check_int(target_read_status(&target, getppid(), &status), 0);
	check_int(status.tgid, getppid());
	check_int(target_read_status(&target, getpid(), &status), -ENOENT);
	target_fini(&target);
	check_int(count_fds(), fds);
}

Test(target, that_dies)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	struct proc_status status;
	pid_t child = fork_sleeper();

	check_int(target_open(child, &target, &err), 0);
	end(child);
	int r = target_read_status(&target, child, &status);
	check_true(r == -ESRCH || r == -ENOENT);
	check_int(target_verify(&target, &err), -ESRCH);
	check_int(err.kind, ERROR_TARGET);
	target_fini(&target);

	check_refused(child, ESRCH, "no process");
}

Test(target, zombie)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	await_state(child, 'Z');
	check_refused(child, ESRCH, "zombie");
	check_int(waitpid(child, NULL, 0), child);
}

// What cannot be a target can be looked at from outside.
Test(target, of_any_kind)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	int fds = count_fds();
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	await_state(child, 'Z');
	check_int(target_open_any(child, &target, &err), 0);
	check_int(target.pid, child);
	check_int(target.status.state, 'Z');
	check_int(target.status.ppid, getpid());
	check_int(faccessat(target.task_fd, "stat", F_OK, 0), 0);
	target_fini(&target);
	check_int(waitpid(child, NULL, 0), child);
	target = TARGET_EMPTY;
	check_int(target_open_any(child, &target, &err), -ESRCH);
	check_int(err.kind, ERROR_TARGET);
	check_int(count_fds(), fds);
}

// Of a process while it lives the same, of another one another.
Test(target, inode_of_the_pidfd)
{
	struct target target = TARGET_EMPTY, again = TARGET_EMPTY, ours = TARGET_EMPTY;
	uint64_t inode = 0, same = 0, other = 0;
	struct error err = {0};

	check_int(target_open_any(getppid(), &target, &err), 0);
	check_int(target_open_any(getppid(), &again, &err), 0);
	check_int(target_open_any(getpid(), &ours, &err), 0);
	int r = target_pidfd_inode(&target, &inode);
	if (r < 0) {
		check_int(r, -EOPNOTSUPP); // before Linux 6.9
	} else {
		check_int(target_pidfd_inode(&again, &same), 0);
		check_int(target_pidfd_inode(&ours, &other), 0);
		check_u64(same, inode);
		check_true(other != inode);
	}
	target_fini(&target);
	target_fini(&again);
	check_int(target_pidfd_inode(&target, &inode), -EBADF);
	target_fini(&ours);
}

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

// The main thread has exited, another one lives: a good target.
Test(target, zombie_leader)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, wait_for_ever, NULL);
		syscall(SYS_exit, 0);
	}
	await_state(child, 'Z');
	check_int(target_open(child, &target, &err), 0);
	check_int(target.pid, child);
	check_true(target.tid != child);
	check_int(target.status.tgid, child);
	check_true(
		target.status.state == 'S' || target.status.state == 'R'); // it may not sleep yet
	check_int(faccessat(target.task_fd, "ns/mnt", F_OK, 0), 0);
	check_int(target_verify(&target, &err), 0);
	target_fini(&target);
	end(child);
}

static void *report_tid(void *arg)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);

	if (write(*(int *)arg, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	wait_for_ever(NULL);
	return NULL;
}

Test(target, thread_id)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	int ends[2];
	pid_t tid;

	check_int(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, report_tid, &ends[1]);
		wait_for_ever(NULL);
	}
	check_int(read(ends[0], &tid, sizeof(tid)), sizeof(tid));
	check_int(target_open(tid, &target, &err), 0);
	check_int(target.pid, child);
	check_int(target.tid, tid);
	target_fini(&target);
	end(child);
}

Test(target, ourselves)
{
	check_refused(getpid(), EINVAL, "itself");
}

Test(target, no_such_process)
{
	check_refused(INT32_MAX, ESRCH, "no process 2147483647");
}

// Where kernel threads can be seen (not from inside a PID namespace) each is refused; the system
// tests say when there is none to try.
Test(target, kernel_threads)
{
	DIR *dir = opendir("/proc");
	int tried = 0;

	cr_assert(dir);
	for (struct dirent *entry; (entry = readdir(dir)) && tried < 5;) {
		char path[300], text[1000] = "";
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		FILE *file = atoi(entry->d_name) > 0 ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		size_t len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		if (!proc_stat_is_kernel_thread(text, len))
			continue;
		check_refused(atoi(entry->d_name), EINVAL, "kernel thread");
		tried++;
	}
	closedir(dir);
	if (atoi(getenv("NSPEEK_SEES_KERNEL_THREADS") ?: "0"))
		check_true(tried > 0);
}

Test(target, fini_of_an_empty_one)
{
	struct target target = TARGET_EMPTY;
	int fds = count_fds();

	target_fini(&target);
	target_fini(&target);
	check_int(count_fds(), fds);
}

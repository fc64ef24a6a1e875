// SPDX-License-Identifier: GPL-2.0-or-later
// Capture: prepare, stop and copy in a child, check.
#include "capture.h"

#include "cleanup.h"
#include "clock.h"
#include "fd.h"
#include "files.h"
#include "memory.h"
#include "number.h"
#include "stop.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum {
	ATTEMPTS_MAX = 3,        // snapshots taken until one had no code moving under it
	THREADS_SPARE = 256,     // rows for threads that are born meanwhile
	STOP_DEADLINE_MS = 1000, // a thread that does not stop in this time is waited for no longer
	COPY_MS = 1000,          // for all that is copied while they are stopped
	STACK_MIN = 64 << 10,    // bytes of each stack, however many threads
	STACK_MAX = 8 << 20,     // bytes of each stack, however few
	STACKS_WANTED = 64 << 20, // bytes of all stacks, between those bounds
};

static void *map_shared(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

// Takes what the status file says of THREAD's tid.
static void describe_thread(const struct target *target, struct snapshot_thread *thread)
{
	struct proc_status status;

	if (target_read_status(target, thread->tid, &status) < 0 || status.tgid != target->pid) {
		thread->status = SNAPSHOT_THREAD_GONE;
		return;
	}
	thread->state = status.state;
	memcpy(thread->name, status.name, sizeof(thread->name));
	if (status.ns_pid_count > 0)
		thread->ns_tid = status.ns_pid[status.ns_pid_count - 1];
}

// All thread ids of TARGET into *RET (owned by the caller).
static int list_threads(
	const struct target *target, pid_t **ret, size_t *ret_count, struct error *err)
{
	auto_free pid_t *tids = NULL;
	size_t count = 0, capacity = 0;
	int fd = openat(target->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return fail(
			err, ERROR_TARGET, ESRCH, "there is no process %d any more", target->pid);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 64;
			pid_t *grown = reallocarray(tids, capacity, sizeof(*tids));
			if (!grown)
				return fail(err, ERROR_SYSTEM, ENOMEM,
					"no memory for the threads of process %d", target->pid);
			tids = grown;
		}
		if (number_parse_pid(entry->d_name, &tids[count]) == 0)
			count++;
	}
	*ret = take_ptr(tids);
	*ret_count = count;
	return 0;
}

// Allocates the rows and the stacks, shared, and fills the rows of the COUNT threads TIDS.
static int prepare_threads(const struct target *target, const pid_t *tids, size_t count,
	struct snapshot *snapshot, struct stop_plan *plan, struct error *err)
{
	size_t stack_max = STACKS_WANTED / (count + 1);

	if (stack_max < STACK_MIN)
		stack_max = STACK_MIN;
	if (stack_max > STACK_MAX)
		stack_max = STACK_MAX;
	plan->stack_max = stack_max;
	plan->thread_capacity = count + THREADS_SPARE;
	plan->stacks_capacity = plan->thread_capacity * stack_max;

	plan->threads = map_shared(plan->thread_capacity * sizeof(*plan->threads));
	snapshot->stacks = map_shared(plan->stacks_capacity);
	if (!plan->threads || !snapshot->stacks)
		return fail_sys(err, ENOMEM, "mmap", "%zu bytes for the stacks of process %d",
			plan->stacks_capacity, target->pid);
	snapshot->stacks_mapped = plan->stacks_capacity;
	for (size_t i = 0; i < count; i++) {
		plan->threads[i].tid = tids[i];
		describe_thread(target, &plan->threads[i]);
	}
	plan->thread_count = count;
	return 0;
}

// The child that stops and copies.
static _Noreturn void run_stopper(struct stop_plan *plan, pid_t parent)
{
	sigset_t keys;

	// Nothing may stop this process while it holds the threads: no key of the terminal, and no
	// job control of a shell.
	setsid();
	sigemptyset(&keys);
	sigaddset(&keys, SIGTSTP);
	sigaddset(&keys, SIGTTIN);
	sigaddset(&keys, SIGTTOU);
	sigaddset(&keys, SIGINT);
	sigaddset(&keys, SIGHUP);
	sigprocmask(SIG_BLOCK, &keys, NULL);
	// Must not outlive nspeek: the threads would wait for the copy of a reader who is gone.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	_exit(stop_and_copy(plan) == 0 ? 0 : 1);
}

// Waits for child PID until it ends or TIMEOUT_MS have passed, then kills it, and says so in
// *RET_KILLED. Returns its wait status, or -1.
static int reap(pid_t pid, uint32_t timeout_ms, bool *ret_killed)
{
	auto_fd int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	uint64_t deadline = clock_now_us() + (uint64_t)timeout_ms * 1000;
	int status;

	for (*ret_killed = false;;) {
		uint64_t now = clock_now_us();
		int left = now < deadline ? (int)((deadline - now) / 1000) + 1 : 0;
		int r = poll(&poll_fd, 1, pidfd >= 0 ? left : 1);
		if (r > 0 || (r == 0 && pidfd < 0 && waitpid(pid, &status, WNOHANG | WNOWAIT) > 0))
			break;
		if (now < deadline)
			continue;
		kill(pid, SIGKILL);
		*ret_killed = true;
		break;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1; // neither an exit nor a signal
	return status;
}

static int stop_in_child(
	struct snapshot *snapshot, struct stop_plan *plan, uint32_t timeout_ms, struct error *err)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return fail_sys(err, errno, "fork", "the stopping process");
	if (pid == 0)
		run_stopper(plan, parent);
	bool killed;
	int status = reap(pid, timeout_ms, &killed);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		snapshot->stacks_len = plan->stacks_len;
		snapshot->paused_us = plan->paused_us;
		return 0;
	}
	if (!killed)
		return fail(err, ERROR_SYSTEM, EIO,
			"the process that stops the threads of %d did not end as it should",
			plan->pid);
	for (size_t i = 0; i < plan->thread_count; i++) {
		// What it had copied is not known to be whole.
		plan->threads[i].status = SNAPSHOT_THREAD_TIMEOUT;
		plan->threads[i].regs_known = 0;
		plan->threads[i].stack_len = 0;
	}
	return 0;
}

// Gives SNAPSHOT its threads, in memory of its own: whoever inspects it must not be able to change
// them.
static int take_threads(struct snapshot *snapshot, const struct stop_plan *plan)
{
	size_t count = plan->thread_count;

	snapshot->threads = calloc(count + 1, sizeof(*snapshot->threads));
	if (!snapshot->threads)
		return -ENOMEM;
	memcpy(snapshot->threads, plan->threads, count * sizeof(*snapshot->threads));
	snapshot->thread_count = count;
	return 0;
}

// Checks that no code moved, and that the process is still the one. Returns 1, 0 or -errno.
static int is_consistent(
	const struct target *target, const char *before, size_t before_len, struct error *err)
{
	auto_free char *after = NULL;
	size_t after_len;
	int r;

	if ((r = target_verify(target, err)) < 0 ||
		(r = files_read_maps(target, &after, &after_len, err)) < 0)
		return r;
	// Nothing is mapped when the thread whose map it is has exited.
	return after_len > 0 && files_same_code(before, before_len, after, after_len);
}

static void describe_process(const struct target *target, struct snapshot *snapshot)
{
	char link[PATH_MAX];
	struct proc_status status;
	ssize_t len = readlinkat(target->task_fd, "exe", link, sizeof(link) - 1);

	snapshot->pid = target->pid;
	if (len >= 0) {
		link[len] = '\0';
		snapshot->exe = strdup(link);
	}
	if (target_read_status(target, target->pid, &status) < 0)
		status = target->status;
	memcpy(snapshot->name, status.name, sizeof(snapshot->name));
	if (status.ns_pid_count > 0)
		snapshot->ns_pid = status.ns_pid[status.ns_pid_count - 1];
}

// Takes one snapshot. Returns 1 when it is consistent, 0 when it has to be taken again.
static int take_once(const struct target *target, const struct capture_options *options,
	struct snapshot *snapshot, struct stop_plan *plan, struct error *err)
{
	auto_free char *maps = NULL;
	auto_free pid_t *listed = NULL;
	const pid_t *tids = options->tids;
	size_t maps_len, count = options->tid_count;
	int r;

	if ((r = files_read_maps(target, &maps, &maps_len, err)) < 0 ||
		(r = files_open_modules(target, maps, maps_len, snapshot, err)) < 0)
		return r;
	if (!tids) {
		if ((r = list_threads(target, &listed, &count, err)) < 0)
			return r;
		tids = listed;
	}
	if ((r = prepare_threads(target, tids, count, snapshot, plan, err)) < 0)
		return r;
	describe_process(target, snapshot);

	uint64_t start = clock_now_us();
	uint32_t most_ms = plan->deadline_ms + COPY_MS;
	if (most_ms > options->timeout_ms)
		most_ms = options->timeout_ms;
	if ((r = stop_in_child(snapshot, plan, most_ms, err)) < 0)
		return r;
	snapshot->window_us = clock_now_us() - start;
	if (take_threads(snapshot, plan) < 0)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the threads of process %d",
			target->pid);
	for (size_t i = count; i < snapshot->thread_count; i++)
		describe_thread(target, &snapshot->threads[i]);
	return is_consistent(target, maps, maps_len, err);
}

// Every named thread must be one of TARGET's.
static int check_tids(
	const struct target *target, const struct capture_options *options, struct error *err)
{
	for (size_t i = 0; i < options->tid_count; i++) {
		struct proc_status status;
		if (target_read_status(target, options->tids[i], &status) < 0)
			return fail(err, ERROR_TARGET, ESRCH, "process %d has no thread %d",
				target->pid, options->tids[i]);
	}
	return 0;
}

// More files may be mapped than fds are allowed by default.
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

// One attempt: as take_once(), the pauses of all attempts summed in *PAUSED_US.
static int attempt(struct target *target, const struct capture_options *options,
	struct stop_plan *plan, uint64_t *paused_us, struct snapshot *ret, struct error *err)
{
	auto_snapshot struct snapshot snapshot = {0};
	int r = target_follow(target, err);
	if (r < 0)
		return r;

	// Opened each time: after an exec it would be the memory of what was there before.
	auto_fd int task_dir = openat(target->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int memory = memory_open(target);
	uint32_t deadline_ms =
		STOP_DEADLINE_MS < options->timeout_ms ? STOP_DEADLINE_MS : options->timeout_ms;
	if (task_dir < 0)
		return fail_sys(err, errno, "open", "the threads of process %d", target->pid);
	*plan = (struct stop_plan){.task_dir_fd = task_dir,
		.memory_fd = memory,
		.pid = target->pid,
		.snapshot = &snapshot,
		.listed_only = options->tids != NULL,
		.deadline_ms = deadline_ms};
	r = take_once(target, options, &snapshot, plan, err);
	if (plan->threads)
		munmap(plan->threads, plan->thread_capacity * sizeof(*plan->threads));
	*paused_us += snapshot.paused_us;
	if (r > 0) {
		snapshot.paused_us = *paused_us;
		*ret = snapshot;
		snapshot = (struct snapshot){0};
	}
	return r;
}

int capture_take(struct target *target, const struct capture_options *options, struct snapshot *ret,
	bool *ret_incomplete, struct error *err)
{
	struct stop_plan *plan = map_shared(sizeof(*plan));
	uint64_t paused_us = 0;
	int r = check_tids(target, options, err);

	if (!plan)
		return fail_sys(err, ENOMEM, "mmap", "the plan for process %d", target->pid);
	raise_fd_limit();
	for (int i = 0; r == 0 && i < ATTEMPTS_MAX; i++)
		r = attempt(target, options, plan, &paused_us, ret, err);
	if (r > 0)
		*ret_incomplete = plan->threads_missed;
	munmap(plan, sizeof(*plan));
	if (r == 0)
		r = fail(err, ERROR_SYSTEM, EAGAIN,
			"process %d loads or unloads code all the time: %d snapshots in a row did "
			"not match",
			target->pid, ATTEMPTS_MAX);
	return r < 0 ? r : 0;
}

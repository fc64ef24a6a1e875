// SPDX-License-Identifier: GPL-2.0-or-later
// The child that reads, and its parent.
#include "contextrun.h"

#include "cleanup.h"
#include "clock.h"
#include "contextroom.h"
#include "fd.h"
#include "filelocks.h"
#include "filerow.h"
#include "peers.h"
#include "proc.h"
#include "proc_wait.h"
#include "sockets.h"
#include "sys.h"
#include "syscallname.h"
#include "waited.h"

#include <asm/unistd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
	WORK_MS = 400,       // the child looks at the clock
	LATE_MS = 200,       // and is killed when it was held up for so long
	DEATH_MS = 100,      // which may take so long
	TRIES = 4,           // until a thread that was stopped is back in its system call
	PAUSE_US = 300,      // between them
	KERNEL_MAX = 8 << 10 // bytes of a kernel stack
};

struct context_task {
	struct context_room *room;
	size_t room_len;
	pid_t pid;
	int pidfd;
	uint64_t kill_at_us;
	struct waited_clocks *clocks;
};

// The files that a thread waits for.
struct file_list {
	struct {
		uint32_t fd, events;
	} rows[CONTEXT_LIST_MAX];
	uint32_t count, more;
};

static void list_add(struct file_list *list, int64_t fd, uint32_t events)
{
	if (fd < 0 || fd > INT32_MAX)
		return;
	if (list->count == CONTEXT_LIST_MAX) {
		list->more++;
		return;
	}
	list->rows[list->count].fd = (uint32_t)fd;
	list->rows[list->count++].events = events;
}

static void list_polled(const struct snapshot *snapshot, const struct snapshot_thread *thread,
	size_t arg, struct file_list *list)
{
	size_t len;
	const unsigned char *bytes = snapshot_call_bytes(snapshot, thread, arg, &len);
	struct call_pollfd row;
	size_t count = 0;

	for (; call_pollfd_of(bytes, len, count, &row); count++)
		list_add(list, row.fd, row.events);
	uint32_t all = (uint32_t)thread->syscall_args[arg + 1];
	if (all > count)
		list->more += all - (uint32_t)count;
}

static void list_selected(const struct snapshot *snapshot, const struct snapshot_thread *thread,
	size_t arg, struct file_list *list)
{
	static const uint32_t events[] = {POLLIN, POLLOUT, POLLPRI}; // of each set in turn
	size_t len;
	const unsigned char *bytes = snapshot_call_bytes(snapshot, thread, arg, &len);

	for (int fd = 0; call_fdset_next(bytes, len, &fd); fd++)
		if ((uint64_t)fd < thread->syscall_args[0])
			list_add(list, fd, events[arg - 1]);
}

// The files that THREAD waits for, by the arguments of its system call.
static struct file_list list_files(
	const struct snapshot *snapshot, const struct snapshot_thread *thread)
{
	struct file_list list;
	const struct call *call = call_of(snapshot_call_nr(thread));

	memset(&list, 0, sizeof(list));
	for (size_t i = 0; i < CALL_ARGS && call->args[i] != CALL_ARG_NONE; i++) {
		int64_t number = (int32_t)thread->syscall_args[i];
		if (call->args[i] == CALL_ARG_FD || call->args[i] == CALL_ARG_DIRFD)
			list_add(&list, number, 0);
		if (call->args[i] == CALL_ARG_POLLFDS)
			list_polled(snapshot, thread, i, &list);
		if (call->args[i] == CALL_ARG_FDSET)
			list_selected(snapshot, thread, i, &list);
	}
	return list;
}

static bool is_blocked(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED && thread->in_syscall;
}

// Whether THREAD still is in the system call that it was captured in, at the same place. One that
// was stopped for that needs a moment.
static bool is_still_there(const struct context_run *run, const struct snapshot_thread *thread)
{
	char path[64], text[256];
	struct proc_syscall now;

	snprintf(path, sizeof(path), "task/%d/syscall", thread->tid);
	for (int i = 0; i < TRIES; i++) {
		ssize_t len = fd_read_small_at(run->target->proc_fd, path, text, sizeof(text));
		if (len < 0 || proc_syscall_parse(text, (size_t)len, &now) < 0)
			return false;
		if (now.kind != PROC_SYSCALL_RUNNING)
			return now.kind == PROC_SYSCALL_BLOCKED &&
			       (now.nr == thread->syscall_nr || now.nr == __NR_restart_syscall) &&
			       now.sp == thread->regs[ARCH_REG_SP] &&
			       memcmp(now.args, thread->syscall_args, sizeof(now.args)) == 0;
		usleep(PAUSE_US);
	}
	return false;
}

// True when the function of the kernel that THREAD waits in, if it is known, has WORD in its name.
static bool waits_in(const struct context_run *run, const struct snapshot_thread *thread,
	const char *word, bool unknown)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "task/%d/wchan", thread->tid);
	ssize_t len = fd_read_small_at(run->target->proc_fd, path, text, sizeof(text));
	if (len <= 0 || strcmp(text, "0") == 0)
		return unknown;
	return strstr(text, word) != NULL;
}

// Whether a thread in a call of epoll waits for something else than events, a page of its memory
// perhaps: it may hold the lock of the instance, for as long as the target likes, and fdinfo waits
// for that lock, whatever signal comes.
static bool is_epoll_held(const struct context_run *run)
{
	for (size_t i = 0; i < run->snapshot->thread_count && !context_is_late(run); i++) {
		const struct snapshot_thread *thread = &run->snapshot->threads[i];
		const char *name =
			is_blocked(thread) ? syscallname_of(snapshot_call_nr(thread)) : NULL;
		if (name && strncmp(name, "epoll_", 6) == 0 &&
			!waits_in(run, thread, "ep_poll", true) &&
			!waits_in(run, thread, "epoll_wait", true))
			return true;
	}
	return false;
}

// Describes the files of LIST, for which THREAD waits.
static struct context_range describe(
	struct context_run *run, const struct snapshot_thread *thread, const struct file_list *list)
{
	struct context_range range = {.more = list->count + list->more};
	struct context_room *room = run->room;
	uint64_t nr = snapshot_call_nr(thread);
	bool in_pipe =
		(nr == __NR_read || nr == __NR_write || nr == __NR_readv || nr == __NR_writev) &&
		// Only the kernel's function tells a FIFO with a name.
		waits_in(run, thread, "pipe_", false);
	struct context_file *rows = context_add_files(room, list->count);

	if (!rows)
		return range;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct filerow_request request = {.tid = thread->tid,
			.fd = list->rows[i].fd,
			.events = list->rows[i].events,
			.fifo = in_pipe};
		filerow_describe(run, &request, &rows[i]);
	}
	if (!is_still_there(run, thread))
		return (struct context_range){0};
	return (struct context_range){(uint32_t)(rows - room->files), list->count, list->more};
}

// The lists that were described already, and of which thread each is.
struct known_list {
	size_t thread;
	struct file_list list;
};

enum { KNOWN_MAX = 1024 };

// Gives thread INDEX its files.
static void take_files(
	struct context_run *run, struct known_list *known, size_t *known_count, size_t index)
{
	const struct snapshot_thread *thread = &run->snapshot->threads[index];
	const struct file_list list = list_files(run->snapshot, thread);
	struct context_wait *wait = &run->room->waits[index];

	if (list.count == 0)
		return;
	for (size_t i = 0; i < *known_count; i++)
		if (memcmp(&known[i].list, &list, sizeof(list)) == 0 &&
			run->room->waits[known[i].thread].files.count > 0) {
			wait->files = run->room->waits[known[i].thread].files;
			return;
		}
	wait->files = describe(run, thread, &list);
	if (*known_count < KNOWN_MAX)
		known[(*known_count)++] = (struct known_list){index, list};
}

// The processor that thread INDEX runs on, if it runs, and the time that it has used.
static void take_used(struct context_run *run, size_t index)
{
	const struct snapshot_thread *thread = &run->snapshot->threads[index];
	struct context_wait *wait = &run->room->waits[index];
	char path[64], text[1024];
	struct proc_stat stat;
	const long per_second = sysconf(_SC_CLK_TCK);

	snprintf(path, sizeof(path), "task/%d/stat", thread->tid);
	ssize_t len = fd_read_small_at(run->target->proc_fd, path, text, sizeof(text));
	if (len < 0 || proc_stat_parse(text, (size_t)len, &stat) < 0)
		return;
	if (thread->state == 'R')
		wait->cpu = stat.cpu + 1;
	if (!run->kernel || per_second <= 0)
		return;
	wait->cpu_ms =
		(uint32_t)((stat.user_ticks + stat.system_ticks) * 1000 / (uint64_t)per_second);
	wait->used_known = true;
}

static void take_kernel_stack(struct context_run *run, size_t index)
{
	const struct snapshot_thread *thread = &run->snapshot->threads[index];
	char path[64], text[KERNEL_MAX];

	snprintf(path, sizeof(path), "task/%d/stack", thread->tid);
	ssize_t len = fd_read_small_at(run->target->proc_fd, path, text, sizeof(text));
	if (len < 0 && len != -ESRCH && (len != -ENOENT || index == 0))
		run->room->kernel_errnum = (uint32_t)-len;
	if (len > 0)
		run->room->waits[index].kernel = context_add_text(run->room, text, (size_t)len);
}

static void run_all(struct context_run *run)
{
	const struct snapshot *snapshot = run->snapshot;
	auto_free struct known_list *known = calloc(KNOWN_MAX, sizeof(*known));
	size_t known_count = 0;
	ssize_t len = readlinkat(run->target->task_fd, "root", run->root, sizeof(run->root) - 1);

	run->root[len < 0 ? 0 : len] = '\0';
	run->room->texts_len = 1; // the empty one
	run->epoll_held = is_epoll_held(run);
	for (size_t i = 0; known && i < snapshot->thread_count && !context_is_late(run); i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		if (is_blocked(thread))
			take_files(run, known, &known_count, i);
		if (run->kernel || thread->state == 'R')
			take_used(run, i);
		if (run->kernel)
			take_kernel_stack(run, i);
	}
	filelocks_find(run);
	sockets_describe(run);
	peers_find(run);
	waited_read(run);
}

static _Noreturn void run_child(struct context_run *run, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		run_all(run);
	_exit(0);
}

// Whether anything of SNAPSHOT has to be looked up.
static bool needs_any(const struct snapshot *snapshot, const struct context_options *options)
{
	if (options->kernel || options->waits)
		return snapshot->thread_count > 0;
	for (size_t i = 0; i < snapshot->thread_count; i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		if (thread->status == SNAPSHOT_THREAD_CAPTURED && thread->state == 'R')
			return true;
		if (is_blocked(thread) && list_files(snapshot, thread).count > 0)
			return true;
	}
	return false;
}

static void free_task(struct context_task *task)
{
	close_fd(&task->pidfd);
	if (task->room)
		munmap(task->room, task->room_len);
	free(task);
}

struct context_task *context_task_start(const struct target *target,
	const struct snapshot *snapshot, const struct context_options *options)
{
	if (!needs_any(snapshot, options))
		return NULL;
	struct context_task *task = calloc(1, sizeof(*task));
	struct context_run *run = calloc(1, sizeof(*run));
	pid_t parent = getpid();

	if (task && run) {
		uint32_t work_ms = options->timeout_ms < WORK_MS ? options->timeout_ms : WORK_MS;
		uint64_t now = clock_now_us();
		task->pidfd = -EBADF;
		task->clocks = options->clocks;
		task->room_len =
			sizeof(*task->room) + snapshot->thread_count * sizeof(task->room->waits[0]);
		task->kill_at_us = now + (work_ms + LATE_MS) * UINT64_C(1000);
		void *room = mmap(NULL, task->room_len, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		task->room = room == MAP_FAILED ? NULL : room;
		*run = (struct context_run){.target = target,
			.snapshot = snapshot,
			.index_fd = options->index_fd,
			.kernel = options->kernel,
			.deadline_us = now + work_ms * UINT64_C(1000),
			.room = task->room};
		task->pid = task->room ? fork() : -1;
		if (task->pid == 0)
			run_child(run, parent);
	}
	free(run);
	if (task && task->pid > 0) {
		task->pidfd = sys_pidfd_open(task->pid, 0);
		return task;
	}
	if (task)
		free_task(task);
	return NULL;
}

// Waits for the child until AT_US. Returns whether it has ended.
static bool await(const struct context_task *task, uint64_t at_us)
{
	struct pollfd fd = {.fd = task->pidfd, .events = POLLIN};

	for (;;) {
		uint64_t now = clock_now_us();
		if (now >= at_us)
			return false;
		int r = poll(&fd, 1, (int)((at_us - now) / 1000) + 1);
		if (r > 0 || (r < 0 && errno != EINTR))
			return r > 0;
	}
}

// Copies COUNT rows of SIZE bytes.
static void *copy_rows(const void *rows, size_t count, size_t size)
{
	void *copy = calloc(count + 1, size);

	if (copy)
		memcpy(copy, rows, count * size);
	return copy;
}

// Gives SNAPSHOT what is in ROOM, in memory of its own. The child is ours; what it was killed in
// the middle of is checked like what comes from a file.
static void take_room(const struct context_room *room, struct snapshot *snapshot)
{
	struct context context = {
		.file_count = __atomic_load_n(&room->file_count, __ATOMIC_ACQUIRE),
		.peer_count = __atomic_load_n(&room->peer_count, __ATOMIC_ACQUIRE),
		.texts_len = __atomic_load_n(&room->texts_len, __ATOMIC_ACQUIRE),
		.kernel_errnum = room->kernel_errnum};

	context.files = copy_rows(room->files, context.file_count, sizeof(*room->files));
	context.peers = copy_rows(room->peers, context.peer_count, sizeof(*room->peers));
	context.texts = copy_rows(room->texts, context.texts_len, 1);
	if (!context.files || !context.peers || !context.texts || !context_is_sound(&context)) {
		context_fini(&context);
		return;
	}
	snapshot->context = context;
	for (size_t i = 0; i < snapshot->thread_count; i++) {
		struct context_wait *wait = &snapshot->threads[i].wait;
		const struct context_wait *found = &room->waits[i];
		if (!context_has(&context, found))
			continue;
		wait->files = found->files;
		wait->holders = found->holders;
		wait->kernel = found->kernel;
		wait->cpu = found->cpu;
		wait->cpu_ms = found->cpu_ms;
		wait->used_known = found->used_known;
		if (__atomic_load_n(&found->waited_known, __ATOMIC_ACQUIRE)) {
			wait->waited_ms = found->waited_ms;
			wait->waited_known = true;
		}
	}
}

void context_task_finish(struct context_task *task, struct snapshot *snapshot)
{
	if (!task)
		return;
	if (!snapshot || !await(task, task->kill_at_us)) {
		kill(task->pid, SIGKILL);
		if (await(task, clock_now_us() + DEATH_MS * UINT64_C(1000)))
			waitpid(task->pid, NULL, 0);
	} else {
		waitpid(task->pid, NULL, 0);
	}
	if (snapshot) {
		waited_clocks_take(task->clocks, &task->room->clocks);
		take_room(task->room, snapshot);
	}
	free_task(task);
}

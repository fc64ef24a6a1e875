// SPDX-License-Identifier: GPL-2.0-or-later
// Forking the joiner and the command.
#include "launch.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

_Static_assert(sizeof(struct error) <= PIPE_BUF, "a record is written whole");

// What the forked processes know of the supervisor.
struct context {
	const struct entry *entry;
	const struct terminal *terminal;
	const struct launch_signals *signals;
	int report_fd; // the pipe's end to write to
	pid_t *command;
	pid_t supervisor;
};

static _Noreturn void report_failure(const struct context *context, const struct error *err)
{
	fd_write_all(context->report_fd, err, sizeof(*err));
	_exit(EXIT_FAILURE);
}

// True when nobody is left to read the pipe.
static bool is_supervisor_gone(const struct context *context)
{
	struct pollfd poll_fd = {.fd = context->report_fd};

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLERR;
}

// Closes all but the standard fds and the pipe. What the joiner had open (directories of the host's
// procfs above all) would be a way out for whoever in the container could look into the command's
// process before its execve(2).
static int close_others(struct context *context, struct error *err)
{
	enum { REPORT_FD = 3 };

	if (context->report_fd != REPORT_FD && dup3(context->report_fd, REPORT_FD, O_CLOEXEC) < 0)
		return fail_sys(err, errno, "dup3", "the joiner's pipe");
	context->report_fd = REPORT_FD;
	fd_close_from(REPORT_FD + 1);
	return 0;
}

// The command's process: in the container's PID namespace, a child of the supervisor.
static _Noreturn void run_command(const struct context *context, const struct program *program)
{
	struct error err = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		fail_sys(&err, errno, "prctl", "the command's process");
		report_failure(context, &err);
	}
	if (is_supervisor_gone(context))
		_exit(EXIT_FAILURE);
	terminal_enter_command(context->terminal);
	sigaction(SIGCHLD, &context->signals->child, NULL);
	sigprocmask(SIG_SETMASK, &context->signals->mask, NULL);
	program_exec(program, &err);
	report_failure(context, &err);
}

static int fail_clone(int errnum, struct error *err)
{
	fail_sys(err, errnum, "clone", "the command's process");
	if (errnum == ENOMEM)
		return error_hint(err, "the PID namespace may be dead: its first process ended");
	if (errnum == EAGAIN)
		return error_hint(err, "a limit on processes is reached (pids.max, RLIMIT_NPROC)");
	return -errnum;
}

// Until execve(2) the command's process shows our own environment and words in its
// /proc/PID/environ and cmdline, to whoever in the container may trace it. The program has its own
// copy of what it needs; only the command's words are used where they are.
static void wipe_words(const struct entry_request *request)
{
	for (char **word = request->words; *word && word != request->argv; word++)
		explicit_bzero(*word, strlen(*word));
	explicit_bzero(program_invocation_name, strlen(program_invocation_name));
	for (char **var = environ; var && *var; var++)
		explicit_bzero(*var, strlen(*var));
	clearenv();
}

static _Noreturn void run_joiner(struct context *context)
{
	struct program program = {0};
	struct error err = {0};

	terminal_leave(context->terminal);
	if (entry_enter(context->entry, context->supervisor, &program, &err) < 0 ||
		close_others(context, &err) < 0)
		report_failure(context, &err);
	wipe_words(context->entry->request);
	if (madvise(context->command, sizeof(*context->command), MADV_DONTFORK) < 0) {
		fail_sys(&err, errno, "madvise", "the joiner");
		report_failure(context, &err);
	}

	long flags = CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;
	long pid = syscall(SYS_clone, flags, NULL, context->command, NULL, NULL);
	if (pid == 0)
		run_command(context, &program);
	if (pid < 0) {
		fail_clone(errno, &err);
		report_failure(context, &err);
	}
	_exit(EXIT_SUCCESS);
}

int launch_start(const struct entry *entry, const struct terminal *terminal,
	const struct launch_signals *signals, struct launch *ret, struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail_sys(err, errno, "pipe", "the supervisor");

	auto_fd int read_end = ends[0], write_end = ends[1];
	// Never unmapped: the supervisor needs it to the end.
	pid_t *command = mmap(
		NULL, sizeof(*command), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (command == MAP_FAILED)
		return fail_sys(err, errno, "mmap", "the supervisor");

	struct context context = {
		.entry = entry,
		.terminal = terminal,
		.signals = signals,
		.report_fd = write_end,
		.command = command,
		.supervisor = getpid(),
	};
	pid_t joiner = fork();
	if (joiner == 0)
		run_joiner(&context);
	if (joiner < 0)
		return fail_sys(err, errno, "fork", "the joining process");
	ret->joiner = joiner;
	ret->report_fd = take_fd(&read_end);
	ret->command = command;
	return 0;
}

pid_t launch_command(const struct launch *launch)
{
	return __atomic_load_n(launch->command, __ATOMIC_ACQUIRE);
}

int launch_read(const struct launch *launch, struct error *ret)
{
	struct error record;
	ssize_t n = fd_read_exact(launch->report_fd, &record, sizeof(record));

	if (n <= 0)
		return (int)n;
	if (n != (ssize_t)sizeof(record) || !error_is_valid(&record)) {
		record = (struct error){0};
		fail(&record, ERROR_SYSTEM, EPROTO, "a damaged record came from the joiner");
	}
	*ret = record;
	return 1;
}

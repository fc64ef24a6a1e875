// SPDX-License-Identifier: GPL-2.0-or-later
// Forking the joiner, executing the stub, and the records between.
#include "launch.h"

#include "cleanup.h"
#include "fd.h"
#include "sealed.h"
#include "sigbits.h"
#include "stub/protocol.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { JOINER_STACK = 48 << 10 }; // bytes that it needs

// The stub's program, made by nspeek_embed_program().
extern const unsigned char nspeek_stub_start[], nspeek_stub_end[];

// What the forked process knows of the supervisor.
struct context {
	const struct launch_request *request;
	int control_fd, stub_fd;
	pid_t supervisor;
	unsigned flags; // of enum stub_flags
	bool dry;
};

static void context_fini(struct context *context)
{
	close_fd(&context->stub_fd);
}

#define auto_context __attribute__((cleanup(context_fini)))

// A record with what may follow it.
struct packet {
	struct record head;
	struct error error;
};

_Static_assert(sizeof(struct packet) == sizeof(struct record) + sizeof(struct error), "no padding");

static _Noreturn void report_failure(const struct context *context, const struct error *err)
{
	struct packet packet = {.head.kind = RECORD_ERROR, .error = *err};

	send(context->control_fd, &packet, sizeof(packet), MSG_NOSIGNAL);
	_exit(EXIT_FAILURE);
}

// Gives the container's new terminal to the supervisor.
static int send_master(const struct context *context, int master_fd, struct error *err)
{
	struct record record = {.kind = RECORD_TERMINAL};
	struct iovec part = {.iov_base = &record, .iov_len = sizeof(record)};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			    .cmsg_level = SOL_SOCKET,
			    .cmsg_type = SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof(rights)};

	memcpy(CMSG_DATA(&rights.head), &master_fd, sizeof(master_fd));
	return sendmsg(context->control_fd, &message, MSG_NOSIGNAL) < 0
		       ? fail_sys(err, errno, "sendmsg", "the new terminal")
		       : 0;
}

static int set_up_terminal(const struct context *context, int *ret_fd, struct error *err)
{
	auto_fd int master_fd = -EBADF;
	const struct entry *entry = context->request->entry;
	int r = terminal_enter(
		context->request->terminal, entry->inside, entry->notice, &master_fd, err);

	if (r == 0 && master_fd >= 0)
		r = send_master(context, master_fd, err);
	*ret_fd = context->request->terminal->inside_fd;
	return r;
}

// Keeps the preserved fds over execve(2), and puts the control fd behind them.
static int arrange_fds(struct context *context, struct error *err)
{
	int control_fd = 3 + (int)context->request->preserved_count;

	for (int fd = 3; fd < control_fd; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0)
			return fail_sys(err, errno, "fcntl", "fd %d, which is to be preserved", fd);
	if (context->flags & STUB_DIRECTLY)
		return 0;
	if (context->stub_fd == control_fd) {
		context->stub_fd = fcntl(context->stub_fd, F_DUPFD_CLOEXEC, control_fd + 1);
		if (context->stub_fd < 0)
			return fail_sys(err, errno, "dup", "the stub");
	}
	int moved = context->control_fd == control_fd ? fcntl(control_fd, F_SETFD, 0)
						      : dup2(context->control_fd, control_fd);
	return moved < 0 ? fail_sys(err, errno, "dup2", "the joiner's socket") : 0;
}

// Becomes the stub's program. Returns only on failure.
static int exec_stub(
	struct context *context, const struct program *program, int terminal_fd, struct error *err)
{
	enum { HEX_SIZE = 24 };
	const struct launch_signals *signals = context->request->signals;
	char *shell_argv[] = {strrchr(program->path, '/'), NULL};
	char **argv = program->argv ? program->argv : shell_argv;
	size_t count = 0;
	int r = arrange_fds(context, err);
	if (r < 0)
		return r;

	if (shell_argv[0])
		shell_argv[0]++;
	while (argv[count])
		count++;
	auto_free char **words = calloc(STUB_ARGV + count + 1, sizeof(*words));
	auto_free char *numbers = calloc(STUB_ARGV, HEX_SIZE);
	if (!words || !numbers)
		return fail_sys(err, ENOMEM, "execve", "the stub");
	if (terminal_fd >= 0)
		context->flags |= STUB_HAS_TERMINAL;
	if (!program->is_binary)
		context->flags |= STUB_MAY_BE_SCRIPT;
	const uint64_t values[STUB_ARGV] = {
		[STUB_CONTROL_FD] = 3 + (uint64_t)context->request->preserved_count,
		[STUB_FLAGS] = context->flags,
		[STUB_TERMINAL_FD] = terminal_fd < 0 ? 0 : (uint64_t)terminal_fd,
		[STUB_SIGNAL_MASK] = signals->mask,
	};
	for (int i = STUB_CONTROL_FD; i < STUB_PATH; i++) {
		words[i] = numbers + i * HEX_SIZE;
		snprintf(words[i], HEX_SIZE, "%llx", (unsigned long long)values[i]);
	}
	words[STUB_NAME] = (char[]){"nspeek"};
	words[STUB_PATH] = program->path;
	memcpy(words + STUB_ARGV, argv, count * sizeof(*words));
	if ((r = entry_seal(context->request->entry, err)) < 0)
		return r;
	syscall(SYS_execveat, context->stub_fd, "", words, program->env.vars, AT_EMPTY_PATH);
	if (errno == E2BIG)
		return fail(err, ERROR_NOT_EXECUTABLE, E2BIG, "%s%s cannot be executed: %s",
			program->path, program->where, strerror(E2BIG));
	return fail_sys(err, errno, "execveat", "the stub");
}

// Goes inside and becomes the stub's program. Returns only on failure.
static int go_inside(struct context *context, struct error *err)
{
	auto_program struct program program = {0};
	int terminal_fd = -EBADF;
	int r = entry_enter(context->request->entry, context->supervisor, &program, err);

	if (r == 0)
		r = program_check(&program, err);
	if (r == 0 && context->dry) {
		notice_step(context->request->entry->notice, "command: %s", program.path);
		_exit(EXIT_SUCCESS);
	}
	if (r == 0)
		r = set_up_terminal(context, &terminal_fd, err);
	return r < 0 ? r : exec_stub(context, &program, terminal_fd, err);
}

static _Noreturn void run_joiner(struct context *context)
{
	struct error err = {0};

	go_inside(context, &err);
	report_failure(context, &err);
}

static int prepare(const struct launch_request *request, struct context *ret, struct error *err)
{
	int stub_fd = sealed_open(
		"nspeek", nspeek_stub_start, (size_t)(nspeek_stub_end - nspeek_stub_start), err);

	if (stub_fd < 0)
		return stub_fd;
	*ret = (struct context){.request = request, .stub_fd = stub_fd, .control_fd = -EBADF};
	if (request->signals->child.sa_handler == SIG_IGN)
		ret->flags |= STUB_IGNORE_CHILD;
	if (request->say_started)
		ret->flags |= STUB_SAY_STARTED;
	return 0;
}

static int start(
	const struct launch_request *request, bool dry, struct launch *ret, struct error *err)
{
	auto_context struct context context = {.stub_fd = -EBADF};
	int ends[2];
	int r = prepare(request, &context, err);
	if (r < 0)
		return r;

	context.dry = dry;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail_sys(err, errno, "socketpair", "the supervisor");
	auto_fd int ours = ends[0], theirs = ends[1];
	context.control_fd = theirs;
	context.supervisor = getpid();
	pid_t joiner = fork();
	if (joiner == 0) {
		close(ours);
		sys_populate_stack(JOINER_STACK);
		run_joiner(&context);
	}
	if (joiner < 0)
		return fail_sys(err, errno, "fork", "the joining process");
	terminal_close_inside(request->terminal);
	char **argv = request->entry->request->argv;
	ret->name = argv ? argv[0] : "the shell";
	ret->joiner = joiner;
	ret->control_fd = take_fd(&ours);
	return 0;
}

int launch_start(const struct launch_request *request, struct launch *ret, struct error *err)
{
	return start(request, false, ret, err);
}

int launch_dry(const struct launch_request *request, struct launch *ret, struct error *err)
{
	return start(request, true, ret, err);
}

int launch_directly(const struct launch_request *request, struct error *err)
{
	auto_context struct context context = {.stub_fd = -EBADF};
	int r = prepare(request, &context, err);

	if (r < 0)
		return r;
	context.flags |= STUB_DIRECTLY;
	context.supervisor = getppid();
	return go_inside(&context, err);
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

static int fail_exec(const struct launch *launch, int errnum, struct error *err)
{
	// It was found a moment ago, and its interpreter too.
	bool missing = errnum == ENOENT || errnum == ENOTDIR;

	return fail(err, ERROR_NOT_EXECUTABLE, errnum, "%s cannot be executed: %s", launch->name,
		missing ? "what it needs to start is missing" : strerror(errnum));
}

static enum launch_event fail_damaged(struct error *err)
{
	fail(err, ERROR_SYSTEM, EPROTO, "a damaged record came from inside");
	return LAUNCH_ERROR;
}

static bool is_child(pid_t pid)
{
	siginfo_t info;

	return pid > 1 &&
	       waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

// The fd that came along with MESSAGE, or -EBADF.
static int received_fd(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd = -EBADF;

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
		head->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

static enum launch_event take_error(const struct packet *packet, size_t len, struct error *err)
{
	if (len != sizeof(*packet) || !error_is_valid(&packet->error))
		return fail_damaged(err);
	if (err->kind == ERROR_NONE)
		*err = packet->error;
	return LAUNCH_ERROR;
}

// What a record without more than its head says.
static enum launch_event take_head(
	const struct launch *launch, const struct record *head, int *ret_value, struct error *err)
{
	int errnum = head->value > 0 && head->value < 4096 ? head->value : EPROTO;

	*ret_value = head->value;
	switch (head->kind) {
	case RECORD_LAUNCHED:
		return is_child(head->value) && head->value != launch->joiner ? LAUNCH_STUB
									      : fail_damaged(err);
	case RECORD_CLONE_FAILED:
	case RECORD_FORK_FAILED:
		fail_clone(errnum, err);
		return LAUNCH_ERROR;
	case RECORD_EXEC_FAILED:
		fail_exec(launch, errnum, err);
		return LAUNCH_ERROR;
	case RECORD_STARTED:
		return LAUNCH_STARTED;
	case RECORD_STOPPED:
		return head->value > 0 && head->value <= SIGBITS_LAST ? LAUNCH_STOPPED
								      : fail_damaged(err);
	case RECORD_EXITED:
		return LAUNCH_EXITED;
	}
	return fail_damaged(err);
}

enum launch_event launch_receive(const struct launch *launch, int *ret_value, struct error *err)
{
	struct packet packet;
	struct iovec part = {.iov_base = &packet, .iov_len = sizeof(packet)};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights;
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof(rights)};
	ssize_t len = recvmsg(launch->control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len <= 0)
		return len < 0 && errno == EAGAIN ? LAUNCH_NOTHING : LAUNCH_GONE;
	auto_fd int fd = received_fd(&message);
	if ((size_t)len < sizeof(packet.head))
		return fail_damaged(err);
	if (packet.head.kind == RECORD_ERROR)
		return take_error(&packet, (size_t)len, err);
	if (packet.head.kind == RECORD_TERMINAL) {
		*ret_value = take_fd(&fd);
		return *ret_value < 0 ? fail_damaged(err) : LAUNCH_TERMINAL;
	}
	return len == sizeof(packet.head) ? take_head(launch, &packet.head, ret_value, err)
					  : fail_damaged(err);
}

static void send_to_stub(const struct launch *launch, enum record_kind kind, int value)
{
	struct record record = {.kind = kind, .value = value};

	send(launch->control_fd, &record, sizeof(record), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void launch_send_signal(const struct launch *launch, int sig, bool whole_group)
{
	send_to_stub(launch, whole_group ? RECORD_SIGNAL_GROUP : RECORD_SIGNAL, sig);
}

void launch_send_go(const struct launch *launch)
{
	send_to_stub(launch, RECORD_GO, 0);
}

void launch_send_end(const struct launch *launch)
{
	send_to_stub(launch, RECORD_END, 0);
}

bool launch_is_deaf(const struct launch *launch)
{
	int queued = 0;

	return ioctl(launch->control_fd, SIOCOUTQ, &queued) < 0 || queued > 0;
}

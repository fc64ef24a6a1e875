// SPDX-License-Identifier: GPL-2.0-or-later
// Reading seccomp filters by ptrace, and installing them.
#include "seccomp_filter.h"

#include "cleanup.h"
#include "sigbits.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#endif
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

enum {
	// The kernel's bound of all programs of a thread together is 32768 instructions, each
	// program counted with four more (MAX_INSNS_PER_PATH).
	CODE_MAX = 32768,
	PROGRAMS_MAX = CODE_MAX / 5,
	STOP_MS = 1000, // for the thread to stop, and for all that is copied
};

// How far the reader came.
enum progress { PROGRESS_NONE, PROGRESS_SEIZED, PROGRESS_STOPPED, PROGRESS_DONE };

// What the reader, a process of its own, leaves to us.
struct reading {
	enum progress progress;
	int errnum; // why it came no further; 0: it was killed
	size_t count;
	uint32_t lens[PROGRAMS_MAX], flags[PROGRAMS_MAX];
	struct sock_filter code[CODE_MAX];
};

// Copies the programs of the stopped thread TID. Returns 0 or an errno.
static int copy_programs(pid_t tid, struct reading *reading)
{
	size_t used = 0;

	for (size_t i = 0;; i++) {
		struct __ptrace_seccomp_metadata metadata = {.filter_off = i};
		// Asked for its length first: the copy itself has no bound.
		long len = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, i, NULL);
		if (len < 0)
			return errno == ENOENT && i > 0 ? 0 : errno;
		if (i == PROGRAMS_MAX || (size_t)len > CODE_MAX - used)
			return E2BIG;
		if (ptrace(PTRACE_SECCOMP_GET_FILTER, tid, i, &reading->code[used]) != len)
			return errno;
		// Not before Linux 4.16, which knows no flag that matters here.
		if (ptrace(PTRACE_SECCOMP_GET_METADATA, tid, sizeof(metadata), &metadata) > 0)
			reading->flags[i] = (uint32_t)metadata.flags & SECCOMP_FILTER_FLAG_LOG;
		reading->lens[i] = (uint32_t)len;
		reading->count = i + 1;
		used += (size_t)len;
	}
}

// Waits until the seized thread TID has stopped. Returns the signal to hand back, or -errno.
static int wait_for_stop(pid_t tid)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (info.si_code != CLD_STOPPED && info.si_code != CLD_TRAPPED)
		return -ESRCH;
	// An event stop has the event above the signal; else a signal is on its way.
	return info.si_status >> 8 ? 0 : info.si_status;
}

static int read_by_ptrace(pid_t pid, pid_t tid, struct reading *reading)
{
	if (ptrace(PTRACE_SEIZE, tid, 0, 0) < 0)
		return errno;
	reading->progress = PROGRESS_SEIZED;
	// A seized thread keeps its id, so this proves that it is one of the target's.
	if (syscall(SYS_tgkill, pid, tid, 0) < 0 || ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0)
		return errno;
	int sig = wait_for_stop(tid);
	if (sig < 0)
		return -sig;
	reading->progress = PROGRESS_STOPPED;
	int errnum = copy_programs(tid, reading);
	ptrace(PTRACE_DETACH, tid, 0, (void *)(uintptr_t)(unsigned)sig);
	return errnum;
}

// The reader. When it ends, by whatever, the kernel lets go of the thread.
static _Noreturn void run_reader(const struct target *target, struct reading *reading, pid_t parent)
{
	const struct itimerval end = {.it_value = {.tv_sec = STOP_MS / 1000}};
	struct sigaction plain = {.sa_handler = SIG_DFL};

	// Nothing may stop it while it holds the thread, neither a key nor a shell.
	setsid();
	sigbits_block(SIGBITS_ALL & ~SIGBIT(SIGALRM));
	sigaction(SIGALRM, &plain, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
		setitimer(ITIMER_REAL, &end, NULL) < 0)
		_exit(1);
	memset(reading, 0, sizeof(*reading)); // makes the memory present before the pause
	reading->errnum = read_by_ptrace(target->pid, target->tid, reading);
	if (reading->errnum == 0)
		reading->progress = PROGRESS_DONE;
	_exit(0);
}

static int fail_seize(const struct target *target, int errnum, struct error *err)
{
	struct proc_status status;

	if (errnum == EPERM && target_read_status(target, target->tid, &status) == 0 &&
		status.tracer_pid != 0)
		return fail(err, ERROR_SYSTEM, EPERM,
			"they cannot be read while process %d traces the target",
			status.tracer_pid);
	return fail(err, ERROR_SYSTEM, errnum, "they cannot be read, tracing the target failed: %s",
		strerror(errnum));
}

static int fail_copy(int errnum, struct error *err)
{
	switch (errnum) {
	case EACCES:
		return fail(err, ERROR_SYSTEM, errnum,
			prctl(PR_GET_SECCOMP) > 0
				? "they cannot be read by nspeek, which is under a filter itself"
				: "reading them needs CAP_SYS_ADMIN in the initial user namespace");
	case EINVAL:
	case EIO:
		return fail(err, ERROR_SYSTEM, errnum,
			"this kernel does not show them (it lacks CONFIG_CHECKPOINT_RESTORE)");
	case EMEDIUMTYPE:
		return fail(err, ERROR_SYSTEM, errnum, "one of them is no classic BPF program");
	}
	return fail(err, ERROR_SYSTEM, errnum, "reading them failed: %s", strerror(errnum));
}

static int explain(const struct target *target, const struct reading *reading, struct error *err)
{
	int errnum = reading->errnum;

	if (reading->progress == PROGRESS_DONE)
		return 0;
	if (errnum == ESRCH || errnum == ECHILD)
		return fail(
			err, ERROR_TARGET, ESRCH, "process %d has exited meanwhile", target->pid);
	if (reading->progress == PROGRESS_STOPPED && errnum != 0)
		return fail_copy(errnum, err);
	if (reading->progress == PROGRESS_NONE && errnum != 0)
		return fail_seize(target, errnum, err);
	return fail(err, ERROR_SYSTEM, errnum ? errnum : ETIMEDOUT,
		"they cannot be read, the target did not stop within %d ms (is it frozen?)",
		STOP_MS);
}

// Gives RET the programs of READING, whose memory it then owns.
static int take_programs(struct reading *reading, struct seccomp_filters *ret, struct error *err)
{
	size_t used = 0;

	if (reading->count > PROGRAMS_MAX)
		return fail_sys(err, EPROTO, "reading", "the seccomp filters");
	ret->programs = calloc(reading->count + 1, sizeof(*ret->programs));
	if (!ret->programs)
		return fail_sys(err, ENOMEM, "reading", "the seccomp filters");
	for (size_t i = 0; i < reading->count; i++) {
		if (reading->lens[i] > CODE_MAX - used)
			return fail_sys(err, EPROTO, "reading", "the seccomp filters");
		ret->programs[i] = (struct seccomp_program){
			&reading->code[used], reading->lens[i], reading->flags[i]};
		used += reading->lens[i];
	}
	ret->count = reading->count;
	return 0;
}

int seccomp_filter_read(const struct target *target, struct seccomp_filters *ret, struct error *err)
{
	auto_seccomp_filters struct seccomp_filters filters = {0};
	pid_t parent = getpid();
	struct reading *reading = mmap(
		NULL, sizeof(*reading), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reading == MAP_FAILED)
		return fail_sys(err, errno, "mmap", "the seccomp filters");

	filters.memory = reading;
	filters.memory_len = sizeof(*reading);
	pid_t child = fork();
	if (child == 0)
		run_reader(target, reading, parent);
	if (child < 0)
		return fail_sys(err, errno, "fork", "the process that reads seccomp filters");
	// Its own timer ends it.
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	int r = explain(target, reading, err);
	if (r < 0 || (r = take_programs(reading, &filters, err)) < 0)
		return r;
	*ret = filters;
	filters = (struct seccomp_filters){0};
	return 0;
}

bool seccomp_filter_notifies(const struct seccomp_filters *filters)
{
	for (size_t i = 0; i < filters->count; i++)
		if (seccomp_program_returns(&filters->programs[i], SECCOMP_RET_USER_NOTIF))
			return true;
	return false;
}

#if defined(__x86_64__)
enum { ARCH_NATIVE = (int)AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { ARCH_NATIVE = (int)AUDIT_ARCH_AARCH64 };
#endif

// When a call is made under the filters.
enum need {
	NEED_SUCCESS,     // nothing goes on without it
	NEED_SURVIVAL,    // it may be refused, if it does not kill the caller
	NEED_UNPRIVILEGE, // as NEED_SUCCESS, if capabilities are cut after the filters
};

// What is called between the filters' installation and the command's execve(2), by the joiner and
// by those that come from it (launch.c, stub/stub.c). Pointers stand as 0.
static const struct {
	const char *name;
	int nr;
	enum need need;
	uint64_t args[6];
} needed_calls[] = {
	{"capset", SYS_capset, NEED_UNPRIVILEGE, {0}},
	// The joiner, which becomes the stub's program, and that.
	{"execveat", SYS_execveat, NEED_SUCCESS, {0, 0, 0, 0, AT_EMPTY_PATH}},
#if defined(__x86_64__)
	{"arch_prctl", SYS_arch_prctl, NEED_SUCCESS, {ARCH_SET_FS}},
	{"vfork", SYS_vfork, NEED_SUCCESS, {0}},
	{"poll", SYS_poll, NEED_SUCCESS, {0}},
#else
	{"clone", SYS_clone, NEED_SUCCESS, {CLONE_VM | CLONE_VFORK | SIGCHLD}},
	{"ppoll", SYS_ppoll, NEED_SUCCESS, {0}},
#endif
	{"clone", SYS_clone, NEED_SUCCESS, {CLONE_PARENT | SIGCHLD}},
	{"sendto", SYS_sendto, NEED_SUCCESS, {3}},
	{"recvfrom", SYS_recvfrom, NEED_SUCCESS, {3}},
	{"signalfd4", SYS_signalfd4, NEED_SUCCESS, {(uint64_t)-1}},
	{"read", SYS_read, NEED_SUCCESS, {4}},
	{"wait4", SYS_wait4, NEED_SUCCESS, {(uint64_t)-1}},
	{"waitid", SYS_waitid, NEED_SUCCESS, {P_PID}},
	{"kill", SYS_kill, NEED_SUCCESS, {0}},
	{"fcntl", SYS_fcntl, NEED_SUCCESS, {3, F_SETFD, FD_CLOEXEC}},
	{"prctl", SYS_prctl, NEED_SUCCESS, {PR_SET_DUMPABLE}},
	{"prctl", SYS_prctl, NEED_SUCCESS, {PR_SET_CHILD_SUBREAPER, 1}},
	{"prctl", SYS_prctl, NEED_SUCCESS, {PR_SET_PDEATHSIG, SIGKILL}},
	{"rt_sigprocmask", SYS_rt_sigprocmask, NEED_SUCCESS, {SIG_SETMASK}},
	{"rt_sigaction", SYS_rt_sigaction, NEED_SUCCESS, {SIGCHLD}},
	{"exit_group", SYS_exit_group, NEED_SUCCESS, {0}},
	{"execve", SYS_execve, NEED_SUCCESS, {0}},
	{"set_tid_address", SYS_set_tid_address, NEED_SURVIVAL, {0}},
	{"close", SYS_close, NEED_SURVIVAL, {0}},
	{"setpgid", SYS_setpgid, NEED_SURVIVAL, {0}},
	{"setsid", SYS_setsid, NEED_SURVIVAL, {0}},
	{"ioctl", SYS_ioctl, NEED_SURVIVAL, {0}},
};

static uint32_t decide(
	const struct seccomp_filters *filters, size_t count, int nr, const uint64_t args[6])
{
	struct seccomp_data call = {.nr = nr, .arch = (uint32_t)ARCH_NATIVE};

	for (int i = 0; i < 6; i++)
		call.args[i] = args[i];

	return seccomp_decide(filters->programs, count, &call) & SECCOMP_RET_ACTION_FULL;
}

static bool is_success(uint32_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

// A call that is handed to somebody who is not there fails with ENOSYS.
static bool is_survival(uint32_t action)
{
	return is_success(action) || action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE ||
	       action == SECCOMP_RET_USER_NOTIF;
}

// The call that installs program INDEX under those before it, or -1 when they forbid both.
static int installing_call(const struct seccomp_filters *filters, size_t index)
{
	const uint64_t by_seccomp[6] = {SECCOMP_SET_MODE_FILTER, filters->programs[index].flags};
	const uint64_t by_prctl[6] = {PR_SET_SECCOMP, SECCOMP_MODE_FILTER};

	if (is_success(decide(filters, index, SYS_seccomp, by_seccomp)))
		return SYS_seccomp;
	return is_success(decide(filters, index, SYS_prctl, by_prctl)) ? SYS_prctl : -1;
}

static int fail_forbidden(const char *what, struct error *err)
{
	fail(err, ERROR_SYSTEM, EPERM,
		"the target's seccomp filters forbid %s: no command can be started under them",
		what);
	return error_hint(err, "without --as-target no filters are copied");
}

int seccomp_filter_check(
	const struct seccomp_filters *filters, bool no_new_privs, struct error *err)
{
	for (size_t i = 0; i < filters->count; i++)
		if (installing_call(filters, i) < 0)
			return fail_forbidden("seccomp and prctl, which install the next one", err);
	for (size_t i = 0; i < sizeof(needed_calls) / sizeof(needed_calls[0]); i++) {
		enum need need = needed_calls[i].need;
		if (need == NEED_UNPRIVILEGE && no_new_privs)
			continue;
		uint32_t action =
			decide(filters, filters->count, needed_calls[i].nr, needed_calls[i].args);
		if (need == NEED_SURVIVAL ? !is_survival(action) : !is_success(action))
			return fail_forbidden(needed_calls[i].name, err);
	}
	return 0;
}

int seccomp_filter_install(const struct seccomp_filters *filters, struct error *err)
{
	for (size_t i = 0; i < filters->count; i++) {
		const struct seccomp_program *program = &filters->programs[i];
		// The kernel only reads it.
		struct sock_fprog fprog = {.len = (unsigned short)program->len,
			.filter = (struct sock_filter *)(uintptr_t)program->code};
		long r = installing_call(filters, i) == SYS_seccomp
				 ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags,
					   &fprog)
				 : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog, 0, 0);
		if (r < 0)
			return fail_sys(err, errno, "seccomp", "filter %zu of the target's", i);
	}
	return 0;
}

void seccomp_filter_fini(struct seccomp_filters *filters)
{
	free(filters->programs);
	if (filters->memory)
		munmap(filters->memory, filters->memory_len);
	*filters = (struct seccomp_filters){0};
}

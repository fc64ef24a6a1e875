// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's loss of privilege.
#include "sandbox.h"

#include "allowlist.h"
#include "cleanup.h"
#include "order.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { NOBODY = 65534 };
#if !defined(__SANITIZE_ADDRESS__)
static const rlim_t DATA_MAX = 1ul << 30;  // private writable memory, bytes
static const rlim_t SPACE_MAX = 1ul << 37; // address space: files are mapped, as large as they are
#endif

// Closes the fds FIRST to LAST. Returns 0 or -errno.
static int close_between(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return 0;
	if (errno != ENOSYS)
		return -errno;
	// Before Linux 5.9: no more fds can be open than the limit allows.
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
		close((int)fd);
	return 0;
}

// /dev/null; in a root without it, an empty file that nobody can write to.
static int open_null(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0 || errno != ENOENT)
		return null;
	null = memfd_create("null", MFD_ALLOW_SEALING);
	if (null >= 0)
		fcntl(null, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_GROW | F_SEAL_WRITE);
	return null;
}

static int close_all_but(const int *keep, size_t count, struct error *err)
{
	unsigned next = 3;
	auto_free int *sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return fail_sys(err, ENOMEM, "closing", "the worker's files");
	for (size_t i = 0; i < count; i++)
		sorted[i] = keep[i];
	qsort(sorted, count, sizeof(*sorted), order_int);
	for (size_t i = 0; i < count; i++) {
		int r = close_between(next, (unsigned)sorted[i] - 1);
		if (r < 0)
			return fail_sys(err, -r, "close_range", "the worker's files");
		next = (unsigned)sorted[i] + 1;
	}
	int r = close_between(next, UINT_MAX);
	if (r < 0)
		return fail_sys(err, -r, "close_range", "the worker's files");
	// Not before: all fds that may be open can have been.
	int null = open_null();
	if (null < 0)
		return fail_sys(err, errno, "open", "/dev/null");
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null >= 3)
		close(null);
	return 0;
}

static int set_limit(unsigned resource, rlim_t value, struct error *err)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) == 0 && limit.rlim_max < value)
		value = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = value;
	if (setrlimit(resource, &limit) < 0)
		return fail_sys(
			err, errno, "setrlimit", "resource %d of the worker", (int)resource);
	return 0;
}

static int set_limits(rlim_t cpu_s, struct error *err)
{
	int r;

	if ((r = set_limit(RLIMIT_CORE, 0, err)) < 0 || (r = set_limit(RLIMIT_FSIZE, 0, err)) < 0 ||
		(r = set_limit(RLIMIT_NPROC, 0, err)) < 0 || // a child would outlive it
		(r = set_limit(RLIMIT_CPU, cpu_s, err)) < 0)
		return r;
#if defined(__SANITIZE_ADDRESS__)
	return 0; // its shadow memory is data, and terabytes
#else
	r = set_limit(RLIMIT_DATA, DATA_MAX, err);
	return r < 0 ? r : set_limit(RLIMIT_AS, SPACE_MAX, err);
#endif
}

// True when the kernel does what sandbox_enter() asks of a filter.
static bool has_filters(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// Namespaces of our own, in which there is nothing, for where system calls cannot be filtered. Root
// needs no user namespace for it, and would stay root outside of it. Returns whether it is so.
static bool enter_namespaces(void)
{
	const int spaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			   CLONE_NEWCGROUP | CLONE_NEWPID;

	return unshare(geteuid() == 0 ? spaces : spaces | CLONE_NEWUSER) == 0;
}

// A root directory in which nothing can be found by name, if we may have one: the list of our own
// fds. An ordinary user may in a user namespace of its own.
static void enter_empty_root(void)
{
	if (geteuid() != 0)
		unshare(CLONE_NEWUSER);
	if (chroot("/proc/self/fdinfo") == 0 && chdir("/") < 0)
		_exit(1); // there is one way only
}

// True when R, what a step has returned, is a failure that is none where the step is forbidden.
static bool is_forbidden(int r)
{
	return r < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS);
}

static int drop_ids(struct error *err)
{
	if (geteuid() != 0)
		return 0;
	// Where ids are not mapped, or setgroups(2) is denied, root of a user namespace stays root
	// of it; without capabilities that is nobody special.
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return fail_sys(err, errno, "setgroups", "the worker");
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL && errno != EPERM)
		return fail_sys(err, errno, "setresgid", "the worker");
	if (setresuid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL && errno != EPERM)
		return fail_sys(err, errno, "setresuid", "the worker");
	return 0;
}

static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capset, &header, none) < 0 ? fail_sys(err, errno, "capset", "the worker")
						      : 0;
}

// Where prctl(2) is forbidden, nothing of it can be had, nor a filter.
static int set_flags(struct error *err)
{
	const struct {
		int option;
		unsigned long value;
	} flags[] = {
		// A change of ids clears the parent-death signal and may set dumpable.
		{PR_SET_PDEATHSIG, SIGKILL},
		{PR_SET_DUMPABLE, 0},
		{PR_SET_NO_NEW_PRIVS, 1},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int r = prctl(flags[i].option, flags[i].value, 0, 0, 0);
		if (r < 0 && !is_forbidden(r))
			return fail_sys(err, errno, "prctl", "the worker");
	}
	return 0;
}

// Returns whether the worker's calls are filtered from here on.
static bool enter_filter(void)
{
	struct sock_filter code[ALLOWLIST_LEN_MAX];
	const struct seccomp_program made = allowlist_make(getpid(), code);
	const struct sock_fprog program = {.len = (unsigned short)made.len, .filter = code};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

int sandbox_enter(const struct sandbox *sandbox, struct error *err)
{
	int r;
	sigset_t none;

	setsid(); // no controlling terminal: what is typed there belongs to whoever called us
	if ((r = close_all_but(sandbox->keep, sandbox->keep_count, err)) < 0 ||
		(r = set_limits(sandbox->cpu_s, err)) < 0)
		return r;
	bool has_namespaces = !has_filters() && enter_namespaces();
	enter_empty_root();
	if ((r = drop_ids(err)) < 0 || (r = drop_capabilities(err)) < 0 || (r = set_flags(err)) < 0)
		return r;
	if (getppid() != sandbox->parent)
		return fail(err, ERROR_SYSTEM, ESRCH, "nspeek is gone");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (enter_filter())
		return SANDBOX_FILTER;
	return has_namespaces ? SANDBOX_NAMESPACES : SANDBOX_BARE;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and applying the target's confinement.
#include "confinement.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum {
	STATUS_MAX = 2 << 20, // 65536 groups
	LIMITS_MAX = 64 << 10,
	IOPRIO_WHO_PROCESS = 1, // linux/ioprio.h, which older headers lack
	LANDLOCK_VERSION = 1,   // LANDLOCK_CREATE_RULESET_VERSION
	POLICY_DEADLINE = 6,    // SCHED_DEADLINE
	POLICY_RESET = SCHED_RESET_ON_FORK,
};

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

static int read_status(const struct target *target, struct confinement *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(target->task_fd, "status", STATUS_MAX, &text, &len);

	if (r == 0)
		r = proc_confined_parse(text, len, &ret->status);
	return r < 0 ? fail_sys(err, -r, "read", "status of process %d", target->pid) : 0;
}

static int read_limits(const struct target *target, struct confinement *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(target->task_fd, "limits", LIMITS_MAX, &text, &len);

	if (r == 0)
		r = proc_limits_parse(text, len, ret->limits);
	return r < 0 ? fail_sys(err, -r, "read", "limits of process %d", target->pid) : 0;
}

// The number, of BASE, that file NAME of DIR_FD holds. Returns 0 or -errno.
static int read_long(int dir_fd, const char *name, int base, long *ret)
{
	char text[64], *end;
	ssize_t len = fd_read_small_at(dir_fd, name, text, sizeof(text));
	if (len < 0)
		return (int)len;

	errno = 0;
	long value = strtol(text, &end, base);
	if (errno || end == text || (*end != '\n' && *end != '\0'))
		return -EINVAL;
	*ret = value;
	return 0;
}

static int read_oom_score(const struct target *target, struct confinement *ret, struct error *err)
{
	int r = read_long(target->task_fd, "oom_score_adj", 10, &ret->oom_score_adj);

	return r < 0 ? fail_sys(err, -r, "read", "oom_score_adj of process %d", target->pid) : 0;
}

// Needs ptrace access, which one can lack. Returns 0 or -errno.
static int read_personality(const struct target *target, struct confinement *ret)
{
	long value = 0;
	int r = read_long(target->task_fd, "personality", 16, &value);

	ret->personality_known = r == 0;
	ret->personality = (unsigned long)value;
	return r;
}

// nice(2) values are told from errors by errno alone.
static int read_nice(pid_t tid, int *ret)
{
	errno = 0;
	int value = getpriority(PRIO_PROCESS, (id_t)tid);
	if (value == -1 && errno)
		return -errno;
	*ret = value;
	return 0;
}

static int read_scheduling(const struct target *target, struct confinement *ret, struct error *err)
{
	pid_t tid = target->tid;
	int r = read_nice(tid, &ret->nice);

	if (r < 0)
		return fail_sys(err, -r, "getpriority", "process %d", target->pid);
	// Not by the C library's functions, which POSIX has mean processes: musl's only fail.
	ret->sched_policy = (int)syscall(SYS_sched_getscheduler, tid);
	if (ret->sched_policy < 0 || syscall(SYS_sched_getparam, tid, &ret->sched_priority) < 0)
		return fail_sys(err, errno, "sched_getparam", "process %d", target->pid);
	ret->io_priority = (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, tid);
	if (ret->io_priority < 0 && errno != ENOSYS)
		return fail_sys(err, errno, "ioprio_get", "process %d", target->pid);
	long len = syscall(SYS_sched_getaffinity, tid, sizeof(ret->affinity), ret->affinity);
	if (len < 0)
		return fail_sys(err, errno, "sched_getaffinity", "process %d", target->pid);
	ret->affinity_len = (size_t)len;
	return 0;
}

// What was read by the number of the thread is of that thread, if it still is one of the target's.
static int verify_thread(const struct target *target, struct error *err)
{
	char stat[1024];
	int r = target_verify(target, err);
	if (r < 0)
		return r;

	ssize_t len = fd_read_small_at(target->task_fd, "stat", stat, sizeof(stat));
	bool is_there = syscall(SYS_tgkill, target->pid, target->tid, 0) == 0 || errno == EPERM;
	if (is_there && len >= 0 && !proc_stat_is_exiting(stat, (size_t)len))
		return 0;
	return fail(err, ERROR_TARGET, ESRCH, "process %d has exited meanwhile", target->pid);
}

// Reads the filters. *WHY says why they could not be, which is no reason not to go on.
static int read_filters(struct confinement *confinement, struct error *why, struct error *err)
{
	if (confinement->status.seccomp != PROC_SECCOMP_FILTER)
		return 0;
	int r = seccomp_filter_read(confinement->target, &confinement->filters, why);
	if (r < 0 && why->kind != ERROR_TARGET)
		return 0;
	if (r < 0)
		*err = *why;
	return r;
}

static void warn_filters(const struct confinement *confinement, const struct error *why)
{
	const struct notice *notice = confinement->notice;

	if (confinement->status.seccomp == PROC_SECCOMP_STRICT)
		notice_warning(notice, "not copied: seccomp's strict mode, in which no command "
				       "could be executed");
	if (why->kind != ERROR_NONE)
		notice_warning(notice, "not copied: seccomp filters: %s", why->message);
	if (seccomp_filter_notifies(&confinement->filters))
		notice_warning(notice, "not copied: who answers the target's seccomp filters (user "
				       "notification); the calls that they hand over fail with "
				       "ENOSYS");
}

// What the kernel shows of nobody.
static void warn_invisible(const struct confinement *confinement)
{
	const struct proc_status *status = &confinement->target->status;
	uint64_t caps = status->cap_permitted | status->cap_inheritable | status->cap_bounding;

	// Whoever can gain no capability feels no difference.
	if (caps != 0)
		notice_warning(confinement->notice,
			"not copied: securebits, which the kernel does not show");
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION) > 0)
		notice_warning(confinement->notice,
			"not copied: Landlock rules, which the kernel does not show");
}

static int read_all(const struct target *target, struct confinement *ret, struct error *err)
{
	struct error filters_why = {0};
	int r;

	ret->target = target;
	if ((r = read_status(target, ret, err)) < 0 || (r = read_limits(target, ret, err)) < 0 ||
		(r = read_oom_score(target, ret, err)) < 0 ||
		(r = read_scheduling(target, ret, err)) < 0 ||
		(r = read_filters(ret, &filters_why, err)) < 0)
		return r;
	int personality_r = read_personality(target, ret);
	// A target that is on its way out explains everything.
	if ((r = verify_thread(target, err)) < 0 ||
		(r = seccomp_filter_check(&ret->filters, target->status.no_new_privs, err)) < 0)
		return r;
	if (personality_r < 0)
		notice_warning(ret->notice,
			"not copied: the personality, which cannot be read (%s)",
			strerror(-personality_r));
	warn_filters(ret, &filters_why);
	warn_invisible(ret);
	return 0;
}

int confinement_read(const struct confinement_request *request, const struct target *target,
	const struct notice *notice, struct confinement *ret, struct error *err)
{
	auto_confinement struct confinement confinement = {0};
	int r;

	confinement.notice = notice;
	if ((request->join_cgroup || request->as_target) &&
		((r = cgroup_open(
			  target, request->join_cgroup, notice, &confinement.cgroups, err)) < 0 ||
			(r = cgroup_check(&confinement.cgroups, err)) < 0))
		return r;
	if (request->as_target && (r = read_all(target, &confinement, err)) < 0)
		return r;
	*ret = confinement;
	confinement = (struct confinement){0};
	return 0;
}

static void warn_unapplied(const struct confinement *confinement, const char *what, int errnum)
{
	notice_warning(
		confinement->notice, "not copied: %s of the target (%s)", what, strerror(errnum));
}

static void apply_oom_score(const struct confinement *confinement, int self_fd)
{
	char text[32];
	long own = 0;
	int len = snprintf(text, sizeof(text), "%ld", confinement->oom_score_adj);
	auto_fd int fd = openat(self_fd, "oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (read_long(self_fd, "oom_score_adj", 10, &own) == 0 && own == confinement->oom_score_adj)
		return;
	int r = fd < 0 ? -errno : fd_write_all(fd, text, (size_t)len);
	if (r < 0)
		notice_warning(confinement->notice,
			"not copied: oom_score_adj %ld of the target (%s), which is below ours",
			confinement->oom_score_adj, strerror(-r));
}

static void apply_policy(const struct confinement *confinement)
{
	int policy = confinement->sched_policy & ~POLICY_RESET;

	if (policy == POLICY_DEADLINE) {
		notice_warning(confinement->notice, "not copied: the scheduling policy deadline, "
						    "with which no command could be started");
		return;
	}
	// The flag itself would already reset the command's policy.
	if (policy != confinement->sched_policy)
		notice_warning(confinement->notice,
			"not copied: the scheduling flag reset-on-fork: processes that the command "
			"starts keep its policy");
	if (policy != syscall(SYS_sched_getscheduler, 0) || confinement->sched_priority != 0)
		if (syscall(SYS_sched_setscheduler, 0, policy, &confinement->sched_priority) < 0)
			warn_unapplied(confinement, "the scheduling policy", errno);
}

static bool has_affinity(const struct confinement *confinement)
{
	cpu_set_t own[CONFINEMENT_CPUS / CPU_SETSIZE] = {0};

	return syscall(SYS_sched_getaffinity, 0, sizeof(own), own) >= 0 &&
	       memcmp(own, confinement->affinity, confinement->affinity_len) == 0;
}

static void apply_affinity(const struct confinement *confinement)
{
	size_t len = confinement->affinity_len;

	// One that was asked for would no longer follow a cpuset that changes.
	if (has_affinity(confinement))
		return;
	if (sched_setaffinity(0, len, confinement->affinity) < 0)
		warn_unapplied(confinement, "the CPU affinity", errno);
	else if (!has_affinity(confinement)) // a cpuset of ours has cut it
		warn_unapplied(confinement, "some CPUs of the affinity", EPERM);
}

static void apply_scheduling(const struct confinement *confinement)
{
	int own = 0;

	if (read_nice(0, &own) < 0 || own != confinement->nice)
		if (setpriority(PRIO_PROCESS, 0, confinement->nice) < 0)
			warn_unapplied(confinement, "the nice value", errno);
	apply_policy(confinement);
	if (confinement->io_priority >= 0 &&
		syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) != confinement->io_priority &&
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, confinement->io_priority) < 0)
		warn_unapplied(confinement, "the io priority", errno);
	apply_affinity(confinement);
}

static void print_limit(rlim_t value, char *buffer, size_t size)
{
	if (value == RLIM_INFINITY)
		snprintf(buffer, size, "unlimited");
	else
		snprintf(buffer, size, "%llu", (unsigned long long)value);
}

// Raises hard limits to the target's, while we have our privileges. Where that is not permitted,
// ours is the limit.
static void make_room(struct confinement *confinement)
{
	for (int i = 0; i < PROC_LIMIT_COUNT; i++) {
		const struct proc_limit_kind *kind = &proc_limit_kinds[i];
		struct rlimit *wanted = &confinement->limits[kind->resource], own, raised;
		char theirs[32], ours[32];
		if (getrlimit(kind->resource, &own) < 0 || wanted->rlim_max <= own.rlim_max)
			continue;
		raised = (struct rlimit){own.rlim_cur, wanted->rlim_max};
		if (setrlimit(kind->resource, &raised) == 0)
			continue;
		print_limit(wanted->rlim_max, theirs, sizeof(theirs));
		print_limit(own.rlim_max, ours, sizeof(ours));
		notice_warning(confinement->notice,
			"not copied: the limit %s, %s for the target and %s for the command: "
			"raising it needs CAP_SYS_RESOURCE",
			kind->name, theirs, ours);
		wanted->rlim_max = own.rlim_max;
		if (wanted->rlim_cur > own.rlim_max)
			wanted->rlim_cur = own.rlim_max;
	}
}

int confinement_apply_outside(struct confinement *confinement, int self_fd, struct error *err)
{
	int r = cgroup_check_thawed(&confinement->cgroups, err);

	if (r < 0 || (r = cgroup_join(&confinement->cgroups, err)) < 0 || !confinement->target)
		return r;
	apply_oom_score(confinement, self_fd);
	apply_scheduling(confinement);
	make_room(confinement);
	confinement->likeness.target = confinement->target;
	confinement->likeness.filters = &confinement->filters;
	confinement->likeness.notice = confinement->notice;
	confinement->likeness.groups = confinement->status.groups;
	confinement->likeness.group_count = confinement->status.group_count;
	return likeness_prepare(&confinement->likeness, self_fd, err);
}

int confinement_become(struct confinement *confinement, struct error *err)
{
	return confinement->target ? likeness_become(&confinement->likeness, err) : 0;
}

int confinement_seal(const struct confinement *confinement, struct error *err)
{
	if (!confinement->target)
		return 0;
	if (confinement->status.umask != PROC_UMASK_UNKNOWN)
		umask((mode_t)confinement->status.umask);
	else
		warn_unapplied(confinement, "the umask", ENOSYS);
	if (confinement->personality_known && personality(confinement->personality) == -1)
		warn_unapplied(confinement, "the personality", errno);
	for (int i = 0; i < PROC_LIMIT_COUNT; i++) {
		const struct proc_limit_kind *kind = &proc_limit_kinds[i];
		if (setrlimit(kind->resource, &confinement->limits[kind->resource]) < 0)
			warn_unapplied(confinement, kind->name, errno);
	}
	return likeness_seal(&confinement->likeness, err);
}

void confinement_fini(struct confinement *confinement)
{
	cgroup_fini(&confinement->cgroups);
	proc_confined_fini(&confinement->status);
	seccomp_filter_fini(&confinement->filters);
	*confinement = (struct confinement){0};
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Taking the target's ids, groups, capabilities and filters.
#include "likeness.h"

#include "capname.h"
#include "caps.h"
#include "capsets.h"
#include "cleanup.h"
#include "fd.h"
#include "order.h"
#include "proc_confined.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { STATUS_MAX = 2 << 20 };

// True when the caller's groups are the COUNT that GROUPS holds, in whatever order.
static bool has_groups(const uint32_t *groups, size_t count)
{
	int own_count = getgroups(0, NULL);
	if (own_count < 0 || (size_t)own_count != count)
		return false;

	auto_free uint32_t *own = calloc(count + 1, sizeof(*own));
	auto_free uint32_t *wanted = calloc(count + 1, sizeof(*wanted));
	if (!own || !wanted || getgroups(own_count, own) != own_count)
		return false;
	if (count > 0)
		memcpy(wanted, groups, count * sizeof(*wanted));
	qsort(own, count, sizeof(*own), order_u32);
	qsort(wanted, count, sizeof(*wanted), order_u32);
	return memcmp(own, wanted, count * sizeof(*own)) == 0;
}

int likeness_prepare(struct likeness *likeness, int self_fd, struct error *err)
{
	const uint32_t *groups = likeness->groups;
	size_t count = likeness->group_count;

	likeness->status_fd = openat(self_fd, "status", O_RDONLY | O_CLOEXEC);
	if (likeness->status_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self/status");
	likeness->groups_done = has_groups(groups, count) || setgroups(count, groups) == 0;
	// Ours must not go inside, if the target's cannot: inside it may be forbidden to drop them.
	if (!likeness->groups_done)
		setgroups(0, NULL);
	return 0;
}

// What the file of our status, opened outside, says now.
static int read_own_status(const struct likeness *likeness, struct proc_status *ret)
{
	auto_free char *text = NULL;
	size_t len;

	if (lseek(likeness->status_fd, 0, SEEK_SET) < 0)
		return -errno;
	int r = fd_read_all(likeness->status_fd, STATUS_MAX, &text, &len);
	return r < 0 ? r : proc_status_parse(text, len, ret);
}

// True when A and B have the same real, effective and saved ids.
static bool same_ids(const uint32_t a[4], const uint32_t b[4])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

static int fail_ids(
	const struct likeness *likeness, const char *call, int errnum, struct error *err)
{
	fail_sys(err, errnum, call, "the ids of process %d", likeness->target->pid);
	if (errnum == EINVAL)
		return error_hint(err, "they are not mapped in its user namespace");
	return errnum == EPERM ? error_hint(err, "it needs CAP_SETUID and CAP_SETGID over its user "
						 "namespace, which root and its owner have")
			       : -errnum;
}

static int take_ids(const struct likeness *likeness, struct error *err)
{
	const struct proc_status *outside = &likeness->target->status, *inside = &likeness->inside;
	struct proc_status own;
	int r = read_own_status(likeness, &own);
	if (r < 0)
		return fail_sys(err, -r, "read", "our own status");

	if (!same_ids(own.gid, outside->gid) &&
		setresgid(inside->gid[0], inside->gid[1], inside->gid[2]) < 0)
		return fail_ids(likeness, "setresgid", errno, err);
	if (!same_ids(own.uid, outside->uid) &&
		setresuid(inside->uid[0], inside->uid[1], inside->uid[2]) < 0)
		return fail_ids(likeness, "setresuid", errno, err);
	if ((r = read_own_status(likeness, &own)) < 0)
		return fail_sys(err, -r, "read", "our own status");
	if (!same_ids(own.uid, outside->uid) || !same_ids(own.gid, outside->gid))
		return fail(err, ERROR_SYSTEM, EPERM,
			"the ids of process %d could not be taken over: they became %u:%u, seen "
			"from outside, not %u:%u",
			likeness->target->pid, own.uid[1], own.gid[1], outside->uid[1],
			outside->gid[1]);
	return 0;
}

// Says what execve(2) will make of ids that are not all one.
static void warn_ids(const struct likeness *likeness, const char *kind, const uint32_t ids[4])
{
	if (ids[2] != ids[1])
		notice_warning(likeness->notice,
			"not copied: the target's saved %s %u; execve makes it the effective one, "
			"%u",
			kind, ids[2], ids[1]);
	if (ids[3] != ids[1])
		notice_warning(likeness->notice,
			"not copied: the target's file system %s %u; execve makes it the effective "
			"one, %u",
			kind, ids[3], ids[1]);
	if (ids[0] != ids[1] && likeness->no_new_privs)
		notice_warning(likeness->notice,
			"perhaps not copied: the target's effective %s %u, since with no_new_privs "
			"some kernels make it the real one, %u",
			kind, ids[1], ids[0]);
}

// Sets the groups by their numbers inside. Returns 0 or -errno.
static int set_groups_inside(const struct target *target)
{
	__attribute__((cleanup(proc_confined_fini))) struct proc_confined inside = {0};
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(target->task_fd, "status", STATUS_MAX, &text, &len);

	if (r < 0 || (r = proc_confined_parse(text, len, &inside)) < 0)
		return r;
	if (has_groups(inside.groups, inside.group_count))
		return 0;
	return setgroups(inside.group_count, inside.groups) < 0 ? -errno : 0;
}

// The groups, when those outside could not be set.
static void take_groups(const struct likeness *likeness)
{
	int r = likeness->groups_done ? 0 : set_groups_inside(likeness->target);

	if (r < 0)
		notice_warning(likeness->notice,
			"not copied: the target's supplementary groups, %zu of them (%s); the "
			"command has %d",
			likeness->group_count, strerror(-r), getgroups(0, NULL));
}

static int get_caps(struct capsets *ret)
{
	struct capsets sets = {0};
	struct caps caps;
	int r = caps_get(&caps);

	if (r < 0)
		return r;
	sets.permitted = caps.permitted;
	sets.effective = caps.effective;
	sets.inheritable = caps.inheritable;
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap) == 1)
			sets.bounding |= UINT64_C(1) << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			sets.ambient |= UINT64_C(1) << cap;
	}
	*ret = sets;
	return 0;
}

// The names of CAPS, separated by commas.
static const char *name_caps(uint64_t caps, char *buffer, size_t size)
{
	size_t len = 0;

	buffer[0] = '\0';
	for (int cap = 0; cap < 64; cap++) {
		if (!(caps >> cap & 1))
			continue;
		const char *name = capname_of(cap);
		int n = snprintf(
			buffer + len, size - len, "%s%s", len ? "," : "", name ? name : "?");
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += (size_t)n;
	}
	return buffer;
}

// Says which sets the command will not have as the target has them.
static void warn_caps(const struct likeness *likeness, const struct capsets *wanted,
	const struct capsets_plan *plan)
{
	const struct capsets *result = &plan->result;
	const struct {
		const char *name;
		uint64_t wanted, result;
	} sets[] = {
		{"inheritable", wanted->inheritable, result->inheritable},
		{"permitted", wanted->permitted, result->permitted},
		{"effective", wanted->effective, result->effective},
		{"bounding", wanted->bounding, result->bounding},
		{"ambient", wanted->ambient, result->ambient},
	};
	char names[1024];

	if (plan->lacking)
		notice_warning(likeness->notice,
			"not copied: capabilities of the target that nspeek does not have: %s",
			name_caps(plan->lacking, names, sizeof(names)));
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (sets[i].result != (sets[i].wanted & ~plan->lacking) &&
			sets[i].result != sets[i].wanted)
			notice_warning(likeness->notice,
				"not copied: the target's %s capability set %016llx; after execve "
				"the command has %016llx",
				sets[i].name, (unsigned long long)sets[i].wanted,
				(unsigned long long)sets[i].result);
	if (plan->no_new_privs && !likeness->target->status.no_new_privs)
		notice_warning(likeness->notice,
			"not copied: no_new_privs is set, and the target has it not, since the "
			"bounding set cannot be lowered without CAP_SETPCAP");
}

static int lower_bounding(uint64_t keep)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_READ, cap) == 1 &&
			prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	return 0;
}

static int raise_ambient(uint64_t caps)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	for (unsigned long cap = 0; cap < 64; cap++)
		if (caps >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}

// Sets the secure bits that the plan counts on: none but perhaps SECBIT_NOROOT.
static int set_securebits(bool noroot)
{
	int now = prctl(PR_GET_SECUREBITS), wanted = noroot ? SECBIT_NOROOT : 0;
	// That our capabilities are kept over a change of ids ends with execve(2).
	int counted = now & ~(SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED);

	if (now < 0 || counted == wanted || prctl(PR_SET_SECUREBITS, wanted) == 0)
		return now < 0 ? -errno : 0;
	return -errno;
}

// Sets all of PLAN but the permitted and effective sets, for which WITH are kept.
static int apply_plan(const struct capsets_plan *plan, const struct capsets *with)
{
	const struct capsets *before = &plan->before;
	// In this order: the bounding set limits what may become inheritable, and that what may
	// become ambient.
	int r = caps_set(&(struct caps){with->permitted, with->permitted, before->inheritable});

	if (r == 0)
		r = raise_ambient(before->ambient);
	if (r == 0)
		r = lower_bounding(before->bounding);
	if (r == 0)
		r = set_securebits(plan->noroot);
	return r;
}

// True when what was set is what PLAN wants to be set.
static bool is_applied(const struct capsets_plan *plan, const struct capsets *have)
{
	return have->inheritable == plan->before.inheritable &&
	       have->ambient == plan->before.ambient && have->bounding == plan->before.bounding;
}

static int fail_caps(const struct likeness *likeness, int errnum, struct error *err)
{
	return fail_sys(err, errnum, "taking over", "the capabilities of process %d",
		likeness->target->pid);
}

static int take_caps(struct likeness *likeness, struct error *err)
{
	const struct proc_status *status = &likeness->target->status;
	const struct capsets wanted = {
		.inheritable = status->cap_inheritable,
		.permitted = status->cap_permitted,
		.effective = status->cap_effective,
		.bounding = status->cap_bounding,
		.ambient = status->cap_ambient,
	};
	const struct capsets_exec how = {
		.real_root = likeness->inside.uid[0] == 0,
		.effective_root = likeness->inside.uid[1] == 0,
		.no_new_privs = likeness->no_new_privs,
	};
	struct capsets_plan plan;
	struct capsets have;
	int r = get_caps(&have);

	// What was in effect went with the ids.
	if (r == 0 && (r = caps_set(&(struct caps){
			       have.permitted, have.permitted, have.inheritable})) == 0)
		r = get_caps(&have);
	if (r < 0)
		return fail_caps(likeness, -r, err);
	capsets_plan(&wanted, &have, &how, &plan);
	warn_caps(likeness, &wanted, &plan);
	likeness->no_new_privs |= plan.no_new_privs;
	likeness->permitted = plan.before.permitted;
	likeness->effective = plan.before.effective;
	likeness->inheritable = plan.before.inheritable;

	bool installs = likeness->filters->count > 0 && !likeness->no_new_privs;
	uint64_t kept = installs ? have.permitted & UINT64_C(1) << CAP_SYS_ADMIN : 0;
	if ((r = apply_plan(&plan, &have)) < 0 || (r = get_caps(&have)) < 0)
		return fail_caps(likeness, -r, err);
	if (!is_applied(&plan, &have))
		return fail_caps(likeness, EPERM, err);
	r = caps_set(&(struct caps){
		plan.before.permitted | kept, plan.before.effective, plan.before.inheritable});
	return r < 0 ? fail_caps(likeness, -r, err) : 0;
}

// Reads the target again, from inside, and checks that it is as it was.
static int read_inside(struct likeness *likeness, struct error *err)
{
	const struct target *target = likeness->target;
	const struct proc_status *before = &target->status;
	struct proc_status *now = &likeness->inside;
	int r = target_read_status(target, target->tid, now);

	if (r == -ENOENT || r == -ESRCH)
		return fail(
			err, ERROR_TARGET, ESRCH, "process %d has exited meanwhile", target->pid);
	if (r < 0)
		return fail_sys(err, -r, "read", "status of process %d", target->pid);
	if (now->cap_inheritable == before->cap_inheritable &&
		now->cap_permitted == before->cap_permitted &&
		now->cap_effective == before->cap_effective &&
		now->cap_bounding == before->cap_bounding &&
		now->cap_ambient == before->cap_ambient &&
		now->no_new_privs == before->no_new_privs)
		return 0;
	fail(err, ERROR_SYSTEM, EAGAIN, "process %d is changing its credentials", target->pid);
	return error_hint(err, "try again");
}

int likeness_become(struct likeness *likeness, struct error *err)
{
	int r = read_inside(likeness, err);
	if (r < 0)
		return r;

	likeness->no_new_privs = likeness->target->status.no_new_privs;
	if (!likeness->no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		likeness->no_new_privs = true;
		notice_warning(likeness->notice, "not copied: nspeek itself has no_new_privs set, "
						 "and the target has it not");
	}
	// Until execve(2) no change of ids drops what is permitted. Where that is not allowed, the
	// capabilities count as lacking.
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	take_groups(likeness);
	if ((r = take_ids(likeness, err)) < 0 || (r = take_caps(likeness, err)) < 0)
		return r;
	close_fd(&likeness->status_fd);
	warn_ids(likeness, "uid", likeness->inside.uid);
	warn_ids(likeness, "gid", likeness->inside.gid);
	notice_step(likeness->notice,
		"identity: the target's, uid %u gid %u, capabilities %016llx%s", getuid(), getgid(),
		(unsigned long long)likeness->effective,
		likeness->no_new_privs ? ", no_new_privs" : "");
	return 0;
}

static int cut_caps(const struct likeness *likeness, struct error *err)
{
	int r = caps_set(
		&(struct caps){likeness->permitted, likeness->effective, likeness->inheritable});

	return r < 0 ? fail_caps(likeness, -r, err) : 0;
}

int likeness_seal(const struct likeness *likeness, struct error *err)
{
	const struct seccomp_filters *filters = likeness->filters;
	const uint64_t admin = UINT64_C(1) << CAP_SYS_ADMIN;
	int r;

	if (filters->count > 0)
		notice_step(likeness->notice, "seccomp: the target's filters, %zu", filters->count);
	if (likeness->no_new_privs) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return fail_sys(err, errno, "prctl", "no_new_privs");
		r = cut_caps(likeness, err);
		return r < 0 ? r : seccomp_filter_install(filters, err);
	}
	if (filters->count > 0) {
		// Without the capability the kernel says what it needs.
		caps_set(&(struct caps){likeness->permitted | admin, likeness->effective | admin,
			likeness->inheritable});
		r = seccomp_filter_install(filters, err);
		if (r == -EACCES)
			return error_hint(err, "filters without no_new_privs need CAP_SYS_ADMIN");
		if (r < 0)
			return r;
	}
	return cut_caps(likeness, err);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Foreseeing and trying what joining would do.
#include "nsjoin.h"

#include "caps.h"
#include "cleanup.h"
#include "subtask.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { TRIAL_LIMIT_MS = 5000 };

static bool have_capability(int cap)
{
	struct caps caps;

	return caps_get(&caps) == 0 && caps.effective >> cap & 1;
}

// True when the PID namespace PID_FD is not below ours, which no power helps against.
static bool is_no_descendant(int pid_fd)
{
	struct stat ours, st;
	auto_fd int fd = fcntl(pid_fd, F_DUPFD_CLOEXEC, 3);

	if (stat("/proc/self/ns/pid", &ours) < 0)
		return false;
	while (fd >= 0 && fstat(fd, &st) == 0) {
		if (st.st_dev == ours.st_dev && st.st_ino == ours.st_ino)
			return false;
		int parent = ioctl(fd, NS_GET_PARENT);
		if (parent < 0)
			return errno == EPERM;
		close_fd(&fd);
		fd = parent;
	}
	return false;
}

static bool say_missing(unsigned long long user_ns, struct nsjoin *ret)
{
	if (user_ns == 0)
		snprintf(ret->why, sizeof(ret->why),
			"it is owned by a user namespace that is out of our reach");
	else
		snprintf(ret->why, sizeof(ret->why),
			"CAP_SYS_ADMIN over user namespace %llu is missing", user_ns);
	return true;
}

// Whether we lack some power over type I of SET, not the user namespace, and which, into RET.
static bool lacks_power(
	const struct nsset *set, int i, const struct userns_self *self, struct nsjoin *ret)
{
	if (!userns_may_join(self, set->fds[i]))
		return say_missing(userns_owner_id(set->fds[i]), ret);
	if (!self->sys_admin) {
		snprintf(ret->why, sizeof(ret->why),
			"CAP_SYS_ADMIN in our own user namespace is missing");
		return true;
	}
	if (i == NSTYPE_MNT && !have_capability(CAP_SYS_CHROOT)) {
		snprintf(ret->why, sizeof(ret->why), "CAP_SYS_CHROOT is missing");
		return true;
	}
	return false;
}

static void foresee_user(
	const struct nsset *set, const struct userns_self *self, struct nsjoin *ret)
{
	ret->outcome = NSJOIN_OK;
	if (userns_may_administer(self, set->fds[NSTYPE_USER]))
		return;
	ret->outcome = NSJOIN_DENIED;
	say_missing(set->st[NSTYPE_USER].st_ino, ret);
}

// USER: the target's user namespace is joined too, and that is permitted.
static void foresee_other(const struct nsset *set, int i, const struct userns_self *self, bool user,
	struct nsjoin *ret)
{
	ret->outcome = NSJOIN_DENIED;
	if (i == NSTYPE_PID && is_no_descendant(set->fds[i])) {
		snprintf(
			ret->why, sizeof(ret->why), "it is no descendant of our own PID namespace");
		return;
	}
	if (!lacks_power(set, i, self, ret)) {
		ret->outcome = NSJOIN_OK;
		return;
	}
	// Inside a user namespace there is all power over what it, or one below it, owns; and what
	// others own that we have power over is joined from within those.
	if (user && (userns_may_join(self, set->fds[i]) ||
			    userns_is_owned_within(set->fds[i], &set->st[NSTYPE_USER]))) {
		ret->outcome = NSJOIN_INSIDE;
		ret->why[0] = '\0';
	}
}

void nsjoin_foresee(const struct nsset *set, const struct userns_self *self,
	struct nsjoin ret[static NSTYPE_COUNT])
{
	bool user = false;

	for (int i = 0; i < NSTYPE_COUNT; i++)
		ret[i] = (struct nsjoin){.outcome = NSJOIN_SKIP};
	if (set->join & 1u << NSTYPE_USER) {
		foresee_user(set, self, &ret[NSTYPE_USER]);
		user = ret[NSTYPE_USER].outcome == NSJOIN_OK;
	}
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (i != NSTYPE_USER && set->join & 1u << i)
			foresee_other(set, i, self, user, &ret[i]);
}

struct trial {
	struct nsset set;     // borrows its fds
	struct error *shared; // with the child
};

static int try_join(void *arg)
{
	const struct trial *trial = arg;
	const struct notice silent = {0};
	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (self_fd < 0)
		return fail_sys(trial->shared, errno, "open", "/proc/self");
	return nsset_join(&trial->set, self_fd, &silent, trial->shared);
}

static void deny_tried(
	unsigned tried, const struct error *why, struct nsjoin outcomes[static NSTYPE_COUNT])
{
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		if (!(tried & 1u << i))
			continue;
		outcomes[i].outcome = NSJOIN_DENIED;
		snprintf(outcomes[i].why, sizeof(outcomes[i].why), "%.200s%s%.160s%s", why->message,
			why->hint[0] ? " (" : "", why->hint, why->hint[0] ? ")" : "");
	}
}

void nsjoin_try(const struct nsset *set, struct nsjoin outcomes[static NSTYPE_COUNT])
{
	struct trial trial = {.set = *set};
	struct error err = {0};

	trial.set.join = 0;
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (outcomes[i].outcome == NSJOIN_OK || outcomes[i].outcome == NSJOIN_INSIDE)
			trial.set.join |= 1u << i;
	if (!trial.set.join)
		return;
	struct error *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	trial.shared = shared == MAP_FAILED ? NULL : shared;
	int r = trial.shared ? subtask_run(try_join, &trial, TRIAL_LIMIT_MS) : -errno;
	if (r < 0 && trial.shared && error_is_valid(trial.shared))
		err = *trial.shared;
	if (r < 0) {
		fail_sys(&err, -r, "trying to join", "it");
		deny_tried(trial.set.join, &err, outcomes);
	}
	if (trial.shared)
		munmap(trial.shared, sizeof(*trial.shared));
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Saying what entering would do.
#include "dryrun.h"

#include "caps.h"
#include "cleanup.h"
#include "launch.h"
#include "userns.h"

#include <linux/capability.h>
#include <stdio.h>
#include <sys/wait.h>

enum { WHY_SIZE = 128 };

static bool have_capability(int cap)
{
	struct caps caps;

	return caps_get(&caps) == 0 && caps.effective >> cap & 1;
}

// Why namespace I of SET cannot be joined with our own power, into WHY; NULL when it can.
static const char *obstacle(
	const struct nsset *set, int i, const struct userns_self *self, char why[static WHY_SIZE])
{
	bool is_user = i == NSTYPE_USER;

	if (is_user ? userns_may_administer(self, set->fds[i])
		    : userns_may_join(self, set->fds[i])) {
		if (i == NSTYPE_MNT && !have_capability(CAP_SYS_CHROOT))
			return "CAP_SYS_CHROOT is missing";
		return NULL;
	}
	snprintf(why, WHY_SIZE, "CAP_SYS_ADMIN over user namespace %llu is missing",
		is_user ? (unsigned long long)set->st[i].st_ino : userns_owner_id(set->fds[i]));
	return why;
}

static void say_namespaces(const struct entry *entry, const struct userns_self *self)
{
	const struct nsset *set = &entry->nsset;
	bool user = set->join & 1u << NSTYPE_USER;
	char why[WHY_SIZE];
	bool user_joinable = user && !obstacle(set, NSTYPE_USER, self, why);

	for (int i = 0; i < NSTYPE_COUNT; i++) {
		if (!(set->join & 1u << i))
			continue;
		const char *reason = obstacle(set, i, self, why);
		// Power over what the target's user namespace owns comes from being in that.
		bool inside = reason && user_joinable &&
			      userns_owner_id(set->fds[i]) == set->st[NSTYPE_USER].st_ino;
		notice_step(entry->notice, "join the %s namespace %llu: %s%s", nstypes[i].name,
			(unsigned long long)set->st[i].st_ino,
			!reason  ? "permitted"
			: inside ? "permitted, from inside its user namespace"
				 : "denied: ",
			reason && !inside ? reason : "");
	}
}

int dryrun(const struct entry *entry, struct error *err)
{
	struct launch_signals signals = {.child.sa_handler = SIG_DFL};
	struct terminal terminal = TERMINAL_EMPTY;
	struct launch_request request = {
		.entry = entry, .terminal = &terminal, .signals = &signals};
	struct userns_self self;
	struct launch launch;
	int status, value;
	int r = userns_self_init(&self);

	if (r < 0)
		return fail_sys(err, -r, "stat", "/proc/self/ns/user");
	say_namespaces(entry, &self);
	if ((r = launch_dry(&request, &launch, err)) < 0)
		return r;
	waitpid(launch.joiner, &status, 0);
	launch_receive(&launch, &value, err);
	close_fd(&launch.control_fd);
	if (err->kind != ERROR_NONE)
		return -err->errnum;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail(err, ERROR_SYSTEM, ECHILD, "the joining process ended unexpectedly");
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Saying what entering would do.
#include "dryrun.h"

#include "cleanup.h"
#include "launch.h"
#include "nsjoin.h"
#include "userns.h"

#include <sys/wait.h>

static void say_namespaces(const struct entry *entry, const struct userns_self *self)
{
	const struct nsset *set = &entry->nsset;
	struct nsjoin outcomes[NSTYPE_COUNT];

	nsjoin_foresee(set, self, outcomes);
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		enum nsjoin_outcome outcome = outcomes[i].outcome;
		if (outcome == NSJOIN_SKIP)
			continue;
		notice_step(entry->notice, "join the %s namespace %llu: %s%s", nstypes[i].name,
			(unsigned long long)set->st[i].st_ino,
			outcome == NSJOIN_OK       ? "permitted"
			: outcome == NSJOIN_INSIDE ? "permitted, from inside its user namespace"
						   : "denied: ",
			outcomes[i].why);
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

// SPDX-License-Identifier: GPL-2.0-or-later
// Making the command's process like the target: ids, groups, capability sets, no_new_privs and
// seccomp filters. For --as-target only; identity.h is what happens without it.
//
// Theory of operation. execve(2) computes capabilities anew, and the command is executed twice over
// (by a stub, and by itself). So what is set before is what has the wanted sets as its fixed point
// (capsets.h). Where there is none that is exact (the target has dropped some of its capabilities
// but not its bounding set, say), no capability is added that the target does not have in effect,
// those that it has are kept, and each set that differs is named.
//
// The order.
//  1. likeness_prepare(), before the join: the groups, by their numbers outside, since the joined
//     user namespace may map none of them, or forbid setgroups(2).
//  2. likeness_become(), after it: the ids as they are inside, with the capabilities kept over the
//     change; then what needs capabilities to be set (inheritable, ambient, bounding sets, secure
//     bits). In effect are then the target's alone, so that the search for the command sees what
//     the target would. One more stays permitted: CAP_SYS_ADMIN, when filters must be installed by
//     a process without no_new_privs.
//  3. likeness_seal(), last: no_new_privs, the filters, the last cut. With no_new_privs the filters
//     come last; without, the cut does, and capset(2) has been found allowed by them.
// What container processes can see of us begins after that.
//
// The target can change while it is copied. Its capabilities are those that it had before its user
// namespace was found to be the joined one, and are compared with those that it has after the join:
// in a new user namespace of its own it has all, and they mean nothing. That the ids became the
// target's is seen from outside, through a file that was opened there: inside, all that are not
// mapped look alike.
#pragma once

#include "error.h"
#include "notice.h"
#include "seccomp_filter.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the caller remembers between the steps.
struct likeness {
	const struct target *target;           // borrowed, as are the next two
	const struct seccomp_filters *filters; // none: count 0
	const struct notice *notice;
	const uint32_t *groups; // the target's, by their numbers outside; borrowed
	size_t group_count;
	bool groups_done;
	int status_fd;             // our own status, as it is seen from outside; until become
	struct proc_status inside; // the target's, as it is seen from inside
	uint64_t permitted, effective, inheritable; // to be the command's
	bool no_new_privs;
};

// Sets the groups, if that is permitted here. SELF_FD is the caller's own /proc/self. LIKENESS has
// its first five fields set. On failure, here and below, the caller must end.
int likeness_prepare(struct likeness *likeness, int self_fd, struct error *err);

// Takes the ids, the groups if that is left to do, and the capabilities, all but the last cut.
int likeness_become(struct likeness *likeness, struct error *err);

// Takes no_new_privs and the filters, and gives up what is left. Nothing but the start of the
// command may follow.
int likeness_seal(const struct likeness *likeness, struct error *err);

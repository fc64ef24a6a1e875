// SPDX-License-Identifier: GPL-2.0-or-later
// Who the command runs as, and with how much power.
//
// Theory of operation. A program of ours (the mount namespace is not joined) stays what we are: it
// runs no code of the container, tools such as ip and tcpdump need our capabilities, and a process
// that was cut down to the container's set could be looked into from there, our root included. It
// becomes root of a user namespace only by joining it.
//
// For a program of the container, the identity is taken after the namespaces are joined, so that
// ids and capabilities are those of the joined user namespace, and before anything is forked into
// the container's PID namespace, so that the container never sees a process with more power than
// the command has. uid and gid are 0 of the joined user namespace; where 0 is not mapped, the
// target's; with no user namespace joined, 0 if we are root and else our own. Then the
// capabilities:
//  - The bounding set is lowered to the target's. Where that is not permitted (no CAP_SETPCAP),
//    no_new_privs is set in its place: the command can then never gain what it does not start with.
//  - The other sets keep, for uid 0, what is in the bounding set, and nothing otherwise: that is
//    what execve(2) would leave, so the search for the command already sees what the command will.
// Since each step can need a capability, those go last, and no_new_privs after them. The result is
// read back. Source: capabilities(7), credentials(7), user_namespaces(7).
#pragma once

#include "error.h"
#include "notice.h"
#include "target.h"

#include <stdbool.h>
#include <stdint.h>

struct identity {
	const struct target *target; // whose confinement is copied; NULL copies none
	bool user_joined;            // a user namespace is among those to join
	bool ours;                   // the command is a program of ours, not of the container
	bool privileged;             // our capabilities are kept, no_new_privs is not set
	uid_t own_uid;               // our effective ids, outside
	gid_t own_gid;
};

// Fills *RET for the calling process, before it joins anything.
void identity_init(const struct target *target, bool user_joined, bool ours, bool privileged,
	struct identity *ret);

// Drops the supplementary groups of the caller, which has not joined yet, if it may and IDENTITY is
// another than its own: afterwards a user namespace can forbid it, and a program of the container
// would run with our groups.
void identity_drop_groups(const struct identity *identity);

// Makes the caller, which has joined, what IDENTITY says. SELF_FD is its own /proc/self, opened
// before. On failure the caller is something in between and must end.
int identity_take(const struct identity *identity, int self_fd, const struct notice *notice,
	struct error *err);

// SPDX-License-Identifier: GPL-2.0-or-later
// Who the command runs as, and with how much power.
//
// Theory of operation. A program of ours (the mount namespace is not joined) stays what we are: it
// runs no code of the container, tools such as ip and tcpdump need our capabilities, and a process
// that was cut down to the container's set could be looked into from there, our root included. It
// becomes root of a user namespace only by joining it, and another user only when that is asked
// for.
//
// For a program of the container, the identity is taken after the namespaces are joined, so that
// ids and capabilities are those of the joined user namespace, and before anything is forked into
// the container's PID namespace, so that the container never sees a process with more power than
// the command has. By default uid and gid are 0 of the joined user namespace; where 0 is not
// mapped, the target's; with no user namespace joined, 0 if we are root and else our own.
//
// There are two steps, because names and a user's group stand in files of the container. At first
// the caller becomes that default user (or the one whose number was given), with no capability
// effective: so it reads the files with less power than the container's own root has, and a link
// or a file system that the container put there gains nothing. Then it becomes the user that was
// found. The permitted capabilities are kept until then (PR_SET_KEEPCAPS), and cut last, since each
// step before can need one; what is left is the rule of caps.h:
//  - target: the bounding set is the target's. Root has it; any other user nothing, as after
//    `docker exec -u': it gains by set-user-ID programs alone, and no_new_privs is the target's.
//  - keep: ours. For another user than root that was asked for they stay in the bounding set only,
//    since a name is no request for power (CVE-2021-20188 was that).
//  - a list: it is the bounding set, and root or not, the user has all of it.
// The result is read back. Source: capabilities(7), credentials(7), user_namespaces(7).
#pragma once

#include "caps.h"
#include "error.h"
#include "groups.h"
#include "login.h"
#include "notice.h"
#include "target.h"

#include <stdbool.h>
#include <stdint.h>

// What the user asked for. Ids are those of the joined user namespace.
struct identity_request {
	bool has_uid, has_gid;
	uint32_t uid, gid;
	const char *as; // NAME[:GROUP] of the container's files, or NULL; borrowed
	struct groups_request groups;
	struct caps_request caps;
};

struct identity {
	const struct identity_request *request; // borrowed
	const struct target *target;            // whose confinement is copied; NULL copies none
	bool user_joined;                       // a user namespace is among those to join
	bool ours;     // the command is a program of ours, not of the container
	uid_t own_uid; // our effective ids, outside
	gid_t own_gid;
	bool groups_taken; // by identity_leave()
	uint32_t uid, gid; // by identity_begin(): who the caller is then; UINT32_MAX: unchanged
};

// True when REQUEST asks for ids, groups or a user.
bool identity_is_chosen(const struct identity_request *request);

// Fills *RET for the calling process, before it joins anything. Fails with ERROR_USAGE when what
// REQUEST asks for cannot be had of a program of ours, or without a target.
int identity_init(const struct identity_request *request, const struct target *target,
	bool user_joined, bool ours, struct identity *ret, struct error *err);

// Before the join: leaves the caller's supplementary groups behind, if IDENTITY is another than its
// own. SELF_FD is its own /proc/self. Fails when the target's groups cannot be read.
int identity_leave(struct identity *identity, int self_fd, struct error *err);

// After the join: makes the caller the user that reads the container's files, without effective
// capabilities. On failure the caller is something in between and must end, as for
// identity_take().
int identity_begin(struct identity *identity, int self_fd, struct error *err);

// After that: reads the user's row into *RET (see login.h), whom the caller frees. Nothing for a
// program of ours.
int identity_find_login(const struct identity *identity, struct login *ret, struct error *err);

// And makes the caller what IDENTITY and LOGIN say.
int identity_take(const struct identity *identity, const struct login *login, int self_fd,
	const struct notice *notice, struct error *err);

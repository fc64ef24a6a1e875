// SPDX-License-Identifier: GPL-2.0-or-later
// The command's supplementary groups.
//
// Theory of operation. Ours must not go inside, so they are dropped before the join, while we have
// the power: afterwards a user namespace can forbid setgroups(2), user_namespaces(7). Groups that
// the user lists, or that the container's files give, are ids of the joined user namespace and are
// set after the join. The target's own are copied before it, as ids of ours, so that also those are
// had that its user namespace does not map, or forbids; only who may not do that, and has not just
// these groups already, sets them after the join.
#pragma once

#include "error.h"
#include "idlist.h"
#include "notice.h"
#include "target.h"

#include <stdbool.h>
#include <stdint.h>

enum groups_choice {
	GROUPS_DEFAULT, // none, or those of the user that is named
	GROUPS_LIST,
	GROUPS_TARGET,
};

struct groups_request {
	enum groups_choice choice;
	struct idlist list; // of GROUPS_LIST, normalized, as seen inside; owned
};

// What the command's groups are to be.
struct groups_wanted {
	struct idlist *list; // normalized, of the joined user namespace
	bool strict;         // fail where that cannot be
	bool powerless;      // the caller joined no user namespace and is not root
	uint32_t primary;    // the gid, which is no loss where it is left out
	const char *whose;   // for messages
};

// Before the join: drops the groups of the caller, if it may, or makes them TARGET's where these
// were asked for. SELF_FD is its own /proc/self. Returns 1 when they are TARGET's now, 0 otherwise.
// Fails only when TARGET cannot be read.
int groups_leave(const struct groups_request *request, const struct target *target, int self_fd,
	struct error *err);

// After the join: makes the caller's groups those of WANTED. Where it is not strict, those that are
// not mapped are left out, and where setgroups(2) is denied or the caller powerless the groups are
// kept; a warning says what is lost by that. Fails else with the reason.
int groups_take(const struct groups_wanted *wanted, int self_fd, const struct notice *notice,
	struct error *err);

// After the join: reads TARGET's groups as ids of the caller's user namespace into *RET,
// normalized, which the caller owns. Fails where one of them cannot be told.
int groups_read_target(
	const struct target *target, int self_fd, struct idlist *ret, struct error *err);

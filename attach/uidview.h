// SPDX-License-Identifier: GPL-2.0-or-later
// What a user of the host is called inside: translating ids of users as we see them into those of a
// container's user namespace.
//
// Theory of operation. /proc shows ids in the reader's user namespace, and the map of another one
// with its outer side there too, so one lookup translates. Who is in our own user namespace has
// our ids. An id that our namespace has no name for is shown to us as the overflow id, which may
// also be somebody's: then it is not known who that is. Source: user_namespaces(7).
#pragma once

#include "error.h"
#include "proc.h"
#include "target.h"

#include <stdbool.h>
#include <stdint.h>

struct uidview {
	bool is_ours;           // it is our own user namespace
	bool has_overflow;      // some ids have no name in ours, and are shown as
	uint32_t overflow;      // this one
	struct proc_idmap uids; // of the container
};

// Reads how users of TARGET's user namespace are called, into *RET. Fails with the reason.
int uidview_read(const struct target *target, struct uidview *ret, struct error *err);

// True when UID, as /proc shows it to us, says who it is.
bool uidview_is_known(const struct uidview *view, uint32_t uid);

// The id inside of UID into *RET. Fails with -ENOENT when UID is not mapped there, or not known.
int uidview_inside(const struct uidview *view, uint32_t uid, uint32_t *ret);

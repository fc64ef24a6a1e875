// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked of an entry before anything is done for it, and what is warned of.
#pragma once

#include "entry.h"
#include "error.h"

#include <stdbool.h>

// True when the set of ENTRY holds a user namespace to join.
bool entry_joins_user(const struct entry *entry);

// True when what was asked for makes sense only for a program of the container.
bool entry_wants_container(const struct entry_request *request);

// Refuses requests that make no sense together. Nothing of the target was opened yet.
int entry_check_request(const struct entry *entry, struct error *err);

// A program of the container runs only with a confinement that is known. A list of capabilities is
// none: who is uid 0 of our user namespace can do much without any, in files that a container of
// another user namespace may write.
int entry_check_confinement(const struct entry *entry, struct error *err);

// Warns when processes of the container can look into a program of the host, which is in a user
// namespace of the container's when IN_USER; IN_VIEW: it has a root that holds nothing of ours. The
// caller has not joined anything.
void entry_warn_visible(const struct entry *entry, bool in_view, bool in_user);

// Replaces *ERR, which says why R failed, when that was only because TARGET, which may be NULL, has
// exited meanwhile. Returns R, or what it was replaced by.
int entry_blame_exit(const struct target *target, int r, struct error *err);

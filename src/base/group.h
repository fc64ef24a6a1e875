// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of group(5) lines, as that of passwd.h.
#pragma once

#include "colonline.h"
#include "idlist.h"

#include <stddef.h>
#include <stdint.h>

// Finds the first well-formed row of the group NAME in TEXT and stores its id in *RET. Returns 0 or
// -ENOENT.
int group_find_name(const char *text, size_t len, const char *name, uint32_t *ret);

// Adds to LIST the id of each well-formed row of TEXT that has USER among its members. Fails as
// idlist_add(); LIST then holds some of them.
int group_add_memberships(const char *text, size_t len, const char *user, struct idlist *list);

// SPDX-License-Identifier: GPL-2.0-or-later
// A list of group ids as a value, and the two texts that hold one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Owns its ids. {0} is an empty one.
struct idlist {
	uint32_t *ids;
	size_t count;
};

enum { IDLIST_MAX = 65536 }; // what setgroups(2) takes, NGROUPS_MAX

// Parses LIST, decimal ids separated by commas; an empty string is an empty list. Fails with
// -EINVAL, -ERANGE (no id), -E2BIG (more than IDLIST_MAX), -ENOMEM; nothing is left then.
int idlist_parse(const char *list, struct idlist *ret);

// Takes the ids of the line "Groups:" out of TEXT, which is LEN bytes of a /proc/PID/status. Fails
// as idlist_parse(), -EINVAL also where there is no such line.
int idlist_parse_status(const char *text, size_t len, struct idlist *ret);

// Adds ID. Fails with -E2BIG or -ENOMEM; LIST is then as it was.
int idlist_add(struct idlist *list, uint32_t id);

// Orders LIST and removes what stands in it twice.
void idlist_normalize(struct idlist *list);

// True when the normalized lists A and B hold the same ids.
bool idlist_equals(const struct idlist *a, const struct idlist *b);

// True when LIST holds ID.
bool idlist_has(const struct idlist *list, uint32_t id);

// Frees what LIST owns. Accepts one that is {0}.
void idlist_fini(struct idlist *list);

#define auto_idlist __attribute__((cleanup(idlist_fini)))

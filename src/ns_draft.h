// SPDX-License-Identifier: GPL-2.0-or-later
// Writing the words of facts, ns_facts.h.
#pragma once

#include "cgroup_limits.h"
#include "ns_facts.h"

#include <stdbool.h>
#include <stdio.h>

// A fact that is being written, and where it goes. To begin with, all but FACTS is zero.
struct ns_draft {
	struct ns_facts *facts;
	bool is_passing; // the next facts are
	bool failed;     // for want of memory; some are left out
	const char *key;
	FILE *out;
	char *value;
	size_t len;
};

// Begins the fact KEY, which lives as long as the program. Returns what it is written to, or NULL
// for want of memory.
FILE *ns_draft_begin(struct ns_draft *draft, const char *key);

// Ends it, if it has begun; one of no words is none.
void ns_draft_end(struct ns_draft *draft);

// A fact of one value, which is harmless.
void ns_draft_add(struct ns_draft *draft, const char *key, const char *value);

// Writes TEXT of the target, escaped.
void ns_draft_put(FILE *out, const char *text);

// All facts of LIMITS.
void ns_draft_add_cgroups(struct ns_draft *draft, const struct cgroup_limits *limits);

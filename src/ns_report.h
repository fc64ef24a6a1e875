// SPDX-License-Identifier: GPL-2.0-or-later
// What `nspeek ns` has found out, for its reports.
#pragma once

#include "constraints.h"
#include "nsview.h"
#include "targets.h"

#include <stddef.h>

// A process that was looked at.
struct ns_subject {
	const char *word;          // TARGET, as it was given; NULL: we ourselves
	struct named_target named; // closed; not used of ourselves
	struct nsview view;
	struct constraints constraints; // empty where nothing shows them
};

struct ns_report {
	const struct ns_subject *self;
	struct ns_subject *const *subjects;
	size_t count;
};

// Closes and frees what SUBJECT holds, and SUBJECT itself. Accepts NULL.
void ns_subject_free(struct ns_subject *subject);

// True when A and B are in one namespace of KIND, or both in none.
bool ns_is_same(
	const struct ns_subject *a, const struct ns_subject *b, const struct nsview_kind *kind);

// What joining ROW would do: "skip", "ok", "denied"; NULL where there is nothing to join.
const char *ns_join_word(const struct nsview_row *row);

// Why ROW is denied, or unknown, or there is none; NULL when there is nothing to say.
const char *ns_row_reason(const struct nsview_row *row);

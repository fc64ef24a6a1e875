// SPDX-License-Identifier: GPL-2.0-or-later
// What the reports of `nspeek ns` share.
#include "ns_report.h"

#include <stdlib.h>

void ns_subject_free(struct ns_subject *subject)
{
	if (!subject)
		return;
	named_target_fini(&subject->named);
	constraints_fini(&subject->constraints);
	free(subject);
}

bool ns_is_same(
	const struct ns_subject *a, const struct ns_subject *b, const struct nsview_kind *kind)
{
	const struct nsview_row *one = nsview_row(&a->view, kind);
	const struct nsview_row *other = nsview_row(&b->view, kind);

	return one->id == other->id && one->dev == other->dev;
}

const char *ns_join_word(const struct nsview_row *row)
{
	static const char *const words[] = {
		[NSJOIN_SKIP] = "skip",
		[NSJOIN_OK] = "ok",
		[NSJOIN_INSIDE] = "ok",
		[NSJOIN_DENIED] = "denied",
	};

	if (row->id == 0 && row->unknown[0])
		return NULL;
	return words[row->join.outcome];
}

const char *ns_row_reason(const struct nsview_row *row)
{
	if (row->id == 0)
		return row->unknown[0] ? row->unknown : "this kernel has none";
	if (row->join.why[0])
		return row->join.why;
	return row->join.outcome == NSJOIN_INSIDE ? "from inside its user namespace" : NULL;
}

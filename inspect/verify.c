// SPDX-License-Identifier: GPL-2.0-or-later
// The comparison of chains.
#include "verify.h"

#include <stdio.h>

// They could not be compared to the end, because of how CHAIN ended.
static void give_up(struct stack_verify *verify, const char *name, const struct verify_chain *chain)
{
	verify->result = STACK_VERIFY_PARTLY;
	snprintf(verify->reason, sizeof(verify->reason), "%s: %.*s", name, STACK_REASON_SIZE - 1,
		chain->end->reason);
}

void verify_compare(
	const struct verify_chain *ours, const struct verify_chain *other, struct stack_verify *ret)
{
	bool we_end = ours->end->status == STACK_COMPLETE;
	bool other_ends = other->end->status == STACK_COMPLETE;
	size_t same = 0;

	while (same < ours->count && same < other->count &&
		ours->frames[same].pc == other->frames[same].pc)
		same++;
	*ret = (struct stack_verify){.result = STACK_VERIFY_SAME, .same = same};
	bool we_go_on = same < ours->count, other_goes_on = same < other->count;
	if (!other_goes_on && !other_ends && (we_go_on || we_end)) {
		give_up(ret, unwinder_libdwfl.name, other);
	} else if (!we_go_on && !we_end && (other_goes_on || other_ends)) {
		give_up(ret, unwinder_rows.name, ours);
	} else if (we_go_on || other_goes_on) {
		ret->result = STACK_VERIFY_DIFFERS;
		ret->other_goes_on = other_goes_on;
		ret->other_pc = other_goes_on ? other->frames[same].pc : 0;
	} else if (same == 0) {
		give_up(ret, unwinder_rows.name, ours);
	}
}

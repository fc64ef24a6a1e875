// SPDX-License-Identifier: GPL-2.0-or-later
// Chains side by side: what counts as a difference, and what as nothing said.
#include "unit.h"
#include "verify.h"

// A chain by its pcs, which a zero ends.
struct side {
	uint64_t pcs[5];
	enum stack_status status;
};

#define ends(...)     ((struct side){{__VA_ARGS__}, STACK_COMPLETE})
#define gives_up(...) ((struct side){{__VA_ARGS__}, STACK_PARTIAL})
#define has_none()    ((struct side){{0}, STACK_FAILED})

static struct verify_chain chain_of(
	const struct side *side, struct unwind_frame *frames, struct stack_end *end)
{
	size_t count = 0;

	for (; count < 5 && side->pcs[count] != 0; count++)
		frames[count] = (struct unwind_frame){.pc = side->pcs[count]};
	*end = (struct stack_end){.status = side->status};
	if (side->status != STACK_COMPLETE)
		strcpy(end->reason, "because");
	return (struct verify_chain){frames, count, end};
}

static struct stack_verify compare(struct side ours, struct side other)
{
	struct unwind_frame frames[2][5];
	struct stack_end ends[2];
	struct stack_verify verify;
	struct verify_chain x = chain_of(&ours, frames[0], &ends[0]),
			    y = chain_of(&other, frames[1], &ends[1]);

	memset(&verify, 0x5a, sizeof(verify));
	verify_compare(&x, &y, &verify);
	return verify;
}

Test(verify, alike)
{
	struct stack_verify verify = compare(ends(1, 2, 3), ends(1, 2, 3));

	check_int(verify.result, STACK_VERIFY_SAME);
	check_int(verify.same, 3);
	check_str(verify.reason, "");
	// Both went as far, and no further.
	verify = compare(gives_up(1, 2), gives_up(1, 2));
	check_int(verify.result, STACK_VERIFY_SAME);
	check_int(verify.same, 2);
}

Test(verify, another_frame)
{
	static const enum stack_status all[] = {STACK_COMPLETE, STACK_PARTIAL};

	// However they go on, and end.
	for (size_t i = 0; i < 4; i++) {
		struct stack_verify verify = compare((struct side){{1, 2, 3, 4}, all[i & 1]},
			(struct side){{1, 2, 7}, all[i >> 1]});
		check_int(verify.result, STACK_VERIFY_DIFFERS);
		check_int(verify.same, 2);
		check_true(verify.other_goes_on);
		check_u64(verify.other_pc, 7);
		check_str(verify.reason, "");
	}
	struct stack_verify verify = compare(ends(1), ends(2));
	check_int(verify.result, STACK_VERIFY_DIFFERS);
	check_int(verify.same, 0);
}

Test(verify, an_end_against_a_frame)
{
	struct stack_verify verify = compare(ends(1, 2, 3), ends(1, 2));

	check_int(verify.result, STACK_VERIFY_DIFFERS);
	check_int(verify.same, 2);
	check_true(!verify.other_goes_on);
	check_u64(verify.other_pc, 0);
	verify = compare(ends(1, 2), gives_up(1, 2, 3));
	check_int(verify.result, STACK_VERIFY_DIFFERS);
	check_int(verify.same, 2);
	check_true(verify.other_goes_on);
	check_u64(verify.other_pc, 3);
}

Test(verify, who_gives_up_says_nothing)
{
	struct stack_verify verify = compare(ends(1, 2, 3), gives_up(1, 2));

	check_int(verify.result, STACK_VERIFY_PARTLY);
	check_int(verify.same, 2);
	check_str(verify.reason, "libdwfl: because");
	verify = compare(gives_up(1, 2), ends(1, 2, 3));
	check_int(verify.result, STACK_VERIFY_PARTLY);
	check_str(verify.reason, "rows: because");
	// The same frames, of which one engine does not know that they are all.
	verify = compare(ends(1, 2), gives_up(1, 2));
	check_int(verify.result, STACK_VERIFY_PARTLY);
	check_int(verify.same, 2);
	check_str(verify.reason, "libdwfl: because");
	verify = compare(gives_up(1, 2), ends(1, 2));
	check_int(verify.result, STACK_VERIFY_PARTLY);
	check_str(verify.reason, "rows: because");
}

Test(verify, nothing_against_nothing_is_no_agreement)
{
	struct stack_verify verify = compare(has_none(), has_none());

	check_int(verify.result, STACK_VERIFY_PARTLY);
	check_int(verify.same, 0);
	check_str(verify.reason, "rows: because");
}

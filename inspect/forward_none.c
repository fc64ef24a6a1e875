// SPDX-License-Identifier: GPL-2.0-or-later
// For machines whose code is not followed: the same interface, which knows no answer.
#include "forward.h"

#include "cleanup.h"

struct forward {
	char none;
};

struct forward *forward_open(struct space *space)
{
	(void)space;
	return calloc(1, sizeof(struct forward));
}

void forward_close(struct forward *forward)
{
	free(forward);
}

void forward_forget(struct codewalk **walked)
{
	(void)walked;
}

enum forward_answer forward_find(struct forward *forward, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct row *ret,
	struct row_trouble *trouble)
{
	(void)forward;
	(void)thread;
	(void)frame;
	(void)behind_call;
	(void)ret;
	*trouble = (struct row_trouble){0};
	return FORWARD_NOTHING;
}

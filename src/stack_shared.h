// SPDX-License-Identifier: GPL-2.0-or-later
// What all processes share whose stacks are taken in one run.
#pragma once

#include "helper.h"
#include "taskiter.h"
#include "waited_clocks.h"

struct stack_shared {
	struct taskiter_program iterator;
	int index_fd; // of this round's index of open files (fdindex.h); negative: there is one
		      // process
	struct waited_clocks clocks;
	struct helper_room helper_room;
};

#define STACK_SHARED_EMPTY                                             \
	{                                                              \
		.iterator = TASKITER_PROGRAM_EMPTY, .index_fd = -EBADF \
	}

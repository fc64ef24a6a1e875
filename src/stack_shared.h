// SPDX-License-Identifier: GPL-2.0-or-later
// What all processes share whose stacks are taken in one run.
#pragma once

#include "taskiter.h"
#include "waited_clocks.h"

struct stack_shared {
	struct taskiter_program iterator;
	int index_fd; // of this round's index of open files (fdindex.h); negative: there is one
		      // process
	struct waited_clocks clocks;
};

#define STACK_SHARED_EMPTY                      \
	{                                       \
		TASKITER_PROGRAM_EMPTY, -EBADF, \
		{                               \
			.count = 0              \
		}                               \
	}

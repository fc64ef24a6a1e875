// SPDX-License-Identifier: GPL-2.0-or-later
// Copying what the arguments of a thread's system call point to: the words of a lock, the fds of
// poll(2), timeouts, paths. They are copied beside its stack, so what proves that the thread did
// not run while that was copied holds for them too.
#pragma once

#include "plan.h"

// Copies, for those of the COUNT threads INDICES of PLAN whose registers say that they are in a
// system call, what its arguments point to, as far as it is there and there is room. A thread whose
// stack cannot be read has nothing copied.
void callcopy_take(struct plan *plan, const size_t *indices, size_t count);

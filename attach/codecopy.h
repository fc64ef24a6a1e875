// SPDX-License-Identifier: GPL-2.0-or-later
// Copying code that is in no file: what a run-time compiler has made in anonymous memory, or in
// memory that is shared under a name ("/memfd:doublemapper").
//
// Theory of operation. Who unwinds has to see the code of a frame, before and behind its pc, and
// what calls there are before a return address. Each pc is a register or a word of a copied stack.
// So the stacks are looked through for words that lie in such code, and the pages around each are
// copied, after all threads were: no thread is held for it. What is on a stack is not freed by the
// compilers that are known (V8, HotSpot, .NET), nor moved, while the thread does not run; calls and
// constants in it may be changed, which changes no instruction's length. A thread that runs on may
// have left its code all the same. Whoever reads the copy checks what it says against the stack,
// and against itself.
#pragma once

#include "plan.h"

// True when the process of SNAPSHOT, whose maps are read, can have such code.
bool codecopy_is_needed(const struct snapshot *snapshot);

// Copies, into PLAN's parts, the code around what the stacks of its captured threads may return to,
// as far as there is room. Does nothing when PLAN has no parts, or when it was tried before: a
// helper may have been killed in it.
void codecopy_take(struct plan *plan);

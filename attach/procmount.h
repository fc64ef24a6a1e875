// SPDX-License-Identifier: GPL-2.0-or-later
// The procfs of the PID namespace that a command will be in, at /proc of a root of our own.
//
// Theory of operation. A procfs shows the PID namespace of who mounts it, and tools that find
// another there (gdb above all) do harm: they read and write what belongs to other processes of the
// same number. Where the PID namespace is ours, our own procfs is shown. Linux 6.18 takes another
// namespace as an option; before, a child is forked into it to mount it there. What the container
// could see of that child, were it allowed to trace it, is the new root, and no fd of ours; but it
// has our capabilities, so this way is for commands that have them too.
#pragma once

#include "privroot.h"

// Mounts it without going there. We stand in the host's root. False where that cannot be.
bool procmount_from_outside(const struct privroot *root);

// Mounts it by a child in the PID namespace. We stand in the new root, and the old one is not yet
// detached. Fails with the reason.
int procmount_from_inside(struct privroot *root, struct error *err);

// True when the directory DIR is a procfs that shows the target, which is not NULL, by the number
// that it has in the PID namespace.
bool procmount_is_right(const struct privroot *root, int dir);

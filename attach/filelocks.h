// SPDX-License-Identifier: GPL-2.0-or-later
// Who holds the lock on a file that a thread waits for, by /proc/locks.
#pragma once

#include "contextroom.h"

// Fills the holders of the threads of RUN that wait in flock(2) or fcntl(2) for a lock. A lock that
// is held through fcntl(2) by an open file, not by a process, has no known holder.
void filelocks_find(struct context_run *run);

// SPDX-License-Identifier: GPL-2.0-or-later
// Who is at the other end of pipes, FIFOs and unix sockets: the processes that have it open.
#pragma once

#include "contextroom.h"

// Fills the peers of the files in RUN's ends, as far as RUN's time allows. May join the network
// namespace of RUN's target, so only a child may call it.
void peers_find(struct context_run *run);

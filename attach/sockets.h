// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses of sockets, by the tables of the target's network namespace in /proc. The sockets
// themselves are not touched: whoever holds one, and what it waits for, is not known.
#pragma once

#include "contextroom.h"

// Fills protocol, addresses and state of all rows of RUN's room that are sockets, as far as the
// target's network namespace has them, and RUN's time allows.
void sockets_describe(struct context_run *run);

// SPDX-License-Identifier: GPL-2.0-or-later
// What entering would do, and whether it is permitted.
//
// Theory of operation. Whether each namespace can be joined is worked out from who owns it, so that
// all are said. Then it is tried: a joiner goes inside, takes the identity and finds the command,
// as it would, and ends there. It stays in our PID namespace, so the container does not see it, and
// it changes nothing that outlives it. So what is said to work works, and what does not fails with
// the reason that it would have.
#pragma once

#include "entry.h"
#include "error.h"

// Says each step of ENTRY by its notice. Fails as entering would.
int dryrun(const struct entry *entry, struct error *err);

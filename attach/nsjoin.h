// SPDX-License-Identifier: GPL-2.0-or-later
// What joining each namespace of a set would do.
//
// Theory of operation. First it is worked out from who owns each, since setns(2) says neither which
// namespace it refuses nor for want of what. Where only that counts, it is then tried, by the same
// function that joins when a command is run: a child joins all those at once that were said to be
// permitted, and ends. It stays in our PID namespace, so the container does not see it, and it
// changes nothing that outlives it. So what is said to work works, also under a seccomp filter or a
// security module that forbids it.
#pragma once

#include "error.h"
#include "nsset.h"
#include "userns.h"

enum nsjoin_outcome {
	NSJOIN_SKIP,   // not in the set: there is none, or it is ours
	NSJOIN_OK,     // permitted
	NSJOIN_INSIDE, // permitted, from inside the user namespace, which is joined too
	NSJOIN_DENIED,
};

struct nsjoin {
	enum nsjoin_outcome outcome;
	char why[400]; // NSJOIN_DENIED: the reason; else empty
};

// Works it out for each type of SET.
void nsjoin_foresee(const struct nsset *set, const struct userns_self *self,
	struct nsjoin ret[static NSTYPE_COUNT]);

// Tries those of SET that are OUTCOMES of nsjoin_foresee() and permitted; when they cannot be
// joined, or it cannot be tried, each is denied then, with the reason.
void nsjoin_try(const struct nsset *set, struct nsjoin outcomes[static NSTYPE_COUNT]);

// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek enter`.
#pragma once

#include "entry.h"
#include "error.h"
#include "supervise.h"

#include <stdbool.h>

struct enter_options {
	struct entry_request request; // strings are borrowed from the words, lists are owned
	struct session_request session;
	const char *target; // NULL when there is none
	bool only_files;    // each chosen namespace has a file
	bool verbose, dry_run;
};

// Parses the words into *RET. Returns 0, OPTIONS_HELP, or fails with -errno and kind ERROR_USAGE.
int enter_options_parse(int argc, char **argv, struct enter_options *ret, struct error *err);

// Frees what OPTIONS owns. Accepts one that is {0}.
void enter_options_fini(struct enter_options *options);

#define auto_enter_options __attribute__((cleanup(enter_options_fini)))

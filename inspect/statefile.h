// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of the state files of container runtimes (JSON), for the process without privileges.
#pragma once

#include "stateread.h"
#include "staterecord.h"

#include <stddef.h>

// Takes a record.
typedef void statefile_take(void *arg, const struct state_record *record);

// Parses TEXT, LEN bytes of a file of KIND, and calls TAKE for each container that it is of; once,
// with the trouble, for a file that makes no sense. FILE is put into each record.
void statefile_parse(enum state_kind kind, uint32_t file, const char *text, size_t len,
	statefile_take *take, void *arg);

// The life of the process for WORK, to be called with the privileges of nspeek, which are given up
// first. Returns the exit status.
int statefile_live(struct state_work *work);

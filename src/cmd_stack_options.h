// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek stack`.
#pragma once

#include "error.h"
#include "output.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct debuginfod;
struct stack_shared;

struct stack_options {
	const char **targets; // the words, which are borrowed
	size_t target_count;
	pid_t *tids;
	size_t tid_count;
	const char *policy;      // of --pause, or NULL
	const char *save, *load; // files, or NULL
	uint64_t max_frames, timeout_s;
	uint64_t repeat, interval_us; // rounds; from the beginning of one to the next's
	bool raw, json, folded, no_unique, verify, lines, no_inlines, kernel, debuginfod,
		all_processes, diff;
	enum color color;
	struct stack_shared *shared; // borrowed
	struct debuginfod *client;   // borrowed; of --debuginfod, or one that does nothing
};

// Parses the words into *RET. Returns 0, OPTIONS_HELP, or fails with -errno.
int stack_options_parse(int argc, char **argv, struct stack_options *ret, struct error *err);

// The policy that OPTIONS choose: that of --pause, or the default.
const struct policy *stack_options_policy(const struct stack_options *options);

// Frees what OPTIONS owns. Accepts one that is {0}.
void stack_options_fini(struct stack_options *options);

#define auto_stack_options __attribute__((cleanup(stack_options_fini)))

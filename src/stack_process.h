// SPDX-License-Identifier: GPL-2.0-or-later
// One process's stacks: captured, unwound, named.
#pragma once

#include "capture.h"
#include "cmd_stack_options.h"
#include "inspect.h"
#include "report_stack.h"
#include "target.h"

struct stack_process {
	struct snapshot snapshot;
	struct stacks stacks;
	struct locks locks;
	struct stack_report report; // of these
};

// Takes the stacks of TARGET by OPTIONS, with the worker of INSPECTION, into *RET, a new one for
// stack_process_free(). Its copied stacks are INSPECTION's memory until the next is taken. Fails as
// capture_take() and inspect_finish() do.
int stack_process_take(struct target *target, const struct stack_options *options,
	struct inspection *inspection, struct stack_process **ret, struct error *err);

// Closes the files of PROCESS, and forgets its copied stacks: what was found of them stays. Fails
// with -ENOMEM.
int stack_process_close_files(struct stack_process *process);

// Accepts NULL.
void stack_process_free(struct stack_process *process);

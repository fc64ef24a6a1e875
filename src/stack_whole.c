// SPDX-License-Identifier: GPL-2.0-or-later
// The program that has all libraries.
#include "stack_program.h"

static const struct stack_json json = {
	report_stack_json_begin, report_stack_json, report_diff_json, report_stack_json_end};

const struct stack_program stack_program = {.live = worker_live, .json = &json};

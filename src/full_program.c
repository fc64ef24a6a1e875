// SPDX-License-Identifier: GPL-2.0-or-later
// The program that has all libraries.
#include "report_ns.h"
#include "report_ps_json.h"
#include "statefile.h"
#include "this_program.h"

static const struct program_json json = {
	.stack = {report_stack_json_begin, report_stack_json, report_diff_json,
		report_stack_json_end},
	.list = report_list_json,
	.ns = report_ns_json,
	.ps = {report_ps_json_begin, report_ps_json, report_ps_json_end},
};

const struct this_program this_program = {
	.live = worker_live, .read_state = statefile_live, .json = &json};

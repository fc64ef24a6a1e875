// SPDX-License-Identifier: GPL-2.0-or-later
// Context in the JSON output: the values of its keys, which the caller owns; NULL: no memory.
#pragma once

#include "report_stack.h"

#include <jansson.h>

// "syscall" of thread INDEX.
json_t *report_syscall_json(const struct stack_report *report, size_t index);

// An object of the other keys of thread INDEX: "waits_for", "fds", "fds_more", "lock", "kernel",
// "cpu", "cpu_ms".
json_t *report_context_json(const struct stack_report *report, size_t index);

// "findings" of the process.
json_t *report_findings_json(const struct stack_report *report);

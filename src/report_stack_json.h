// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of stacks as JSON share. Written at once, not made as one value: memory stays
// small. All that returns an int fails with -ENOMEM.
#pragma once

#include "report_stack.h"

#include <jansson.h>

struct frame_cache;

// The entry of a process that is being written.
struct report_json {
	FILE *out;
	const struct stack_report *report; // whose threads come next
	struct frame_cache *cache;
	const char *separator; // before the next thread
};

// Begins the entry of REPORT, up to its threads, into *RET, for report_json_fini().
int report_json_begin(
	FILE *out, const struct stack_report *report, bool first, struct report_json *ret);

// Goes on with REPORT, another round of the process; NULL: nothing of it follows.
void report_json_turn(struct report_json *process, const struct stack_report *report);

// Accepts a zeroed one.
void report_json_fini(struct report_json *process);

// Writes thread INDEX, whose further key KEY is VALUE, which is released, if that is not NULL.
int report_json_put_thread(
	struct report_json *process, size_t index, const char *key, json_t *value);

// Begins the object of GOROUTINES, with REASON, or NULL, for why they are not shown, up to the
// first of its stacks.
int report_json_begin_goroutines(
	FILE *out, const struct goroutines *goroutines, const char *reason);

// Everything of goroutine ROW of REPORT but its frames.
json_t *report_json_goroutine(const struct stack_report *report, const struct goroutine *row);

// The frames of STACK of REPORT, and what was inlined into them.
json_t *report_json_frames(const struct stack_report *report, const struct stack *stack);

// Writes the object VALUE, which is released, to OUT, left open for one more key. Fails also when
// VALUE is NULL.
int report_json_put_open(FILE *out, json_t *value);

// The same with the frames of STACK, and left open for more keys.
int report_json_put_with_frames(
	struct report_json *process, json_t *value, const struct stack *stack);

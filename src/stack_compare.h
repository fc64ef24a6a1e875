// SPDX-License-Identifier: GPL-2.0-or-later
// What makes stacks the same, of one process or of several: their frames lie at the same places of
// the same files, whatever the addresses.
#pragma once

#include "report_stack.h"

// True when frame X of A and frame Y of B are at the same place.
bool stack_same_frame(const struct stack_report *a, const struct stack_frame *x,
	const struct stack_report *b, const struct stack_frame *y);

// True when chain X of A and chain Y of B have the same frames and end alike.
bool stack_same_chain(const struct stack_report *a, const struct stack *x,
	const struct stack_report *b, const struct stack *y);

// How many outer frames chain X of A and chain Y of B have in common: none, if one of them was cut
// off.
size_t stack_count_common(const struct stack_report *a, const struct stack *x,
	const struct stack_report *b, const struct stack *y);

// True when the stacks of thread I of A and thread J of B have the same frames and end alike.
bool stack_same_frames(
	const struct stack_report *a, size_t i, const struct stack_report *b, size_t j);

// True when thread I of A and thread J of B would be shown alike, but for who they are.
bool stack_same(const struct stack_report *a, size_t i, const struct stack_report *b, size_t j);

// A number for thread INDEX of REPORT that is the same for those that stack_same() finds alike.
uint64_t stack_hash(const struct stack_report *report, size_t index);

// HASH, and what stack_same_chain() compares of the CHAIN of REPORT; and TEXT.
uint64_t stack_hash_chain(
	uint64_t hash, const struct stack_report *report, const struct stack *chain);
uint64_t stack_hash_text(uint64_t hash, const char *text);

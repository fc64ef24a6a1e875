// SPDX-License-Identifier: GPL-2.0-or-later
// Reports made by hand: threads by their words.
#pragma once

#include "report_stack.h"
#include "unit.h"

enum { SAMPLE_THREADS = 8, SAMPLE_FRAMES = 8 };

// A process with two modules and the functions a, b, ... at 0x100, 0x200, ... of the first one,
// which is mapped at BASE.
struct sample {
	uint64_t base;
	struct snapshot_module modules[2];
	struct snapshot_thread threads[SAMPLE_THREADS];
	struct snapshot snapshot;
	struct stack_symbol symbols[26];
	struct stack_module known[2];
	struct stack stacks_rows[SAMPLE_THREADS];
	struct stack_frame frames[SAMPLE_THREADS][SAMPLE_FRAMES];
	struct goroutine goroutines[SAMPLE_THREADS];
	struct stack_frame goroutine_frames[SAMPLE_THREADS][SAMPLE_FRAMES];
	struct parked_other others[SAMPLE_THREADS];
	struct stacks stacks;
	struct stack_report report;
};

static inline void sample_init(struct sample *sample, pid_t pid, uint64_t base)
{
	static char names[26][2], path[] = "/bin/app", library[] = "/lib/lib one.so";

	memset(sample, 0, sizeof(*sample));
	sample->base = base;
	sample->modules[0].path = path;
	sample->modules[1].path = library;
	for (int i = 0; i < 26; i++) {
		names[i][0] = (char)('a' + i);
		sample->symbols[i] = (struct stack_symbol){(uint64_t)(i + 1) * 0x100, names[i]};
	}
	sample->snapshot = (struct snapshot){.pid = pid,
		.modules = sample->modules,
		.module_count = 2,
		.threads = sample->threads};
	sample->stacks = (struct stacks){.stacks = sample->stacks_rows,
		.symbols = sample->symbols,
		.symbol_count = 26,
		.modules = sample->known,
		.module_count = 2};
	sample->report = (struct stack_report){.snapshot = &sample->snapshot,
		.stacks = &sample->stacks,
		.pause = "auto",
		.round = 1};
}

// Makes STACK what WORD says, the innermost function first: a letter is a function, '.' an address
// of the second module, '?' one in no file. A stack that ends with '!' is incomplete.
static inline void sample_stack(const struct sample *sample, struct stack *stack, const char *word)
{
	stack->end.status = STACK_COMPLETE;
	for (const char *c = word; *c; c++) {
		struct stack_frame *frame = &stack->frames[stack->frame_count];
		if (*c == '!') {
			stack->end = (struct stack_end){STACK_PARTIAL, "it is lost", 0};
			break;
		}
		*frame = (struct stack_frame){.vaddr = 0x5,
			.module = *c == '.'   ? 1
				  : *c == '?' ? STACK_NO_INDEX
					      : 0,
			.symbol = STACK_NO_INDEX};
		if (frame->module == 0) {
			frame->symbol = *c - 'a';
			frame->vaddr = sample->symbols[frame->symbol].vaddr + 0x5;
		}
		frame->pc =
			*c == '?' ? 0x77
				  : sample->base + frame->vaddr + 0x10000 * (uint64_t)frame->module;
		stack->frame_count++;
	}
}

// Adds thread TID, asleep, with the stack WORD.
static inline struct snapshot_thread *sample_add(struct sample *sample, pid_t tid, const char *word)
{
	size_t at = sample->snapshot.thread_count++;
	struct stack *stack = &sample->stacks_rows[at];

	sample->stacks.stack_count++;
	sample->threads[at] = (struct snapshot_thread){.tid = tid,
		.state = 'S',
		.name = "name",
		.method = SNAPSHOT_METHOD_PROC,
		.status = SNAPSHOT_THREAD_CAPTURED,
		.switches = 1};
	stack->frames = sample->frames[at];
	sample_stack(sample, stack, word);
	return &sample->threads[at];
}

// Makes the process one of Go, all of whose goroutines are known.
static inline struct goroutines *sample_go(struct sample *sample)
{
	struct goroutines *goroutines = &sample->stacks.goroutines;

	goroutines->there = goroutines->shown = goroutines->whole = true;
	goroutines->rows = sample->goroutines;
	goroutines->others = sample->others;
	return goroutines;
}

// Adds goroutine ID, which waits for WAIT, with the stack WORD.
static inline struct goroutine *sample_park(
	struct sample *sample, uint64_t id, const char *wait, const char *word)
{
	size_t at = sample_go(sample)->row_count++;
	struct goroutine *row = &sample->goroutines[at];

	*row = (struct goroutine){.id = id, .state = GOROUTINE_WAITING};
	snprintf(row->wait, sizeof(row->wait), "%s", wait);
	row->stack.frames = sample->goroutine_frames[at];
	sample_stack(sample, &row->stack, word);
	return row;
}

// Adds one that ran, or else was too many.
static inline void sample_other(struct sample *sample, uint64_t id, bool ran)
{
	sample->others[sample_go(sample)->other_count++] = (struct parked_other){id, ran};
}

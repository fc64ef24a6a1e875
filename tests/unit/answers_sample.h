// SPDX-License-Identifier: GPL-2.0-or-later
// A worker's records, and who takes them.
#pragma once

#include "answers.h"
#include "unit.h"

enum { MAX_FRAMES = 4 };

static struct snapshot_thread threads[3] = {{.status = SNAPSHOT_THREAD_CAPTURED},
	{.status = SNAPSHOT_THREAD_GONE}, {.status = SNAPSHOT_THREAD_CAPTURED}};
static struct snapshot snapshot = {.threads = threads, .thread_count = 3, .module_count = 2};
static struct stacks stacks;
static struct answers answers;
static struct wire_record *record;

static inline void begin(void)
{
	check_int(stacks_init(&stacks, 3, 2), 0);
	answers = (struct answers){
		.snapshot = &snapshot, .max_frames = MAX_FRAMES, .stacks = &stacks};
	record = calloc(1, sizeof(*record));
}

static inline int take(enum wire_type type, uint32_t index)
{
	record->type = type;
	record->index = index;
	return answers_take(&answers, record);
}

static inline int take_symbol(const char *name)
{
	strcpy(record->text, name);
	return take(WIRE_SYMBOL, 0);
}

static inline int take_frame(uint32_t thread, struct wire_frame frame)
{
	record->count = 1;
	record->frames[0] = frame;
	return take(WIRE_FRAMES, thread);
}

static inline int take_end(uint32_t thread, uint32_t status, const char *reason)
{
	record->status = status;
	strcpy(record->text, reason);
	return take(WIRE_THREAD, thread);
}

static const struct wire_frame nowhere = {.pc = 1, .module = -1, .symbol = -1};

static inline int take_same(uint32_t first, uint32_t count, uint32_t other)
{
	record->count = count;
	for (uint32_t i = 0; i < count; i++)
		record->threads[i] = other;
	return take(WIRE_SAME, first);
}

static inline int take_text(enum wire_type type, uint32_t status, uint64_t value, const char *text)
{
	record->status = status;
	record->value = value;
	strcpy(record->text, text);
	return take(type, 0);
}

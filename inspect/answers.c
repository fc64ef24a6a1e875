// SPDX-License-Identifier: GPL-2.0-or-later
// Semantic checks of the worker's records.
#include "answers.h"

#include "cleanup.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SYMBOLS_MAX = 1 << 20,       // names accepted of one worker
	SYMBOL_BYTES_MAX = 64 << 20, // and bytes of all of them
	PARTS_MAX = 1 << 20,         // parts of all files
};

// Only while nothing else was said: nothing of the target's was read then.
static int take_sandbox(struct answers *answers, const struct wire_record *record)
{
	if (answers->taken > 0 || record->status == SANDBOX_FILTER ||
		record->status >= SANDBOX_KINDS)
		return -EPROTO;
	answers->stacks->sandbox = (enum sandbox_kind)record->status;
	return 0;
}

static int take_module(struct answers *answers, const struct wire_record *record)
{
	if (record->index >= answers->stacks->module_count || record->status > 1)
		return -EPROTO;
	struct stack_module *module = &answers->stacks->modules[record->index];
	module->build_id = record->build_id;
	module->left_out = record->status == 1;
	snprintf(module->note, sizeof(module->note), "%.*s", (int)sizeof(module->note) - 1,
		record->text);
	return 0;
}

static int take_symbol(struct answers *answers, const struct wire_record *record)
{
	struct stacks *stacks = answers->stacks;

	answers->symbol_bytes += strlen(record->text) + 1;
	if (stacks->symbol_count == SYMBOLS_MAX || answers->symbol_bytes > SYMBOL_BYTES_MAX)
		return -EPROTO;
	if (stacks->symbol_count == answers->symbol_capacity) {
		size_t capacity = answers->symbol_capacity ? 2 * answers->symbol_capacity : 256;
		struct stack_symbol *grown =
			reallocarray(stacks->symbols, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		stacks->symbols = grown;
		answers->symbol_capacity = capacity;
	}
	char *name = strdup(record->text);
	if (!name)
		return -ENOMEM;
	stacks->symbols[stacks->symbol_count++] = (struct stack_symbol){record->value, name};
	return 0;
}

// True when FRAME refers only to what there is.
static bool is_valid_frame(const struct answers *answers, const struct wire_frame *frame)
{
	bool module_ok =
		frame->module == STACK_NO_INDEX ||
		(frame->module >= 0 && (size_t)frame->module < answers->stacks->module_count);
	bool symbol_ok =
		frame->symbol == STACK_NO_INDEX ||
		(frame->symbol >= 0 && (size_t)frame->symbol < answers->stacks->symbol_count);
	bool location_ok =
		frame->location >= STACK_NO_INDEX && frame->location < WIRE_LOCATIONS_MAX;

	return location_ok && module_ok && symbol_ok && frame->signal <= 1 &&
	       frame->via < FRAME_VIA_COUNT;
}

// True when nothing was said yet of how STACK ended.
static bool is_open(const struct stack *stack)
{
	return stack->end.status == STACK_FAILED && !stack->end.reason[0];
}

static bool is_verify_open(const struct stack_verify *verify)
{
	return verify->result == STACK_VERIFY_PARTLY && !verify->reason[0];
}

// The stack of thread INDEX, or of a goroutine behind the threads, or NULL.
static struct stack *find_stack(struct answers *answers, uint32_t index)
{
	struct stacks *stacks = answers->stacks;

	if (index < stacks->stack_count)
		return &stacks->stacks[index];
	if (index - stacks->stack_count < stacks->goroutines.row_count)
		return &stacks->goroutines.rows[index - stacks->stack_count].stack;
	return NULL;
}

// The same, when it is one that is still open.
static struct stack *find_open_stack(struct answers *answers, uint32_t index)
{
	struct stack *stack = find_stack(answers, index);

	if (!stack || (index < answers->stacks->stack_count &&
			      answers->snapshot->threads[index].status != SNAPSHOT_THREAD_CAPTURED))
		return NULL;
	return is_open(stack) ? stack : NULL;
}

static int take_frames(struct answers *answers, const struct wire_record *record)
{
	struct stack *stack = find_open_stack(answers, record->index);

	if (!stack || stack->frame_count + record->count > answers->max_frames)
		return -EPROTO;
	struct stack_frame *frames = reallocarray(
		stack->frames, stack->frame_count + record->count + 1, sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	stack->frames = frames;
	for (size_t i = 0; i < record->count; i++) {
		const struct wire_frame *from = &record->frames[i];
		if (!is_valid_frame(answers, from))
			return -EPROTO;
		frames[stack->frame_count++] = (struct stack_frame){.pc = from->pc,
			.vaddr = from->vaddr,
			.module = from->module,
			.symbol = from->symbol,
			.location = from->location,
			.signal = from->signal,
			.via = (enum frame_via)from->via};
	}
	return 0;
}

static int take_thread(struct answers *answers, const struct wire_record *record)
{
	struct stack *stack = find_open_stack(answers, record->index);
	bool complete = record->status == STACK_COMPLETE;

	if (!stack || record->status >= STACK_STATUS_COUNT || complete != !record->text[0] ||
		(complete && stack->frame_count == 0))
		return -EPROTO;
	stack->end.status = (enum stack_status)record->status;
	stack->end.overflow_sp = record->value;
	snprintf(stack->end.reason, sizeof(stack->end.reason), "%.*s", STACK_REASON_SIZE - 1,
		record->text);
	return 0;
}

// The further threads of RECORD have the stack of its first, which is known to its end.
static int take_same(struct answers *answers, const struct wire_record *record)
{
	const struct stack *first = find_stack(answers, record->index);

	if (!first || is_open(first))
		return -EPROTO;
	for (uint32_t i = 0; i < record->count; i++) {
		struct stack *stack = find_open_stack(answers, record->threads[i]);
		if (!stack || stack->frame_count > 0)
			return -EPROTO;
		free(stack->frames); // of no frames
		*stack = *first;
		stack->shared = true;
	}
	return 0;
}

// True when RECORD can be what was found of STACK beside it.
static bool is_valid_verify(const struct stack *stack, const struct wire_record *record)
{
	bool ours_goes_on = record->count < stack->frame_count;

	if (record->count > stack->frame_count || record->kind > 1 ||
		(record->kind == 0 && record->value != 0) ||
		(record->status == STACK_VERIFY_PARTLY) != !!record->text[0])
		return false;
	switch (record->status) {
	case STACK_VERIFY_PARTLY:
		return record->kind == 0;
	case STACK_VERIFY_SAME:
		return record->kind == 0 && !ours_goes_on && record->count > 0;
	case STACK_VERIFY_DIFFERS:
		return record->kind == 0
			       ? ours_goes_on
			       : !ours_goes_on || record->value != stack->frames[record->count].pc;
	default:
		return false;
	}
}

static int take_verify(struct answers *answers, const struct wire_record *record)
{
	struct stacks *stacks = answers->stacks;

	if (!stacks->verifies || record->index >= stacks->stack_count ||
		answers->snapshot->threads[record->index].status != SNAPSHOT_THREAD_CAPTURED)
		return -EPROTO;
	const struct stack *stack = &stacks->stacks[record->index];
	struct stack_verify *verify = &stacks->verifies[record->index];
	if (is_open(stack) || !is_verify_open(verify) || !is_valid_verify(stack, record))
		return -EPROTO;
	verify->result = (enum stack_verify_result)record->status;
	verify->same = record->count;
	verify->other_goes_on = record->kind == 1;
	verify->other_pc = record->value;
	snprintf(verify->reason, sizeof(verify->reason), "%.*s", (int)sizeof(verify->reason) - 1,
		record->text);
	return 0;
}

static int take_goroutines(struct answers *answers, const struct wire_record *record)
{
	struct goroutines *goroutines = &answers->stacks->goroutines;

	if (goroutines->there || record->status > 1 || record->kind > 1 ||
		(record->status == 1) != !record->text[0])
		return -EPROTO;
	goroutines->there = true;
	goroutines->shown = record->status == 1;
	goroutines->count = record->value;
	goroutines->whole = record->kind == 1;
	snprintf(goroutines->reason, sizeof(goroutines->reason), "%.*s", PARKED_REASON_SIZE - 1,
		record->text);
	return 0;
}

static int take_goroutine(struct answers *answers, const struct wire_record *record)
{
	struct goroutines *goroutines = &answers->stacks->goroutines;
	size_t count = goroutines->row_count;

	if (!goroutines->shown || record->status >= GOROUTINE_STATE_COUNT ||
		count == GOROUTINES_MAX)
		return -EPROTO;
	if ((count & (count - 1)) == 0) { // as many again
		struct goroutine *grown =
			reallocarray(goroutines->rows, count ? 2 * count : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		goroutines->rows = grown;
	}
	struct goroutine *row = &goroutines->rows[goroutines->row_count++];
	*row = (struct goroutine){
		.id = record->value, .state = (enum goroutine_state)record->status};
	snprintf(row->wait, sizeof(row->wait), "%.*s", GOROUTINE_WAIT_SIZE - 1, record->text);
	return 0;
}

// The room that there is to be for COUNT items.
static size_t room_for(size_t count)
{
	size_t room = 256;

	while (room < count)
		room *= 2;
	return room;
}

static int take_since(struct answers *answers, const struct wire_record *record)
{
	struct goroutines *goroutines = &answers->stacks->goroutines;

	if (goroutines->row_count == 0 || record->value == 0 || record->value > INT64_MAX)
		return -EPROTO;
	struct goroutine *row = &goroutines->rows[goroutines->row_count - 1];
	if (row->state != GOROUTINE_WAITING || row->since_ns > 0)
		return -EPROTO;
	row->since_ns = record->value;
	return 0;
}

static int take_others(struct answers *answers, const struct wire_record *record)
{
	struct goroutines *goroutines = &answers->stacks->goroutines;
	size_t count = goroutines->other_count;

	if (!answers->others || !goroutines->shown || record->kind > 1 ||
		record->count > GOROUTINES_LISTED_MAX - count)
		return -EPROTO;
	struct parked_other *grown =
		reallocarray(goroutines->others, count + record->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	goroutines->others = grown;
	for (size_t i = 0; i < record->count; i++)
		grown[count + i] = (struct parked_other){record->ids[i], record->kind == 1};
	goroutines->other_count += record->count;
	return 0;
}

// They come in the order of the goroutines.
static int take_registers(struct answers *answers, const struct wire_record *record)
{
	struct goroutines *goroutines = &answers->stacks->goroutines;
	struct parked *copies = &goroutines->copies;

	if (!answers->keep || record->status > 1 || copies->count == goroutines->row_count ||
		record->index != answers->stacks->stack_count + copies->count)
		return -EPROTO;
	if (copies->count == answers->copy_capacity) {
		size_t capacity = room_for(copies->count + 1);
		void *grown = reallocarray(copies->rows, capacity, sizeof(*copies->rows));
		if (!grown)
			return -ENOMEM;
		copies->rows = grown;
		answers->copy_capacity = capacity;
	}
	const struct goroutine *row = &goroutines->rows[copies->count];
	struct parked_row *copy = &copies->rows[copies->count++];
	*copy = (struct parked_row){.id = row->id,
		.state = (uint8_t)row->state,
		.since_ns = row->since_ns,
		.sp = record->registers.sp,
		.pc = record->registers.pc,
		.bp = record->registers.bp,
		.stack_offset = copies->stacks_len,
		.stack_cut = record->status == 1};
	memcpy(copy->wait, row->wait, sizeof(copy->wait));
	return 0;
}

static int take_bytes(struct answers *answers, const struct wire_record *record)
{
	struct parked *copies = &answers->stacks->goroutines.copies;
	size_t len = copies->stacks_len + record->count;

	if (copies->count == 0 || record->count == 0 ||
		record->index != answers->stacks->stack_count + copies->count - 1 ||
		len > PARKED_STACKS_MAX)
		return -EPROTO;
	struct parked_row *copy = &copies->rows[copies->count - 1];
	if (record->count > PARKED_STACK_MAX - copy->stack_len)
		return -EPROTO;
	if (len > answers->copied_capacity) {
		size_t capacity = room_for(len);
		void *grown = realloc(copies->stacks, capacity);
		if (!grown)
			return -ENOMEM;
		copies->stacks = grown;
		answers->copied_capacity = capacity;
	}
	memcpy(copies->stacks + copies->stacks_len, record->bytes, record->count);
	copies->stacks_len = len;
	copy->stack_len += record->count;
	return 0;
}

// The file that RECORD is about, or -EBADF; and where its parts belong.
static int find_file(
	struct answers *answers, const struct wire_record *record, struct file_parts **ret)
{
	struct stacks *stacks = answers->stacks;

	if (record->kind == WIRE_PARTS_MODULE && record->index < stacks->module_count) {
		*ret = &stacks->modules[record->index].needed;
		return answers->snapshot->modules[record->index].fd;
	}
	if (record->kind == WIRE_PARTS_ASKED && record->index < stacks->debug_count) {
		*ret = &stacks->debugs[record->index].parts;
		return stacks->debugs[record->index].fd;
	}
	return -EBADF;
}

static int take_parts(struct answers *answers, const struct wire_record *record)
{
	struct file_parts *parts;
	struct stat st;
	int fd = answers->keep ? find_file(answers, record, &parts) : -EBADF;

	answers->part_count += record->count;
	if (fd < 0 || parts->rows || answers->part_count > PARTS_MAX || fstat(fd, &st) < 0 ||
		!file_parts_fit(record->parts, record->count, (uint64_t)st.st_size))
		return -EPROTO;
	parts->rows = calloc(record->count + 1, sizeof(*parts->rows));
	if (!parts->rows)
		return -ENOMEM;
	memcpy(parts->rows, record->parts, record->count * sizeof(*parts->rows));
	parts->count = record->count;
	parts->file_len = (uint64_t)st.st_size;
	parts->build_id = record->build_id;
	return 0;
}

// What is done with each type of record that carries an answer.
static int (*const takers[])(struct answers *answers, const struct wire_record *record) = {
	[WIRE_SANDBOX] = take_sandbox,
	[WIRE_MODULE] = take_module,
	[WIRE_SYMBOL] = take_symbol,
	[WIRE_FRAMES] = take_frames,
	[WIRE_THREAD] = take_thread,
	[WIRE_SAME] = take_same,
	[WIRE_VERIFY] = take_verify,
	[WIRE_GOROUTINES] = take_goroutines,
	[WIRE_GOROUTINE] = take_goroutine,
	[WIRE_SINCE] = take_since,
	[WIRE_OTHERS] = take_others,
	[WIRE_REGISTERS] = take_registers,
	[WIRE_BYTES] = take_bytes,
	[WIRE_PARTS] = take_parts,
	[WIRE_POSITIONS] = answers_take_positions,
};

int answers_take(struct answers *answers, const struct wire_record *record)
{
	if (record->type >= sizeof(takers) / sizeof(takers[0]) || !takers[record->type])
		return -EPROTO;
	int r = takers[record->type](answers, record);
	answers->taken++;
	return r;
}

bool answers_are_whole(const struct answers *answers)
{
	const struct stacks *stacks = answers->stacks;

	for (size_t i = 0; i < stacks->stack_count; i++)
		if (answers->snapshot->threads[i].status == SNAPSHOT_THREAD_CAPTURED &&
			(is_open(&stacks->stacks[i]) ||
				(stacks->verifies && is_verify_open(&stacks->verifies[i]))))
			return false;
	for (size_t i = 0; i < stacks->goroutines.row_count; i++)
		if (is_open(&stacks->goroutines.rows[i].stack))
			return false;
	return true;
}

// Ends STACK, which got no end, for WHY.
static void close_stack(struct stack *stack, const char *why)
{
	if (!is_open(stack))
		return;
	if (stack->frame_count > 0)
		stack->end.status = STACK_PARTIAL;
	snprintf(stack->end.reason, sizeof(stack->end.reason), "%s", why);
}

void answers_close(struct answers *answers, const char *trouble)
{
	const char *why = trouble[0] ? trouble : "the unwinding process left it out";

	for (size_t i = 0; i < answers->stacks->stack_count; i++) {
		struct stack *stack = &answers->stacks->stacks[i];
		struct stack_verify *verify =
			answers->stacks->verifies ? &answers->stacks->verifies[i] : NULL;
		if (answers->snapshot->threads[i].status != SNAPSHOT_THREAD_CAPTURED)
			continue;
		if (verify && is_verify_open(verify))
			snprintf(verify->reason, sizeof(verify->reason), "%s", why);
		close_stack(stack, why);
	}
	for (size_t i = 0; i < answers->stacks->goroutines.row_count; i++)
		close_stack(&answers->stacks->goroutines.rows[i].stack, why);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// What a worker says of functions, files and lines, true or not, and the frames that are shown.
#include "answers.h"
#include "frameview.h"
#include "unit.h"

static struct snapshot_thread thread = {.status = SNAPSHOT_THREAD_CAPTURED};
static struct snapshot snapshot = {.threads = &thread, .thread_count = 1, .module_count = 1};
static struct stacks stacks;
static struct answers answers;
static struct wire_record *record;

static int take(enum wire_type type, uint32_t index)
{
	record->type = type;
	record->index = index;
	return answers_take(&answers, record);
}

static int take_frame(struct wire_frame frame)
{
	record->count = 1;
	record->frames[0] = frame;
	return take(WIRE_FRAMES, 0);
}

// Three names, and a frame at location 5.
static void begin(void)
{
	static const char *const names[] = {"outer", "inner", "file.c"};

	check_int(stacks_init(&stacks, 1, 1), 0);
	answers = (struct answers){.snapshot = &snapshot, .max_frames = 3, .stacks = &stacks};
	record = calloc(1, sizeof(*record));
	for (int i = 0; i < 3; i++) {
		strcpy(record->text, names[i]);
		check_int(take(WIRE_SYMBOL, 0), 0);
	}
	check_int(take_frame((struct wire_frame){.vaddr = 9, .symbol = 0, .location = 5}), 0);
}

static void end(void)
{
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

static int take_positions(uint32_t location, uint32_t count, const struct wire_position *rows)
{
	record->count = count;
	memcpy(record->positions, rows, count * sizeof(*rows));
	return take(WIRE_POSITIONS, location);
}

Test(answers_positions, inlined_functions_are_frames, .init = begin)
{
	static const struct wire_position rows[] = {{1, 2, 30}, {-1, 2, 40}};
	const struct stack_frame *frame = &stacks.stacks[0].frames[0];

	check_int(frame_view_count(&stacks, frame), 1);
	check_str(frame_view_at(&stacks, frame, 0).symbol, "outer");
	check_true(frame_view_at(&stacks, frame, 0).file == NULL);
	check_int(take_positions(5, 2, rows), 0);
	check_int(frame_view_count(&stacks, frame), 2);
	struct frame_view inner = frame_view_at(&stacks, frame, 0);
	struct frame_view outer = frame_view_at(&stacks, frame, 1);
	check_str(inner.symbol, "inner");
	check_true(inner.inlined && inner.line == 30);
	check_str(inner.file, "file.c");
	check_str(outer.symbol, "outer");
	check_true(!outer.inlined && outer.line == 40);
	check_u64(outer.offset, 9);
	check_int(frame_view_sum(&stacks, &stacks.stacks[0], 1), 2);
	check_int(frame_view_sum(&stacks, &stacks.stacks[0], 0), 0);
	check_int(frame_view_sum(&stacks, &stacks.stacks[0], 9), 2);
	end();
}

Test(answers_positions, a_function_alone_has_a_line, .init = begin)
{
	static const struct wire_position row = {-1, 2, 7};

	check_int(take_positions(5, 1, &row), 0);
	struct frame_view view = frame_view_at(&stacks, &stacks.stacks[0].frames[0], 0);
	check_str(view.symbol, "outer");
	check_true(!view.inlined && view.line == 7);
	end();
}

Test(answers_positions, a_function_without_a_symbol_has_the_last_name, .init = begin)
{
	static const struct wire_position rows[] = {{1, 2, 30}, {3, 2, 40}}, part = {4, -1, 0};

	strcpy(record->text, "static");
	record->value = 0x1000;
	check_int(take(WIRE_SYMBOL, 0), 0);
	strcpy(record->text, "cold");
	record->value = UINT64_MAX;
	check_int(take(WIRE_SYMBOL, 0), 0);
	check_int(take_frame((struct wire_frame){.vaddr = 0x1009, .symbol = -1, .location = 6}), 0);
	check_int(take_frame((struct wire_frame){.vaddr = 0x1009, .symbol = -1, .location = 7}), 0);
	const struct stack_frame *frames = stacks.stacks[0].frames;
	check_int(frame_view_symbol(&stacks, &frames[1]), -1);
	for (uint32_t location = 5; location < 7; location++)
		check_int(take_positions(location, 2, rows), 0);
	check_int(take_positions(7, 1, &part), 0);
	check_str(frame_view_at(&stacks, &frames[0], 1).symbol, "outer"); // a symbol goes before
	check_int(frame_view_symbol(&stacks, &frames[0]), 0);
	struct frame_view view = frame_view_at(&stacks, &frames[1], 1);
	check_str(view.symbol, "static");
	check_true(view.has_offset && !view.inlined && view.offset == 9);
	view = frame_view_at(&stacks, &frames[1], 0);
	check_true(view.inlined && !view.has_offset);
	view = frame_view_at(&stacks, &frames[2], 0);
	check_str(view.symbol, "cold");
	check_true(!view.has_offset && !view.inlined);
	end();
}

Test(answers_positions, lies_are_refused, .init = begin)
{
	static const struct wire_position good = {-1, -1, 0};
	static const struct wire_position bad[] = {{3, -1, 0}, {-2, -1, 0}, {-1, 3, 0}, {-1, -2, 0},
		{INT32_MIN, -1, 0}, {-1, INT32_MAX, 0}};
	struct wire_position rows[2] = {{0}, good};

	check_int(take_positions(0, 0, &good), -EPROTO);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rows[0] = bad[i];
		check_int(take_positions(0, 2, rows), -EPROTO);
		check_int(take_positions(0, 1, rows), -EPROTO);
	}
	check_int(take_positions(WIRE_LOCATIONS_MAX, 1, &good), -EPROTO);
	check_int(take_positions(UINT32_MAX, 1, &good), -EPROTO);
	check_int(take_positions(WIRE_LOCATIONS_MAX - 1, 1, &good), 0);
	check_int(take_positions(WIRE_LOCATIONS_MAX - 1, 1, &good), -EPROTO); // again
	check_int(take_frame((struct wire_frame){.symbol = 0, .location = -2}), -EPROTO);
	check_int(take_frame((struct wire_frame){.symbol = 0, .location = WIRE_LOCATIONS_MAX}),
		-EPROTO);
	check_int(take_frame((struct wire_frame){.symbol = 0, .location = -1}), 0);
	check_int(frame_view_count(&stacks, &stacks.stacks[0].frames[1]), 1);
	end();
}

Test(answers_positions, their_number_is_bounded, .init = begin)
{
	struct wire_position rows[WIRE_POSITIONS_MAX];
	uint32_t location = 0;
	int r = 0;

	memset(rows, 0xff, sizeof(rows)); // every index -1
	while (r == 0 && location < 1 << 14)
		r = take_positions(location++, WIRE_POSITIONS_MAX, rows);
	check_int(r, -EPROTO);
	check_int(stacks.position_count, 1 << 20);
	end();
}

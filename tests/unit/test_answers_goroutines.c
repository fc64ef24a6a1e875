// SPDX-License-Identifier: GPL-2.0-or-later
// A worker that lies of goroutines.
#include "answers_sample.h"

Test(answers_goroutines, goroutines, .init = begin)
{
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, "chan receive"), 0);
	check_int(take_frame(3, nowhere), 0);
	check_int(take_end(3, STACK_COMPLETE, ""), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_RUNNABLE, 19, ""), 0);
	check_int(take_same(3, 1, 4), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 20, "x"), 0);
	check_int(take_same(3, 1, 0), 0);
	answers_close(&answers, "gone");
	check_int(stacks.goroutines.row_count, 3);
	check_u64(stacks.goroutines.count, 7);
	check_u64(stacks.goroutines.rows[0].id, 18);
	check_str(stacks.goroutines.rows[0].wait, "chan receive");
	check_int(stacks.goroutines.rows[1].state, GOROUTINE_RUNNABLE);
	check_true(
		stacks.goroutines.rows[1].stack.frames == stacks.goroutines.rows[0].stack.frames);
	check_true(stacks.stacks[0].frames == stacks.goroutines.rows[0].stack.frames);
	check_str(stacks.goroutines.rows[2].stack.end.reason, "gone");
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

Test(answers_goroutines, goroutines_that_cannot_be, .init = begin)
{
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), -EPROTO);
	check_int(take_text(WIRE_GOROUTINES, 2, 7, ""), -EPROTO);
	check_int(take_text(WIRE_GOROUTINES, 1, 7, "why"), -EPROTO);
	check_int(take_text(WIRE_GOROUTINES, 0, 7, ""), -EPROTO);
	record->kind = 2;
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), -EPROTO);
	record->kind = 0;
	check_int(take_text(WIRE_GOROUTINES, 0, 7, "why"), 0);
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), -EPROTO); // again
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), -EPROTO);
	stacks_fini(&stacks);
	free(record);
	begin();
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_STATE_COUNT, 18, ""), -EPROTO);
	check_int(take_frame(3, nowhere), -EPROTO);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), 0);
	check_int(take_frame(4, nowhere), -EPROTO);
	check_int(take_same(3, 1, 0), -EPROTO); // without an end
	check_int(take_end(3, STACK_COMPLETE, ""), -EPROTO);
	for (int i = 1; i < GOROUTINES_MAX; i++)
		check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), -EPROTO);
	stacks_fini(&stacks);
}

static int take_since(uint64_t since_ns)
{
	record->value = since_ns;
	return take(WIRE_SINCE, 0);
}

Test(answers_goroutines, since_when_they_wait, .init = begin)
{
	check_int(take_since(7), -EPROTO);
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), 0);
	check_int(take_since(7), -EPROTO);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), 0);
	check_int(take_since(0), -EPROTO);
	check_int(take_since(UINT64_MAX), -EPROTO);
	check_int(take_since(INT64_MAX), 0);
	check_int(take_since(7), -EPROTO); // again
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_RUNNABLE, 19, ""), 0);
	check_int(take_since(7), -EPROTO); // it does not wait
	check_u64(stacks.goroutines.rows[0].since_ns, INT64_MAX);
	check_u64(stacks.goroutines.rows[1].since_ns, 0);
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

static int take_others(uint32_t kind, uint32_t count, uint64_t id)
{
	record->kind = kind;
	record->count = count;
	for (uint32_t i = 0; i < count; i++)
		record->ids[i] = id + i;
	return take(WIRE_OTHERS, 0);
}

Test(answers_goroutines, other_goroutines, .init = begin)
{
	const struct goroutines *goroutines = &stacks.goroutines;

	answers.others = true;
	check_int(take_others(1, 1, 7), -EPROTO); // of goroutines that nothing was said of
	record->kind = 1;
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), 0);
	check_true(goroutines->whole);
	check_int(take_others(1, 2, 7), 0);
	check_int(take_others(0, 1, 5), 0);
	check_int(take_others(2, 1, 5), -EPROTO);
	answers.others = false;
	check_int(take_others(1, 1, 5), -EPROTO);
	answers.others = true;
	check_int(goroutines->other_count, 3);
	check_u64(goroutines->others[1].id, 8);
	check_true(goroutines->others[1].ran && !goroutines->others[2].ran);
	for (size_t i = 3; i + WIRE_OTHERS_MAX <= GOROUTINES_LISTED_MAX; i += WIRE_OTHERS_MAX)
		check_int(take_others(0, WIRE_OTHERS_MAX, i), 0);
	check_int(take_others(0, WIRE_OTHERS_MAX, 7), -EPROTO);
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

static int take_registers(uint32_t index, uint32_t status)
{
	record->status = status;
	record->registers = (struct wire_registers){0x10, 0x20, 0x30};
	return take(WIRE_REGISTERS, index);
}

static int take_bytes(uint32_t index, uint32_t count, char byte)
{
	record->count = count;
	memset(record->bytes, byte, count);
	return take(WIRE_BYTES, index);
}

// Two goroutines, 3 and 4.
static void begin_copies(void)
{
	begin();
	answers.keep = true;
	check_int(take_text(WIRE_GOROUTINES, 1, 7, ""), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, "select"), 0);
	check_int(take_text(WIRE_GOROUTINE, GOROUTINE_RUNNABLE, 19, ""), 0);
}

Test(answers_goroutines, copies_of_goroutines, .init = begin_copies)
{
	const struct parked *copies = &stacks.goroutines.copies;

	stacks.goroutines.rows[0].since_ns = 7;
	check_int(take_registers(3, 1), 0);
	check_u64(copies->rows[0].since_ns, 7);
	check_int(take_bytes(3, 1000, 'a'), 0);
	check_int(take_bytes(3, 500, 'b'), 0);
	check_int(take_registers(4, 0), 0);
	check_int(take_bytes(4, 8, 'c'), 0);
	check_int(copies->count, 2);
	check_u64(copies->rows[0].id, 18);
	check_str(copies->rows[0].wait, "select");
	check_int(copies->rows[1].state, GOROUTINE_RUNNABLE);
	check_u64(copies->rows[0].sp, 0x10);
	check_u64(copies->rows[0].pc, 0x20);
	check_u64(copies->rows[0].bp, 0x30);
	check_true(copies->rows[0].stack_cut && !copies->rows[1].stack_cut);
	check_int(copies->rows[0].stack_len, 1500);
	check_int(copies->rows[1].stack_offset, 1500);
	check_int(copies->stacks_len, 1508);
	check_true(copies->stacks[0] == 'a' && copies->stacks[1499] == 'b' &&
		   copies->stacks[1500] == 'c');
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

Test(answers_goroutines, copies_of_goroutines_that_cannot_be, .init = begin_copies)
{
	check_int(take_bytes(3, 8, 'a'), -EPROTO); // whose registers are not there
	check_int(take_registers(4, 0), -EPROTO);  // not its turn
	check_int(take_registers(0, 0), -EPROTO);  // a thread
	check_int(take_registers(3, 2), -EPROTO);
	answers.keep = false;
	check_int(take_registers(3, 0), -EPROTO);
	answers.keep = true;
	check_int(take_registers(3, 0), 0);
	check_int(take_registers(3, 0), -EPROTO);
	check_int(take_bytes(4, 8, 'a'), -EPROTO);
	check_int(take_bytes(2, 8, 'a'), -EPROTO);
	check_int(take_bytes(3, 0, 'a'), -EPROTO);
	for (int i = 0; i < PARKED_STACK_MAX / WIRE_BYTES_MAX; i++)
		check_int(take_bytes(3, WIRE_BYTES_MAX, 'a'), 0);
	check_int(take_bytes(3, 1, 'a'), -EPROTO);
	check_int(take_registers(4, 0), 0);
	check_int(take_bytes(3, 1, 'a'), -EPROTO);
	check_int(take_registers(5, 0), -EPROTO);
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

Test(answers_goroutines, copies_of_more_than_can_be, .init = begin_copies)
{
	const int each = PARKED_STACK_MAX / WIRE_BYTES_MAX,
		  most = PARKED_STACKS_MAX / PARKED_STACK_MAX;

	for (int i = 2; i <= most; i++)
		check_int(take_text(WIRE_GOROUTINE, GOROUTINE_WAITING, 18, ""), 0);
	for (int i = 0; i <= most; i++) {
		check_int(take_registers(3 + (uint32_t)i, 0), 0);
		for (int j = 0; i < most && j < each; j++)
			check_int(take_bytes(3 + (uint32_t)i, WIRE_BYTES_MAX, 'a'), 0);
	}
	check_int(take_bytes(3 + (uint32_t)most, 1, 'a'), -EPROTO);
	stacks_fini(&stacks);
}

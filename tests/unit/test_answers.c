// SPDX-License-Identifier: GPL-2.0-or-later
// A worker that lies: each lie is refused, and what was true before stays.
#include "answers_sample.h"

#include <sys/mman.h>
#include <unistd.h>

Test(answers, the_truth, .init = begin)
{
	strcpy(record->text, "no symbols");
	check_int(take(WIRE_MODULE, 1), 0);
	check_str(stacks.modules[1].note, "no symbols");
	check_false(stacks.modules[1].left_out);
	record->status = 1;
	check_int(take(WIRE_MODULE, 1), 0);
	check_true(stacks.modules[1].left_out);
	record->status = 0;
	check_int(take_symbol("f"), 0);
	check_int(take_frame(0, (struct wire_frame){.pc = 7, .vaddr = 3, .module = 1}), 0);
	check_int(take_frame(0, nowhere), 0);
	check_int(take_end(0, STACK_COMPLETE, ""), 0);
	check_int(take_end(2, STACK_FAILED, "because"), 0);
	check_int(stacks.stacks[0].frame_count, 2);
	check_str(stacks.symbols[stacks.stacks[0].frames[0].symbol].name, "f");
	answers_close(&answers, "");
	check_int(stacks.stacks[0].end.status, STACK_COMPLETE);
	check_str(stacks.stacks[1].end.reason, "");
	check_str(stacks.stacks[2].end.reason, "because");
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

// What holds the worker is said by what has not read anything yet.
Test(answers, what_holds_the_worker, .init = begin)
{
	record->status = SANDBOX_FILTER; // that goes without saying
	check_int(take(WIRE_SANDBOX, 0), -EPROTO);
	answers.taken = 0;
	record->status = SANDBOX_KINDS;
	check_int(take(WIRE_SANDBOX, 0), -EPROTO);
	answers.taken = 0;
	record->status = SANDBOX_NAMESPACES;
	check_int(take(WIRE_SANDBOX, 0), 0);
	check_int(stacks.sandbox, SANDBOX_NAMESPACES);
	record->status = SANDBOX_BARE;
	check_int(take(WIRE_SANDBOX, 0), -EPROTO);
	check_int(stacks.sandbox, SANDBOX_NAMESPACES);
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

Test(answers, threads_with_one_stack, .init = begin)
{
	check_int(take_frame(2, nowhere), 0);
	check_int(take_frame(2, nowhere), 0);
	check_int(take_end(2, STACK_PARTIAL, "cut"), 0);
	check_int(take_same(2, 0, 0), 0);
	check_int(take_same(2, 1, 0), 0);
	check_int(stacks.stacks[0].frame_count, 2);
	check_true(stacks.stacks[0].frames == stacks.stacks[2].frames);
	check_str(stacks.stacks[0].end.reason, "cut");
	answers_close(&answers, "too late");
	check_str(stacks.stacks[0].end.reason, "cut");
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

Test(answers, threads_that_cannot_have_one_stack, .init = begin)
{
	check_int(take_same(2, 1, 0), -EPROTO); // that of 2 is not known
	check_int(take_frame(2, nowhere), 0);
	check_int(take_same(2, 1, 0), -EPROTO); // nor its end
	check_int(take_end(2, STACK_COMPLETE, ""), 0);
	check_int(take_same(2, 1, 2), -EPROTO); // its own
	check_int(take_same(2, 1, 1), -EPROTO); // of a thread that was not captured
	check_int(take_same(2, 1, 3), -EPROTO);
	check_int(take_same(3, 1, 0), -EPROTO);
	check_int(take_same(2, 2, 0), -EPROTO); // twice
	check_int(take_frame(0, nowhere), -EPROTO);
	stacks_fini(&stacks);
}

Test(answers, a_thread_with_frames_has_its_own_stack, .init = begin)
{
	check_int(take_frame(2, nowhere), 0);
	check_int(take_end(2, STACK_COMPLETE, ""), 0);
	check_int(take_frame(0, nowhere), 0);
	check_int(take_same(2, 1, 0), -EPROTO);
	check_int(take_end(0, STACK_COMPLETE, ""), 0);
	stacks_fini(&stacks);
}

Test(answers, what_is_no_answer, .init = begin)
{
	check_int(take(WIRE_REQUEST, 0), -EPROTO);
	check_int(take(WIRE_DONE, 0), -EPROTO);
	check_int(take(WIRE_FILE, 0), -EPROTO);
	check_int(take(0, 0), -EPROTO);
	check_int(take(1000, 0), -EPROTO);
}

Test(answers, references_to_nothing, .init = begin)
{
	check_int(take(WIRE_MODULE, 2), -EPROTO);
	record->status = 2;
	check_int(take(WIRE_MODULE, 1), -EPROTO);
	record->status = 0;
	check_int(take_frame(3, nowhere), -EPROTO);
	check_int(take_frame(1, nowhere), -EPROTO); // a thread that was not captured
	check_int(take_frame(0, (struct wire_frame){.module = 2, .symbol = -1}), -EPROTO);
	check_int(take_frame(0, (struct wire_frame){.module = -2, .symbol = -1}), -EPROTO);
	check_int(take_frame(0, (struct wire_frame){.module = 0, .symbol = 0}), -EPROTO);
	check_int(take_symbol("f"), 0);
	check_int(take_frame(0, (struct wire_frame){.module = 0, .symbol = 1}), -EPROTO);
	check_int(take_frame(0, (struct wire_frame){.module = 0, .symbol = -2}), -EPROTO);
	check_int(take_frame(0, (struct wire_frame){.module = -1, .symbol = 1}), -EPROTO);
	check_int(take_frame(0,
			  (struct wire_frame){.module = -1, .symbol = -1, .via = FRAME_VIA_COUNT}),
		-EPROTO);
	check_int(take_frame(0, (struct wire_frame){.module = -1, .symbol = -1, .signal = 2}),
		-EPROTO);
	check_int(take_end(3, STACK_PARTIAL, "x"), -EPROTO);
	check_int(take_end(1, STACK_PARTIAL, "x"), -EPROTO);
}

Test(answers, contradictions, .init = begin)
{
	check_int(take_end(0, STACK_COMPLETE, ""), -EPROTO); // without a frame
	check_int(take_frame(0, nowhere), 0);
	check_int(take_end(0, STACK_COMPLETE, "but"), -EPROTO);
	check_int(take_end(0, STACK_PARTIAL, ""), -EPROTO);
	check_int(take_end(0, STACK_STATUS_COUNT, "x"), -EPROTO);
	check_int(take_end(0, STACK_PARTIAL, "x"), 0);
	check_int(take_end(0, STACK_PARTIAL, "y"), -EPROTO); // a second end
	check_int(take_frame(0, nowhere), -EPROTO);          // a frame behind the end
	check_str(stacks.stacks[0].end.reason, "x");
}

Test(answers, too_many_frames, .init = begin)
{
	for (int i = 0; i < MAX_FRAMES; i++)
		check_int(take_frame(2, nowhere), 0);
	check_int(take_frame(2, nowhere), -EPROTO);
	check_int(stacks.stacks[2].frame_count, MAX_FRAMES);
}

Test(answers, a_long_reason_is_cut, .init = begin)
{
	memset(record->text, 'x', WIRE_TEXT_MAX - 1);
	record->status = STACK_FAILED;
	check_int(take(WIRE_THREAD, 0), 0);
	check_int(strlen(stacks.stacks[0].end.reason), STACK_REASON_SIZE - 1);
}

Test(answers, what_was_not_ended_says_why, .init = begin)
{
	check_int(take_frame(0, nowhere), 0);
	answers_close(&answers, "the worker is gone");
	check_int(stacks.stacks[0].end.status, STACK_PARTIAL);
	check_str(stacks.stacks[0].end.reason, "the worker is gone");
	check_str(stacks.stacks[1].end.reason, "");
	check_int(stacks.stacks[2].end.status, STACK_FAILED);
	check_str(stacks.stacks[2].end.reason, "the worker is gone");
}

Test(answers, too_many_bytes_of_names, .init = begin)
{
	int r = 0;
	size_t count = 0;

	memset(record->text, 'x', WIRE_TEXT_MAX - 1);
	while (r == 0 && count < 100000) {
		r = take(WIRE_SYMBOL, 0);
		count++;
	}
	check_int(r, -EPROTO);
	check_true(count * WIRE_TEXT_MAX <= (65u << 20));
	stacks_fini(&stacks);
}

static int take_verify(uint32_t thread, const struct stack_verify *verify)
{
	record->status = verify->result;
	record->count = (uint32_t)verify->same;
	record->kind = verify->other_goes_on;
	record->value = verify->other_pc;
	strcpy(record->text, verify->reason);
	return take(WIRE_VERIFY, thread);
}

// Thread 0 with frames at 1 and 1, and its end; comparisons are asked for.
static void begin_verify(void)
{
	begin();
	check_int(stacks_add_verifies(&stacks), 0);
	check_int(take_frame(0, nowhere), 0);
	check_int(take_frame(0, nowhere), 0);
	check_int(take_end(0, STACK_COMPLETE, ""), 0);
	record->count = 0;
}

Test(answers, comparisons, .init = begin_verify)
{
	static const struct stack_verify rows[] = {
		{.result = STACK_VERIFY_SAME, .same = 2},
		{.result = STACK_VERIFY_PARTLY, .same = 1, .reason = "libdwfl: no"},
		{.result = STACK_VERIFY_PARTLY, .same = 2, .reason = "libdwfl: no"},
		{.result = STACK_VERIFY_PARTLY, .same = 0, .reason = "rows: no"},
		{.result = STACK_VERIFY_DIFFERS, .same = 1, .other_goes_on = true, .other_pc = 3},
		{.result = STACK_VERIFY_DIFFERS, .same = 2, .other_goes_on = true, .other_pc = 1},
		{.result = STACK_VERIFY_DIFFERS, .same = 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stacks.verifies[0] = (struct stack_verify){0};
		check_int(take_verify(0, &rows[i]), 0);
		check_int(stacks.verifies[0].result, rows[i].result);
		check_int(stacks.verifies[0].same, rows[i].same);
		check_int(stacks.verifies[0].other_goes_on, rows[i].other_goes_on);
		check_u64(stacks.verifies[0].other_pc, rows[i].other_pc);
		check_str(stacks.verifies[0].reason, rows[i].reason);
		check_int(take_verify(0, &rows[i]), -EPROTO); // a second one
	}
	stacks_fini(&stacks);
	free(record);
	check_no_leak();
}

Test(answers, comparisons_that_cannot_be, .init = begin_verify)
{
	static const struct stack_verify rows[] = {
		{.result = STACK_VERIFY_COUNT, .same = 2},
		{.result = STACK_VERIFY_SAME, .same = 1},
		{.result = STACK_VERIFY_SAME, .same = 3},
		{.result = STACK_VERIFY_SAME, .same = 2, .reason = "but"},
		{.result = STACK_VERIFY_SAME, .same = 2, .other_goes_on = true, .other_pc = 3},
		{.result = STACK_VERIFY_SAME, .same = 2, .other_pc = 3},
		{.result = STACK_VERIFY_PARTLY, .same = 1},
		{.result = STACK_VERIFY_PARTLY, .same = 3, .reason = "no"},
		{.result = STACK_VERIFY_PARTLY, .same = 1, .other_goes_on = true, .reason = "no"},
		{.result = STACK_VERIFY_DIFFERS, .same = 2}, // both end there
		{.result = STACK_VERIFY_DIFFERS, .same = 3},
		{.result = STACK_VERIFY_DIFFERS, .same = 3, .other_goes_on = true, .other_pc = 3},
		{.result = STACK_VERIFY_DIFFERS, .same = 1, .other_goes_on = true, .other_pc = 1},
		{.result = STACK_VERIFY_DIFFERS, .same = 1, .other_pc = 3},
		{.result = STACK_VERIFY_DIFFERS, .same = 1, .reason = "but"},
	};
	static const struct stack_verify good = {.result = STACK_VERIFY_SAME, .same = 2};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_int(take_verify(0, &rows[i]), -EPROTO);
		check_int(stacks.verifies[0].result, STACK_VERIFY_PARTLY);
		check_str(stacks.verifies[0].reason, "");
	}
	record->kind = 2;
	check_int(take(WIRE_VERIFY, 0), -EPROTO);
	check_int(take_verify(1, &good), -EPROTO); // a thread that was not captured
	check_int(take_verify(2, &good), -EPROTO); // one whose chain has not ended
	check_int(take_verify(3, &good), -EPROTO);
	check_int(take_verify(0, &good), 0);
}

Test(answers, a_comparison_that_nobody_asked_for, .init = begin)
{
	static const struct stack_verify good = {.result = STACK_VERIFY_SAME, .same = 1};

	check_int(take_frame(0, nowhere), 0);
	check_int(take_end(0, STACK_COMPLETE, ""), 0);
	check_int(take_verify(0, &good), -EPROTO);
}

Test(answers, a_comparison_left_out_says_why, .init = begin_verify)
{
	answers_close(&answers, "the worker is gone");
	check_int(stacks.stacks[0].end.status, STACK_COMPLETE);
	check_int(stacks.verifies[0].result, STACK_VERIFY_PARTLY);
	check_str(stacks.verifies[0].reason, "the worker is gone");
	check_str(stacks.verifies[1].reason, ""); // it was not captured
	check_str(stacks.verifies[2].reason, "the worker is gone");
}

// A module that is a file of 100 bytes, another that is none, and two files that were asked for,
// the second in vain.
static struct snapshot_module modules[2];
static struct debug_file debugs[2];

static void begin_keeping(void)
{
	begin();
	for (size_t i = 0; i < 2; i++) {
		modules[i].fd = i == 0 ? memfd_create("file", MFD_CLOEXEC) : -EBADF;
		debugs[i].fd = i == 0 ? memfd_create("debug", MFD_CLOEXEC) : -EBADF;
	}
	check_int(ftruncate(modules[0].fd, 100), 0);
	check_int(ftruncate(debugs[0].fd, 10), 0);
	snapshot.modules = modules;
	stacks.debugs = calloc(2, sizeof(*stacks.debugs));
	memcpy(stacks.debugs, debugs, sizeof(debugs));
	stacks.debug_count = 2;
	answers.keep = true;
}

static int take_part(uint32_t kind, uint32_t index, uint64_t offset, uint64_t len)
{
	record->kind = kind;
	record->count = 1;
	record->parts[0] = (struct file_part){offset, len};
	return take(WIRE_PARTS, index);
}

Test(answers, parts_of_files, .init = begin_keeping)
{
	record->build_id = (struct buildid){.len = 3, .bytes = {1, 2, 3}};
	check_int(take_part(WIRE_PARTS_MODULE, 0, 0, 100), 0);
	check_int(take_part(WIRE_PARTS_ASKED, 0, 9, 1), 0);
	check_u64(stacks.modules[0].needed.file_len, 100);
	check_u64(stacks.modules[0].needed.rows[0].len, 100);
	check_true(buildid_equal(&stacks.modules[0].needed.build_id, &record->build_id));
	check_u64(stacks.debugs[0].parts.file_len, 10);
	check_u64(stacks.debugs[0].parts.rows[0].offset, 9);
	stacks_fini(&stacks);
	close(modules[0].fd);
	free(record);
	check_no_leak();
}

Test(answers, parts_that_cannot_be, .init = begin_keeping)
{
	check_int(take_part(WIRE_PARTS_MODULE, 0, 0, 101), -EPROTO); // over the end
	check_int(take_part(WIRE_PARTS_MODULE, 0, 0, 0), -EPROTO);
	check_int(take_part(WIRE_PARTS_MODULE, 0, UINT64_MAX, 2), -EPROTO);
	check_int(take_part(WIRE_PARTS_MODULE, 1, 0, 1), -EPROTO); // no file
	check_int(take_part(WIRE_PARTS_MODULE, 2, 0, 1), -EPROTO); // no module
	check_int(take_part(WIRE_PARTS_ASKED, 0, 0, 11), -EPROTO);
	check_int(take_part(WIRE_PARTS_ASKED, 1, 0, 1), -EPROTO); // asked for in vain
	check_int(take_part(WIRE_PARTS_ASKED, 2, 0, 1), -EPROTO); // not asked for
	check_int(take_part(WIRE_PARTS_KINDS, 0, 0, 1), -EPROTO);
	record->parts[1] = (struct file_part){50, 1};
	record->parts[0] = (struct file_part){50, 1};
	record->kind = WIRE_PARTS_MODULE;
	record->count = 2;
	check_int(take(WIRE_PARTS, 0), -EPROTO); // the same twice
	check_int(take_part(WIRE_PARTS_MODULE, 0, 0, 1), 0);
	check_int(take_part(WIRE_PARTS_MODULE, 0, 0, 1), -EPROTO); // a second time
	answers.keep = false;
	check_int(take_part(WIRE_PARTS_ASKED, 0, 0, 1), -EPROTO); // nobody wants to know
}

Test(answers, too_many_parts, .init = begin_keeping)
{
	enum { FILES = 2000 };
	int r = 0, taken = 0;

	stacks.modules = realloc(stacks.modules, FILES * sizeof(*stacks.modules));
	memset(stacks.modules, 0, FILES * sizeof(*stacks.modules));
	stacks.module_count = FILES;
	snapshot.modules = calloc(FILES, sizeof(*snapshot.modules));
	for (size_t i = 0; i < FILES; i++)
		snapshot.modules[i].fd = modules[0].fd;
	check_int(ftruncate(modules[0].fd, 1 << 20), 0);
	record->kind = WIRE_PARTS_MODULE;
	record->count = FILE_PARTS_MAX;
	for (size_t i = 0; i < FILE_PARTS_MAX; i++)
		record->parts[i] = (struct file_part){2 * i, 1};
	while (r == 0 && taken < FILES) {
		r = take(WIRE_PARTS, (uint32_t)taken);
		taken += r == 0;
	}
	check_int(r, -EPROTO);
	check_int(taken, 1024);
	stacks_fini(&stacks);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// What moved, as JSON.
#include "goroutine_diff.h"
#include "report_stack_json.h"

#include "cleanup.h"
#include "json_value.h"

// What became of the thread of ROW.
static json_t *move_of(const struct stack_pair *pair, const struct stack_diff_row *row)
{
	json_t *before = NULL;

	if (row->move == STACK_MOVED) {
		const struct stack_report *report = pair->before[row->before.report];
		const char state[2] = {report->snapshot->threads[row->before.thread].state};
		before = json_pack("{s:o, s:o}", "state", json_text(state[0] ? state : NULL),
			"frames",
			report_json_frames(report, &report->stacks->stacks[row->before.thread]));
	}
	return json_pack("{s:s, s:I, s:o, s:o}", "move", stack_move_name(row->move), "common",
		(json_int_t)row->common, "switches",
		row->switches > 0 ? json_integer((json_int_t)row->switches) : json_null(), "before",
		before ? before : json_null());
}

// The threads of the processes with the PID of REPORT that have ROW's move: those that moved, or,
// with WENT, those that ended.
static int put_moves(struct report_json *process, const struct stack_pair *pair,
	const struct stack_diff *diff, bool went)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < diff->count; i++) {
		const struct stack_diff_row *row = &diff->rows[i];
		struct stack_ref ref = went ? row->before : row->after;
		if (row->move == STACK_STAYED || (row->move == STACK_WENT) != went)
			continue;
		if ((went ? pair->before : pair->after)[ref.report] == process->report)
			r = report_json_put_thread(process, ref.thread, "diff", move_of(pair, row));
	}
	return r;
}

static size_t count_stayed(
	const struct stack_pair *pair, const struct stack_diff *diff, const struct stack_report *of)
{
	size_t count = 0;

	for (size_t i = 0; i < diff->count; i++)
		count += diff->rows[i].move == STACK_STAYED &&
			 pair->after[diff->rows[i].after.report] == of;
	return count;
}

// What a goroutine did whose stack is not there.
static const char *place_state(enum goroutine_place place)
{
	return place == GOROUTINE_RAN ? "running" : NULL;
}

// Everything of the goroutine ID of REPORT but its frames, as SIDE has it.
static json_t *side_of(
	const struct stack_report *report, uint64_t id, const struct goroutine_side *side)
{
	static const char *const reasons[] = {[GOROUTINE_ABSENT] = "it was not found",
		[GOROUTINE_RAN] = "it ran when it was looked at",
		[GOROUTINE_UNSEEN] = "there are too many"};

	if (side->row)
		return report_json_goroutine(report, side->row);
	return json_pack("{s:I, s:o, s:o, s:o, s:s, s:s}", "id", (json_int_t)id, "state",
		json_text(place_state(side->place)), "wait", json_null(), "waited_ms", json_null(),
		"status", stack_status_name(STACK_FAILED), "reason", reasons[side->place]);
}

// What became of the goroutine of ROW, which BEFORE had.
static json_t *goroutine_move_of(
	const struct stack_report *before, const struct goroutine_diff_row *row)
{
	const struct goroutine_side *side = &row->before;
	const struct goroutine *was = side->row;
	json_t *what = NULL;

	if (side->place != GOROUTINE_ABSENT && row->move != STACK_WENT)
		what = json_pack("{s:o, s:o, s:o}", "state",
			json_text(
				was ? goroutine_state_name(was->state) : place_state(side->place)),
			"wait", json_text(was && was->wait[0] ? was->wait : NULL), "frames",
			was ? report_json_frames(before, &was->stack) : json_array());
	return json_pack("{s:s, s:I, s:o}", "move", stack_move_name(row->move), "common",
		(json_int_t)row->common, "before", what ? what : json_null());
}

// Those goroutines of DIFF, between BEFORE and the report of PROCESS or, with WENT, of that, which
// have moved, or ended.
static int put_goroutine_rows(struct report_json *process, const struct stack_report *before,
	const struct goroutine_diff *diff, bool went)
{
	static const struct stack none = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < diff->count; i++) {
		const struct goroutine_diff_row *row = &diff->rows[i];
		const struct goroutine_side *side = went ? &row->before : &row->after;
		if (row->move == STACK_STAYED || (row->move == STACK_WENT) != went)
			continue;
		fputs(process->separator, process->out);
		process->separator = ",\n";
		r = report_json_put_with_frames(process, side_of(process->report, row->id, side),
			side->row ? &side->row->stack : &none);
		if (r == 0)
			fputs(",\"diff\":", process->out);
		if (r == 0)
			r = report_json_put_open(process->out, goroutine_move_of(before, row));
		fputs("}}", process->out);
	}
	return r;
}

// What moved of the goroutines of a process, or null.
static int put_goroutine_moves(struct report_json *process, const struct stack_report *before,
	const struct stack_report *after)
{
	auto_goroutine_diff struct goroutine_diff diff = {0};
	FILE *out = process->out;
	int r = goroutine_diff_make(before, after, &diff);

	fputs(",\"goroutines\":", out);
	if (r < 0 || !diff.there) {
		fputs("null", out);
		return r;
	}
	report_json_turn(process, after);
	r = report_json_begin_goroutines(
		out, &(after ? after : before)->stacks->goroutines, diff.reason);
	if (r == 0 && after)
		r = put_goroutine_rows(process, before, &diff, false);
	fputs("],\"went\":[", out);
	report_json_turn(process, before);
	if (r == 0 && before)
		r = put_goroutine_rows(process, before, &diff, true);
	if (diff.reason)
		fputs("],\"unmoved\":null}", out);
	else
		fprintf(out, "],\"unmoved\":%zu}", diff.by[STACK_STAYED]);
	return r;
}

// A process that was there BEFORE, is there AFTER, or both; the other one is NULL.
static int put_changes(FILE *out, const struct stack_pair *pair, const struct stack_diff *diff,
	const struct stack_report *before, const struct stack_report *after, bool first)
{
	struct report_json process = {0};
	int r = report_json_begin(out, after ? after : before, first, &process);

	if (r < 0)
		return r;
	if (before)
		fprintf(out, ",\"since_round\":%u", before->round);
	else
		fputs(",\"since_round\":null", out);
	fprintf(out, ",\"exited\":%s,\"unmoved\":%zu,\"threads\":[", after ? "false" : "true",
		count_stayed(pair, diff, after));
	if (after)
		r = put_moves(&process, pair, diff, false);
	fputs("],\"went\":[", out);
	report_json_turn(&process, before);
	if (r == 0 && before)
		r = put_moves(&process, pair, diff, true);
	fputc(']', out);
	if (r == 0)
		r = put_goroutine_moves(&process, before, after);
	fputc('}', out);
	report_json_fini(&process);
	return r;
}

int report_diff_json(FILE *out, const struct stack_pair *pair, bool first)
{
	auto_diff struct stack_diff diff = {0};
	int r = stack_diff_make(pair, &diff);

	for (size_t i = 0; r == 0 && i < pair->after_count; i++) {
		const struct stack_report *after = pair->after[i];
		r = put_changes(out, pair, &diff,
			stack_reports_find(pair->before, pair->before_count, after->snapshot->pid),
			after, first);
		first = false;
	}
	for (size_t i = 0; r == 0 && i < pair->before_count; i++) {
		const struct stack_report *before = pair->before[i];
		if (stack_reports_find(pair->after, pair->after_count, before->snapshot->pid))
			continue;
		r = put_changes(out, pair, &diff, before, NULL, first);
		first = false;
	}
	return r;
}

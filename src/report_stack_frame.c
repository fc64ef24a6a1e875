// SPDX-License-Identifier: GPL-2.0-or-later
// One frame a line.
#include "report_text.h"

#include "frameview.h"

// Where in the source it is, as far as that is known.
static void put_position(const struct text *text, const struct frame_view *view)
{
	if (!view->file)
		return;
	fputs(" at ", text->out);
	text_put(text, view->file);
	if (view->line > 0)
		fprintf(text->out, ":%u", view->line);
}

// The function, and the file that it is in.
static void put_function(
	const struct text *text, const struct stack_report *report, const struct frame_view *view)
{
	FILE *out = text->out;
	const struct stack_frame *frame = view->frame;
	const char *path = frame->module == STACK_NO_INDEX
				   ? NULL
				   : report->snapshot->modules[frame->module].path;

	if (view->symbol || view->inlined) {
		fputs(text->style->name, out);
		text_put(text, view->symbol ? view->symbol : "??");
		fputs(text->style->end, out);
		if (view->has_offset)
			fprintf(out, "+0x%llx", (unsigned long long)view->offset);
		put_position(text, view);
		fputs(" in ", out);
		text_put(text, path ? path : "no file");
	} else if (path) {
		text_put(text, path);
		fprintf(out, "+0x%llx", (unsigned long long)frame->vaddr);
		put_position(text, view);
	} else {
		fputs("in no file", out);
	}
}

// What stands behind the address of a frame.
static void put_rest(
	const struct text *text, const struct stack_report *report, const struct frame_view *view)
{
	const struct stack_frame *frame = view->frame;

	put_function(text, report, view);
	if (view->inlined)
		fputs(" [inline]", text->out);
	else if (frame->signal)
		fputs(" <signal handler called>", text->out);
	// Call frame information is the rule, and a signal frame was shown.
	if (!view->inlined && frame->via >= FRAME_VIA_FORWARD && frame->via != FRAME_VIA_SIGRETURN)
		fprintf(text->out, " [%s]", frame_via_name(frame->via));
	fputc('\n', text->out);
}

// True when frame INDEX of the COUNT threads REFS has the same address in all of them.
static bool is_one_pc(
	const struct text *text, const struct stack_ref *refs, size_t count, size_t index)
{
	uint64_t pc = text_stack(text, refs[0])->frames[index].pc;

	for (size_t i = 1; i < count; i++)
		if (text_stack(text, refs[i])->frames[index].pc != pc)
			return false;
	return true;
}

// FRAME of REPORT, and what was inlined into it; the first has NUMBER. Its address is
// left out unless it is KNOWN. Returns the number of the next.
static size_t put_frame(const struct text *text, const struct stack_report *report,
	const struct stack_frame *frame, size_t number, bool known)
{
	size_t count = frame_view_count(report->stacks, frame);

	for (size_t at = 0; at < count; at++) {
		struct frame_view view = frame_view_at(report->stacks, frame, at);
		fprintf(text->out, "%s#%-3zu ", text->prefix, number++);
		if (known)
			fprintf(text->out, "0x%016llx ", (unsigned long long)frame->pc);
		else
			fprintf(text->out, "%19s", "");
		put_rest(text, report, &view);
	}
	return number;
}

void text_put_frames(const struct text *text, const struct stack_ref *refs, size_t count,
	const struct frame_range *range, const char *prefix)
{
	const struct stack_report *report = text->reports[refs[0].report];
	const struct stack *stack = text_stack(text, refs[0]);
	size_t number = frame_view_sum(report->stacks, stack, range->first);
	struct text prefixed = *text;

	prefixed.prefix = prefix;
	for (size_t i = range->first; i < range->end; i++)
		number = put_frame(&prefixed, report, &stack->frames[i], number,
			is_one_pc(text, refs, count, i));
}

void text_put_own_frames(const struct text *text, const struct stack_report *report,
	const struct stack *stack, const struct frame_range *range, const char *prefix)
{
	size_t number = frame_view_sum(report->stacks, stack, range->first);
	struct text prefixed = *text;

	prefixed.prefix = prefix;
	for (size_t i = range->first; i < range->end; i++)
		number = put_frame(&prefixed, report, &stack->frames[i], number, true);
}

void text_put_same(const struct text *text, const struct stack_report *report,
	const struct stack *stack, size_t first)
{
	size_t more = frame_view_sum(report->stacks, stack, stack->frame_count) -
		      frame_view_sum(report->stacks, stack, first);

	if (more > 0)
		fprintf(text->out, "  %zu more frame%s the same\n", more,
			more == 1 ? " is" : "s are");
}

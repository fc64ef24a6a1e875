// SPDX-License-Identifier: GPL-2.0-or-later
// One frame a line.
#include "report_text.h"

#include "frameview.h"
#include "text.h"

static void put_escaped(FILE *out, const char *text)
{
	char buffer[REPORT_SHOWN_SIZE];

	fputs(text_escape(text, buffer, sizeof(buffer)), out);
}

// Where in the source it is, as far as that is known.
static void put_position(FILE *out, const struct frame_view *view)
{
	if (!view->file)
		return;
	fputs(" at ", out);
	put_escaped(out, view->file);
	if (view->line > 0)
		fprintf(out, ":%u", view->line);
}

// The function, and the file that it is in.
static void put_function(const struct text_report *text, const struct frame_view *view)
{
	const struct stack_report *report = text->report;
	const struct text_style *style = text->style;
	FILE *out = text->out;
	const struct stack_frame *frame = view->frame;
	const char *path = frame->module == STACK_NO_INDEX
				   ? NULL
				   : report->snapshot->modules[frame->module].path;

	if (view->symbol || view->inlined) {
		fputs(style->name, out);
		put_escaped(out, view->symbol ? view->symbol : "??");
		fputs(style->end, out);
		if (!view->inlined)
			fprintf(out, "+0x%llx", (unsigned long long)view->offset);
		put_position(out, view);
		fputs(" in ", out);
		put_escaped(out, path ? path : "no file");
	} else if (path) {
		put_escaped(out, path);
		fprintf(out, "+0x%llx", (unsigned long long)frame->vaddr);
		put_position(out, view);
	} else {
		fputs("in no file", out);
	}
}

static void put_frame(const struct text_report *text, size_t number, const struct frame_view *view)
{
	const struct stack_frame *frame = view->frame;
	FILE *out = text->out;

	fprintf(out, "#%-3zu 0x%016llx ", number, (unsigned long long)frame->pc);
	put_function(text, view);
	if (view->inlined)
		fputs(" [inline]", out);
	else if (frame->signal)
		fputs(" <signal handler called>", out);
	// Call frame information is the rule, and a signal frame was shown.
	if (!view->inlined && frame->via >= FRAME_VIA_FORWARD && frame->via != FRAME_VIA_SIGRETURN)
		fprintf(out, " [%s]", frame_via_name(frame->via));
	fputc('\n', out);
}

void report_text_frames(const struct text_report *text, const struct stack *stack)
{
	const struct stacks *stacks = text->report->stacks;
	size_t number = 0;

	for (size_t i = 0; i < stack->frame_count; i++) {
		size_t count = frame_view_count(stacks, &stack->frames[i]);
		for (size_t at = 0; at < count; at++) {
			struct frame_view view = frame_view_at(stacks, &stack->frames[i], at);
			put_frame(text, number++, &view);
		}
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks for people.
#include "report_text.h"

#include "cleanup.h"
#include "text.h"

#include <string.h>

enum {
	SHOWN_SIZE = 2048,   // bytes shown of a path or name
	WIDTH_DEFAULT = 100, // columns, where no terminal says
	WIDTH_MIN = 40,
};

struct text text_make(FILE *out, const struct text_options *options,
	const struct stack_report *const *reports, size_t count)
{
	static const struct text_style plain = {"", "", "", ""};
	static const struct text_style coloured = {"\033[1m", "\033[36m", "\033[31m", "\033[0m"};
	size_t width = options->width ? options->width : WIDTH_DEFAULT;

	// Beside a list of threads stand their number, names and state.
	return (struct text){.out = out,
		.style = options->color ? &coloured : &plain,
		.width = (width > WIDTH_MIN ? width : WIDTH_MIN) / 2,
		.reports = reports,
		.report_count = count};
}

void text_put(const struct text *text, const char *word)
{
	char buffer[SHOWN_SIZE];

	fputs(text_escape(word, buffer, sizeof(buffer)), text->out);
}

const char *text_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

// True when frame NUMBER of the COUNT threads REFS has the same address in all of them.
static bool is_one_pc(
	const struct text *text, const struct stack_ref *refs, size_t count, size_t number)
{
	uint64_t pc = text_stack(text, refs[0])->frames[number].pc;

	for (size_t i = 1; i < count; i++)
		if (text_stack(text, refs[i])->frames[number].pc != pc)
			return false;
	return true;
}

// Where FRAME is.
static void put_place(
	const struct text *text, const struct stack_report *report, const struct stack_frame *frame)
{
	FILE *out = text->out;

	if (frame->symbol != STACK_NO_INDEX) {
		const struct stack_symbol *symbol = &report->stacks->symbols[frame->symbol];
		fputs(text->style->name, out);
		text_put(text, symbol->name);
		fprintf(out, "%s+0x%llx in ", text->style->end,
			(unsigned long long)(frame->vaddr - symbol->vaddr));
		if (frame->module != STACK_NO_INDEX)
			text_put(text, report->snapshot->modules[frame->module].path);
		else
			fputs("no file", out);
	} else if (frame->module != STACK_NO_INDEX) {
		text_put(text, report->snapshot->modules[frame->module].path);
		fprintf(out, "+0x%llx", (unsigned long long)frame->vaddr);
	} else {
		fputs("in no file", out);
	}
}

// What stands behind the address of FRAME.
static void put_rest(
	const struct text *text, const struct stack_report *report, const struct stack_frame *frame)
{
	put_place(text, report, frame);
	if (frame->signal)
		fputs(" <signal handler called>", text->out);
	// Call frame information is the rule, and a signal frame was shown.
	if (frame->via >= FRAME_VIA_FORWARD && frame->via != FRAME_VIA_SIGRETURN)
		fprintf(text->out, " [%s]", frame_via_name(frame->via));
	fputc('\n', text->out);
}

void text_put_frame(const struct text *text, const struct stack_ref *refs, size_t count,
	size_t number, const char *prefix)
{
	const struct stack_frame *frame = &text_stack(text, refs[0])->frames[number];

	fprintf(text->out, "%s#%-3zu ", prefix, number);
	if (is_one_pc(text, refs, count, number))
		fprintf(text->out, "0x%016llx ", (unsigned long long)frame->pc);
	else
		fprintf(text->out, "%19s", "");
	put_rest(text, text->reports[refs[0].report], frame);
}

void text_put_own_frame(const struct text *text, const struct stack_report *report, size_t number,
	const struct stack_frame *frame)
{
	fprintf(text->out, "#%-3zu 0x%016llx ", number, (unsigned long long)frame->pc);
	put_rest(text, report, frame);
}

// Where the engines differ on thread REF, if they do.
static void put_verify(const struct text *text, struct stack_ref ref)
{
	const struct stack_report *report = text->reports[ref.report];
	const struct stack *stack = text_stack(text, ref);
	char ends[2][24] = {"the chain ends", "the chain ends"};

	if (!stack_report_differs(report, ref.thread))
		return;
	const struct stack_verify *verify = &report->stacks->verifies[ref.thread];
	if (verify->same < stack->frame_count)
		snprintf(ends[0], sizeof(ends[0]), "0x%016llx",
			(unsigned long long)stack->frames[verify->same].pc);
	if (verify->other_goes_on)
		snprintf(ends[1], sizeof(ends[1]), "0x%016llx",
			(unsigned long long)verify->other_pc);
	fprintf(text->out, "%sverify: engines differ at #%zu: %s, by the second one %s%s\n",
		text->style->trouble, verify->same, ends[0], ends[1], text->style->end);
}

void text_put_end(const struct text *text, struct stack_ref ref)
{
	const struct stack *stack = text_stack(text, ref);
	char reason[STACK_REASON_SIZE];

	if (stack->end.overflow_sp)
		fprintf(text->out,
			"%sstack overflow: the stack pointer, 0x%llx, is at the end of its "
			"stack%s\n",
			text->style->trouble, (unsigned long long)stack->end.overflow_sp,
			text->style->end);
	put_verify(text, ref);
	stack_report_reason(text->reports[ref.report], ref.thread, reason, sizeof(reason));
	if (!reason[0])
		return;
	fprintf(text->out, "%s%s", text->style->trouble,
		stack->frame_count > 0 ? "the chain stops here: " : "no stack: ");
	text_put(text, reason);
	fprintf(text->out, "%s\n", text->style->end);
}

// The COUNT threads REFS, which have the same stack. Fails with -ENOMEM.
static int put_group(const struct text *text, const struct stack_ref *refs, size_t count)
{
	const struct stack *stack = text_stack(text, refs[0]);
	int r;

	fputs(text->style->head, text->out);
	text_put_threads(text, refs, count);
	fprintf(text->out, "%s\n", text->style->end);
	if ((r = text_put_context(text, refs, count)) < 0)
		return r;
	for (size_t i = 0; i < stack->frame_count; i++)
		text_put_frame(text, refs, count, i, "");
	text_put_end(text, refs[0]);
	fputc('\n', text->out);
	return 0;
}

// What the comparison with the second engine came to, if it was asked for.
static void put_verify_sum(const struct text *text)
{
	size_t counts[STACK_VERIFY_COUNT] = {0};
	bool asked = false;

	for (size_t i = 0; i < text->report_count; i++) {
		const struct stack_report *report = text->reports[i];
		asked |= report->stacks->verifies != NULL;
		for (size_t j = 0; report->stacks->verifies && j < report->snapshot->thread_count;
			j++)
			if (report->snapshot->threads[j].status == SNAPSHOT_THREAD_CAPTURED)
				counts[report->stacks->verifies[j].result]++;
	}
	if (asked)
		fprintf(text->out,
			"verify: %zu stacks agree, %zu differ, %zu could be compared in part "
			"only\n",
			counts[STACK_VERIFY_SAME], counts[STACK_VERIFY_DIFFERS],
			counts[STACK_VERIFY_PARTLY]);
}

// The last line of a report that merges: what one would have to count.
static void put_sum(const struct text *text, const struct stack_groups *groups)
{
	size_t incomplete = 0;

	for (size_t i = 0; i < groups->ref_count; i++)
		incomplete += text_stack(text, groups->refs[i])->end.status != STACK_COMPLETE;
	if (groups->ref_count < 2)
		return;
	if (text->report_count > 1)
		fprintf(text->out, "%zu processes, ", text->report_count);
	fprintf(text->out, "%zu threads, %zu different stack%s", groups->ref_count,
		groups->group_count, text_plural(groups->group_count));
	if (incomplete > 0)
		fprintf(text->out, ", %zu incomplete", incomplete);
	fputc('\n', text->out);
}

int report_stack_text(FILE *out, const struct stack_report *const *reports, size_t count,
	const struct text_options *options)
{
	auto_groups struct stack_groups groups = {0};
	struct text text = text_make(out, options, reports, count);
	int r = stack_groups_make(reports, count, options->merge, &groups);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		text_put_process(&text, reports[i]);
	for (size_t i = 0; r == 0 && i < groups.group_count; i++) {
		const struct stack_group *group = &groups.groups[i];
		r = put_group(&text, groups.refs + group->first, group->end - group->first);
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = text_put_goroutines(&text, reports[i], options->merge);
	if (options->merge)
		put_sum(&text, &groups);
	put_verify_sum(&text);
	return r;
}

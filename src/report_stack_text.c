// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks for people.
#include "report_text.h"

#include "cleanup.h"
#include "frameview.h"
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
		.prefix = "",
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
	size_t shown = frame_view_sum(report->stacks, stack, verify->same);
	fprintf(text->out, "%sverify: engines differ at #%zu: %s, by the second one %s%s\n",
		text->style->trouble, shown, ends[0], ends[1], text->style->end);
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
	text_put_waited(text, refs, count);
	fprintf(text->out, "%s\n", text->style->end);
	if ((r = text_put_context(text, refs, count)) < 0)
		return r;
	text_put_frames(text, refs, count, &(struct frame_range){0, stack->frame_count}, "");
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

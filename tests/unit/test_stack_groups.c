// SPDX-License-Identifier: GPL-2.0-or-later
// Which threads are shown as one.
#include "stack_groups.h"

#include "report_sample.h"
#include "stack_compare.h"

static struct sample one, two;
static const struct stack_report *reports[] = {&one.report, &two.report};

// Groups COUNT of the samples. Returns them as words: thread ids, groups divided by bars.
static const char *grouped(size_t count, bool merge)
{
	static char text[256];
	struct stack_groups groups;
	int len = 0;

	check_int(stack_groups_make(reports, count, merge, &groups), 0);
	text[0] = '\0';
	for (size_t i = 0; i < groups.group_count; i++)
		for (size_t j = groups.groups[i].first; j < groups.groups[i].end; j++) {
			struct stack_ref ref = groups.refs[j];
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%d",
				j == groups.groups[i].first ? (i ? " | " : "") : " ",
				reports[ref.report]->snapshot->threads[ref.thread].tid);
		}
	stack_groups_fini(&groups);
	check_no_leak();
	return text;
}

static void samples(void)
{
	sample_init(&one, 1, 0x400000);
	sample_init(&two, 100, 0x7f0000000000);
}

Test(stack_groups, nobody, .init = samples)
{
	check_str(grouped(0, true), "");
	check_str(grouped(2, true), "");
}

Test(stack_groups, the_odd_ones_first, .init = samples)
{
	sample_add(&one, 1, "ab");
	sample_add(&one, 2, "cb");
	sample_add(&one, 3, "ab");
	sample_add(&one, 4, "db");
	sample_add(&one, 5, "ab");
	check_str(grouped(1, true), "2 | 4 | 1 3 5");
	check_str(grouped(1, false), "1 | 2 | 3 | 4 | 5");
}

Test(stack_groups, of_several_processes, .init = samples)
{
	sample_add(&one, 1, "a.b");
	sample_add(&one, 2, "?b");
	sample_add(&two, 100, "a.b");
	sample_add(&two, 101, "?b");
	sample_add(&two, 102, "ab");
	check_str(grouped(2, true), "102 | 1 100 | 2 101");
}

Test(stack_groups, what_divides, .init = samples)
{
	sample_add(&one, 1, "ab");
	sample_add(&one, 2, "ab")->state = 'D';
	sample_add(&one, 3, "ab!");
	sample_add(&one, 4, "a");
	sample_add(&one, 5, "")->status = SNAPSHOT_THREAD_DENIED;
	sample_add(&one, 6, "")->status = SNAPSHOT_THREAD_TIMEOUT;
	one.stacks_rows[3].end.overflow_sp = 0x1000;
	sample_add(&one, 7, "a");
	check_str(grouped(1, true), "1 | 2 | 3 | 4 | 5 | 6 | 7");
}

// Two programs that differ by nothing but their path, by turns.
Test(stack_groups, the_file_tells, .init = samples)
{
	sample_add(&one, 1, "az");
	sample_add(&two, 100, "az");
	sample_add(&one, 2, "az");
	sample_add(&two, 101, "az");
	one.frames[1][0].module = one.frames[1][1].module = 1;
	two.frames[1][0].module = two.frames[1][1].module = 1;
	check_str(grouped(2, true), "1 100 | 2 101");
}

// Files of the same path that are not the same file, and the other way round.
Test(stack_groups, modules_of_several_processes, .init = samples)
{
	sample_add(&one, 1, "a");
	sample_add(&two, 100, "a");
	check_true(stack_same_frames(&one.report, 0, &two.report, 0));
	one.known[0].build_id = (struct buildid){.len = 1, .bytes = {1}};
	check_true(stack_same_frames(&one.report, 0, &two.report, 0));
	two.known[0].build_id = (struct buildid){.len = 1, .bytes = {2}};
	check_false(stack_same_frames(&one.report, 0, &two.report, 0));
	two.known[0].build_id = one.known[0].build_id;
	check_true(stack_same_frames(&one.report, 0, &two.report, 0));
	two.modules[0].path = (char[]){"/bin/other"};
	check_false(stack_same_frames(&one.report, 0, &two.report, 0));
}

// Code in no file at the same address, in another process, can be other code.
Test(stack_groups, made_code_by_its_name, .init = samples)
{
	sample_add(&one, 1, "?");
	sample_add(&two, 100, "?");
	check_str(grouped(2, true), "1 100");
	one.frames[0][0].symbol = two.frames[0][0].symbol = 0;
	check_str(grouped(2, true), "1 100");
	two.frames[0][0].symbol = 1;
	check_str(grouped(2, true), "1 | 100");
}

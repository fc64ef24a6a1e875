// SPDX-License-Identifier: GPL-2.0-or-later
// What moved, and how it is said.
#include "report_stack_diff.h"

#include "diff_sample.h"

static struct sample old, new;
static const struct stack_report *before[] = {&old.report}, *after[] = {&new.report};
static const struct stack_pair pair = {before, after, 1, 1};

static void samples(void)
{
	sample_init(&old, 1, 0x400000);
	sample_init(&new, 1, 0x400000);
	old.report.time_ms = 1000;
	new.report.time_ms = 3500;
	new.report.round = 2;
}

// Each thread's id and move.
static const char *moves(void)
{
	static char text[256];
	struct stack_diff diff;
	int len = 0;

	check_int(stack_diff_make(&pair, &diff), 0);
	text[0] = '\0';
	for (size_t i = 0; i < diff.count; i++) {
		const struct stack_diff_row *row = &diff.rows[i];
		const struct snapshot_thread *thread = row->move == STACK_WENT
							       ? &old.threads[row->before.thread]
							       : &new.threads[row->after.thread];
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%d %s", i ? ", " : "",
			thread->tid, stack_move_name(row->move));
		if (row->move == STACK_MOVED)
			len += snprintf(
				text + len, sizeof(text) - (size_t)len, " %zu", row->common);
	}
	stack_diff_fini(&diff);
	check_no_leak();
	return text;
}

Test(stack_diff, nobody, .init = samples)
{
	check_str(moves(), "");
}

Test(stack_diff, every_move, .init = samples)
{
	sample_add(&old, 10, "abz");
	sample_add(&new, 10, "abz");
	sample_add(&old, 11, "abz");
	sample_add(&new, 11, "dcbz");
	sample_add(&old, 12, "abz");
	sample_add(&new, 12, "abz")->switches = 5;
	sample_add(&old, 13, "abz");
	sample_add(&new, 14, "abz");
	check_str(moves(), "10 stayed, 11 moved 2, 12 ran, 13 went, 14 came");
}

// In whatever order they are listed.
Test(stack_diff, by_id, .init = samples)
{
	sample_add(&old, 12, "a");
	sample_add(&old, 11, "b");
	sample_add(&new, 11, "b");
	sample_add(&new, 12, "a");
	check_str(moves(), "11 stayed, 12 stayed");
}

// A count that our stopping of a thread has changed, or that is not known, tells nothing.
Test(stack_diff, counts_that_tell_nothing, .init = samples)
{
	sample_add(&old, 10, "a")->switches = 0;
	sample_add(&new, 10, "a")->switches = 9;
	sample_add(&old, 11, "a")->switches = 9;
	sample_add(&new, 11, "a")->switches = 0;
	sample_add(&old, 12, "a")->switches = 0;
	sample_add(&new, 12, "a")->state = 'R'; // found on a CPU
	check_str(moves(), "10 stayed, 11 stayed, 12 ran");
}

Test(stack_diff, what_could_not_be_looked_at, .init = samples)
{
	sample_add(&old, 10, "")->status = SNAPSHOT_THREAD_TIMEOUT;
	sample_add(&new, 10, "a");
	sample_add(&old, 11, "")->status = SNAPSHOT_THREAD_MOVING;
	sample_add(&new, 11, "a");
	sample_add(&old, 12, "a");
	sample_add(&new, 12, "")->status = SNAPSHOT_THREAD_GONE;
	sample_add(&old, 13, "")->status = SNAPSHOT_THREAD_KERNEL;
	sample_add(&new, 13, "")->status = SNAPSHOT_THREAD_KERNEL;
	check_str(moves(), "10 unknown, 11 ran, 12 went");
}

// Of a chain that was cut, nobody knows what its outer frames are.
Test(stack_diff, incomplete_chains_have_nothing_in_common, .init = samples)
{
	sample_add(&old, 10, "ab!");
	sample_add(&new, 10, "cb!");
	sample_add(&old, 11, "ab!");
	sample_add(&new, 11, "ab!");
	check_str(moves(), "10 moved 0, 11 stayed");
}

Test(stack_diff, text_says_what_moved_only, .init = samples)
{
	for (int tid = 10; tid < 12; tid++) {
		sample_add(&old, tid, "abz");
		sample_add(&new, tid, "dbz");
	}
	sample_add(&old, 12, "abz");
	sample_add(&new, 12, "abz");
	sample_add(&old, 13, "ez");
	sample_add(&old, 14, "abz");
	sample_add(&new, 14, "abz")->switches = 2;
	check_str(sample_diff_text(&pair, true),
		"round 2 against round 1, 2.500 s before\n"
		"process 1 \"\"\n"
		"\n"
		"thread 13 \"name\" S, has ended\n"
		"- #0   0x0000000000400505 e+0x5 in /bin/app\n"
		"- #1   0x0000000000401a05 z+0x5 in /bin/app\n"
		"\n"
		"2 threads 10-11 \"name\" S, before S\n"
		"- #0   0x0000000000400105 a+0x5 in /bin/app\n"
		"+ #0   0x0000000000400405 d+0x5 in /bin/app\n"
		"  #1   0x0000000000400205 b+0x5 in /bin/app\n"
		"  #2   0x0000000000401a05 z+0x5 in /bin/app\n"
		"\n"
		"thread 14 \"name\" S, was on a CPU, and is where it was (1 context switch)\n"
		"\n"
		"1 of 4 threads did not move\n");
	check_true(strstr(sample_diff_text(&pair, false), "thread 10 \"name\"") != NULL);
}

// Of what both rounds have, as much as shows where it is.
Test(stack_diff, text_shows_some_of_what_is_the_same, .init = samples)
{
	sample_add(&old, 10, "abcdz");
	sample_add(&new, 10, "ebcdz");
	check_true(strstr(sample_diff_text(&pair, true),
			   "+ #0   0x0000000000400505 e+0x5 in /bin/app\n"
			   "  #1   0x0000000000400205 b+0x5 in /bin/app\n"
			   "  #2   0x0000000000400305 c+0x5 in /bin/app\n"
			   "  #3   0x0000000000400405 d+0x5 in /bin/app\n"
			   "  1 more frame is the same\n"
			   "\n") != NULL);
	samples();
	sample_add(&old, 10, "abbbbz");
	sample_add(&new, 10, "fcabbbbz");
	check_true(strstr(sample_diff_text(&pair, true),
			   "+ #1   0x0000000000400305 c+0x5 in /bin/app\n"
			   "  #2   0x0000000000400105 a+0x5 in /bin/app\n"
			   "  #3   0x0000000000400205 b+0x5 in /bin/app\n"
			   "  #4   0x0000000000400205 b+0x5 in /bin/app\n"
			   "  3 more frames are the same\n") != NULL);
}

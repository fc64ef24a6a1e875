// SPDX-License-Identifier: GPL-2.0-or-later
// What became of goroutines, and how it is said.
#include "goroutine_diff.h"
#include "report_stack_diff.h"

#include "diff_sample.h"

static struct sample old, new;
static const struct stack_report *before[] = {&old.report}, *after[] = {&new.report};
static struct stack_pair pair;

static void samples(void)
{
	sample_init(&old, 1, 0x400000);
	sample_init(&new, 1, 0x400000);
	new.report.round = 2;
	new.report.time_ms = 1000;
	pair = (struct stack_pair){before, after, 1, 1};
}

static void go_samples(void)
{
	samples();
	sample_go(&old);
	sample_go(&new);
}

// Each goroutine's id and move between X and Y, or why there are none.
static const char *moves_between(const struct stack_report *x, const struct stack_report *y)
{
	static char text[512];
	struct goroutine_diff diff;
	int len = 0;

	check_int(goroutine_diff_make(x, y, &diff), 0);
	snprintf(text, sizeof(text), "%s", diff.reason ? diff.reason : diff.there ? "" : "none");
	for (size_t i = 0; i < diff.count; i++) {
		const struct goroutine_diff_row *row = &diff.rows[i];
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%llu %s", i ? ", " : "",
			(unsigned long long)row->id, stack_move_name(row->move));
		if (row->move == STACK_MOVED)
			len += snprintf(
				text + len, sizeof(text) - (size_t)len, " %zu", row->common);
	}
	goroutine_diff_fini(&diff);
	check_no_leak();
	return text;
}

static const char *moves(void)
{
	return moves_between(&old.report, &new.report);
}

Test(goroutine_diff, of_what_is_not_go, .init = samples)
{
	check_str(moves(), "none");
	sample_go(&new);
	check_str(moves(), "it had no Go runtime in the round before");
	check_str(moves_between(&new.report, &old.report), "it has no Go runtime any more");
}

Test(goroutine_diff, that_are_not_known, .init = go_samples)
{
	sample_park(&new, 7, "select", "abz");
	old.stacks.goroutines.shown = false;
	strcpy(old.stacks.goroutines.reason, "why");
	check_str(moves(), "why");
	check_str(moves_between(&new.report, &old.report), "why");
}

Test(goroutine_diff, every_move, .init = go_samples)
{
	sample_park(&old, 1, "select", "abz");
	sample_park(&new, 1, "select", "abz");
	sample_park(&old, 2, "select", "abz");
	sample_park(&new, 2, "select", "dcbz");
	sample_park(&old, 3, "select", "abz");
	sample_park(&new, 3, "sleep", "abz");
	sample_park(&old, 4, "", "abz");
	sample_park(&new, 4, "", "abz")->state = GOROUTINE_RUNNABLE;
	sample_park(&old, 5, "", "abz");
	sample_park(&new, 6, "", "abz");
	check_str(moves(), "1 stayed, 2 moved 2, 3 moved 3, 4 moved 3, 5 went, 6 came");
}

// What runs is not gone.
Test(goroutine_diff, that_run, .init = go_samples)
{
	sample_park(&old, 1, "select", "abz");
	sample_other(&new, 1, true);
	sample_other(&old, 2, true);
	sample_park(&new, 2, "select", "abz");
	sample_other(&old, 3, true);
	sample_other(&new, 3, true);
	sample_other(&old, 4, true);
	sample_other(&new, 5, true);
	check_str(moves(), "1 ran, 2 ran, 3 unknown, 4 went, 5 came");
}

Test(goroutine_diff, too_many, .init = go_samples)
{
	sample_park(&old, 1, "select", "abz");
	sample_other(&new, 1, false);
	sample_other(&old, 2, false);
	sample_park(&new, 2, "select", "abz");
	sample_other(&old, 3, false);
	sample_other(&new, 4, false);
	check_str(moves(), "1 unknown, 2 unknown, 3 went, 4 came");
}

// Where some could not be read, one that is missing can be one of these.
Test(goroutine_diff, that_are_not_all, .init = go_samples)
{
	sample_park(&old, 1, "select", "abz");
	sample_park(&new, 2, "select", "abz");
	new.stacks.goroutines.whole = false;
	check_str(moves(), "1 unknown, 2 came");
	old.stacks.goroutines.whole = false;
	check_str(moves(), "1 unknown, 2 unknown");
}

Test(goroutine_diff, of_a_process_that_is_new_or_has_ended, .init = go_samples)
{
	sample_park(&old, 1, "select", "abz");
	sample_other(&old, 2, true);
	old.stacks.goroutines.whole = false;
	check_str(moves_between(NULL, &old.report), "1 came, 2 came");
	check_str(moves_between(&old.report, NULL), "1 went, 2 went");
	samples();
	check_str(moves_between(NULL, &old.report), "none");
}

Test(goroutine_diff, text_says_what_moved_only, .init = go_samples)
{
	for (uint64_t id = 7; id < 9; id++) {
		sample_park(&old, id, "select", "abz");
		sample_park(&new, id, "sleep", "dbz");
	}
	sample_park(&old, 9, "select", "abz");
	sample_park(&new, 9, "select", "abz");
	sample_park(&old, 10, "select", "ez");
	sample_park(&new, 11, "select", "ez!");
	sample_park(&old, 12, "select", "fz");
	sample_other(&new, 12, true);
	sample_other(&new, 13, true);
	check_str(sample_diff_text(&pair, true), "round 2 against round 1, 1.000 s before\n"
						 "process 1 \"\"\n"
						 "\n"
						 "goroutine 10 [select], has ended\n"
						 "- #0   0x0000000000400505 e+0x5 in /bin/app\n"
						 "- #1   0x0000000000401a05 z+0x5 in /bin/app\n"
						 "\n"
						 "goroutine 13 [running], is new\n"
						 "\n"
						 "goroutine 11 [select], is new\n"
						 "+ #0   0x0000000000400505 e+0x5 in /bin/app\n"
						 "+ #1   0x0000000000401a05 z+0x5 in /bin/app\n"
						 "the chain stops here: it is lost\n"
						 "\n"
						 "2 goroutines 7, 8 [sleep], before [select]\n"
						 "- #0   0x0000000000400105 a+0x5 in /bin/app\n"
						 "+ #0   0x0000000000400405 d+0x5 in /bin/app\n"
						 "  #1   0x0000000000400205 b+0x5 in /bin/app\n"
						 "  #2   0x0000000000401a05 z+0x5 in /bin/app\n"
						 "\n"
						 "goroutine 12 [running], before [select]\n"
						 "- #0   0x0000000000400605 f+0x5 in /bin/app\n"
						 "- #1   0x0000000000401a05 z+0x5 in /bin/app\n"
						 "\n"
						 "1 of 6 goroutines did not move\n"
						 "0 of 0 threads did not move\n");
	check_true(strstr(sample_diff_text(&pair, false),
			   "\ngoroutine 7 [sleep], before [select]\n") != NULL);
}

Test(goroutine_diff, text_of_what_is_not_compared, .init = go_samples)
{
	new.stacks.goroutines.shown = false;
	strcpy(new.stacks.goroutines.reason, "their list was \n not found");
	check_true(strstr(sample_diff_text(&pair, true),
			   "goroutines are not compared: their list was ") != NULL);
}

// Of several processes, each has its own.
Test(goroutine_diff, text_of_several_processes, .init = go_samples)
{
	static struct sample other;
	const struct stack_report *two[] = {&new.report, &other.report};

	sample_init(&other, 2, 0x400000);
	sample_park(&old, 7, "select", "az");
	sample_park(&new, 7, "select", "az");
	sample_park(&other, 7, "select", "az");
	pair.after = two;
	pair.after_count = 2;
	check_true(strstr(sample_diff_text(&pair, true),
			   "goroutine 7 [select] of process 2, is new\n") != NULL);
	check_true(strstr(sample_diff_text(&pair, true),
			   "1 of 1 goroutine did not move (process 1)\n") != NULL);
	check_true(strstr(sample_diff_text(&pair, true),
			   "0 of 1 goroutine did not move (process 2)\n") != NULL);
}

Test(goroutine_diff, text_shows_some_of_what_is_the_same, .init = go_samples)
{
	sample_park(&old, 7, "select", "abcdyz");
	sample_park(&new, 7, "sleep", "abcdyz");
	check_true(strstr(sample_diff_text(&pair, true),
			   "goroutine 7 [sleep], before [select]\n"
			   "  #0   0x0000000000400105 a+0x5 in /bin/app\n"
			   "  #1   0x0000000000400205 b+0x5 in /bin/app\n"
			   "  #2   0x0000000000400305 c+0x5 in /bin/app\n"
			   "  3 more frames are the same\n"
			   "\n") != NULL);
}

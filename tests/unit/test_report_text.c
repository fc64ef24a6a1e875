// SPDX-License-Identifier: GPL-2.0-or-later
// Reports for people: several processes, many threads, terminals of any width.
#include "report_stack.h"

#include "report_sample.h"

#include <sys/syscall.h>

static struct sample one, two;
static const struct stack_report *reports[] = {&one.report, &two.report};

static void samples(void)
{
	sample_init(&one, 10, 0x400000);
	sample_init(&two, 20, 0x7f0000000000);
	strcpy(one.snapshot.name, "one");
	strcpy(two.snapshot.name, "two");
}

// What is printed of COUNT of the samples, below the headers.
static const char *text(size_t count, struct text_options options)
{
	static char buffer[16384];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	check_int(report_stack_text(out, reports, count, &options), 0);
	fclose(out);
	check_no_leak();
	const char *at = buffer;
	for (size_t i = 0; i < count; i++)
		at = strstr(at, "\n\n") + 2;
	return at;
}

static void check_begins(const char *actual, const char *expected)
{
	cr_assert(strncmp(actual, expected, strlen(expected)) == 0, "%s", actual);
}

Test(report_text, processes_are_merged_and_told_apart, .init = samples)
{
	sample_add(&one, 10, "az");
	sample_add(&one, 11, "bz");
	sample_add(&two, 20, "az");
	check_str(text(2, (struct text_options){.merge = true}),
		"thread 11 of process 10 \"name\" S\n"
		"#0   0x0000000000400205 b+0x5 in /bin/app\n"
		"#1   0x0000000000401a05 z+0x5 in /bin/app\n"
		"\n"
		"2 threads of 2 processes: 10, 20 \"name\" S\n"
		"#0                      a+0x5 in /bin/app\n"
		"#1                      z+0x5 in /bin/app\n"
		"\n"
		"2 processes, 3 threads, 2 different stacks\n");
}

Test(report_text, threads_of_several_processes, .init = samples)
{
	for (int i = 0; i < 3; i++) {
		sample_add(&one, 10 + i, "a");
		sample_add(&two, 20 + 2 * i, "a");
	}
	check_begins(text(2, (struct text_options){.merge = true}),
		"6 threads of 2 processes: 10 (10-12), 20 (20, 22, 24) \"name\" S\n");
}

// In read(2) from FD.
static void reads(struct snapshot_thread *thread, uint64_t fd)
{
	thread->in_syscall = true;
	thread->syscall_nr = SYS_read;
	thread->syscall_args[0] = fd;
	thread->syscall_args[1] = 0x1000;
	thread->syscall_args[2] = 8;
}

// Whoever shares a stack may wait for something else: it is said of whom.
Test(report_text, what_processes_wait_for, .init = samples)
{
	reads(sample_add(&one, 10, "a"), 3);
	reads(sample_add(&two, 20, "a"), 3);
	check_begins(text(2, (struct text_options){.merge = true}),
		"2 threads of 2 processes: 10, 20 \"name\" S in read\n"
		"     read(3, ..., 8)\n"
		"#0 ");
	reads(&two.threads[0], 4);
	check_begins(text(2, (struct text_options){.merge = true}),
		"2 threads of 2 processes: 10, 20 \"name\" S in read\n"
		"     in process 10:\n"
		"     read(3, ..., 8)\n"
		"     in process 20:\n"
		"     read(4, ..., 8)\n"
		"#0 ");
}

// How long threads that are shown as one have waited is told as a range, and never keeps them
// apart.
Test(report_text, how_long_threads_have_waited, .init = samples)
{
	static const uint64_t waited_ms[] = {7980000, 480, 480999};
	for (int i = 0; i < 3; i++) {
		struct snapshot_thread *thread = sample_add(&one, 10 + i, "a");
		thread->wait.waited_known = true;
		thread->wait.waited_ms = waited_ms[i];
	}
	check_begins(text(1, (struct text_options){.merge = true}),
		"3 threads 10-12 \"name\" S for 480 ms to 2 h 13 min\n#0 ");
	one.threads[1].wait.waited_known = false;
	check_begins(text(1, (struct text_options){.merge = true}),
		"3 threads 10-12 \"name\" S for 8 min to 2 h 13 min (1 not known)\n#0 ");
	check_begins(text(1, (struct text_options){.merge = false}),
		"thread 10 \"name\" S for 2 h 13 min\n#0 ");
	one.threads[0].wait.waited_ms = 480000;
	one.threads[1].wait = one.threads[0].wait;
	check_begins(text(1, (struct text_options){.merge = true}),
		"3 threads 10-12 \"name\" S for 8 min\n#0 ");
	for (int i = 0; i < 3; i++)
		one.threads[i].wait.waited_known = false;
	check_begins(
		text(1, (struct text_options){.merge = true}), "3 threads 10-12 \"name\" S\n#0 ");
}

// Ids are shortened to what fits, and told how many are not shown.
Test(report_text, long_lists_are_shortened, .init = samples)
{
	for (int i = 0; i < SAMPLE_THREADS; i++)
		sample_add(&one, 100000 + 2 * i, "a");
	check_begins(text(1, (struct text_options){.merge = true, .width = 40}),
		"8 threads 100000, 100002 and 6 more \"name\" S\n");
	check_begins(text(1, (struct text_options){.merge = true, .width = 200}),
		"8 threads 100000, 100002, 100004, 100006, 100008, 100010, 100012, "
		"100014 \"name\" S\n");
	const char *all = text(1, (struct text_options){.width = 40});
	check_true(strstr(all, "thread 100014 \"name\" S\n") != NULL);
	check_true(strstr(all, "different stack") == NULL);
}

Test(report_text, what_is_incomplete_is_counted, .init = samples)
{
	sample_add(&one, 10, "a!");
	sample_add(&one, 11, "b");
	const char *all = text(1, (struct text_options){.merge = true});
	check_true(strstr(all, "the chain stops here: it is lost\n") != NULL);
	check_true(strstr(all, "\n2 threads, 2 different stacks, 1 incomplete\n") != NULL);
}

Test(report_text, colour, .init = samples)
{
	sample_add(&one, 10, "a");
	check_true(strchr(text(1, (struct text_options){0}), '\033') == NULL);
	struct text_options options = {.color = true};
	static char buffer[4096];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");
	check_int(report_stack_text(out, reports, 1, &options), 0);
	fclose(out);
	check_true(strstr(buffer, "\033[1mthread 10 \"name\" S\033[0m\n") != NULL);
	check_true(strstr(buffer, " \033[36ma\033[0m+0x5 in /bin/app\n") != NULL);
}

// As the runtime says it, from one minute on; of those that are one block, from the least to the
// most.
Test(report_text, how_long_goroutines_wait, .init = samples)
{
	static const struct {
		uint64_t since_s[2];
		const char *words;
	} rows[] = {{{1000, 1000}, "[select]"}, {{941, 941}, "[select]"},
		{{940, 940}, "[select, 1 minutes]"}, {{820, 819}, "[select, 3 minutes]"},
		{{820, 580}, "[select, 3 to 7 minutes]"}, {{0, 580}, "[select, up to 7 minutes]"},
		{{580, 1001}, "[select, up to 7 minutes]"}, {{1001, 1001}, "[select]"}};

	sample_add(&one, 10, "az");
	for (uint64_t id = 7; id < 9; id++)
		sample_park(&one, id, "select", "bz");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < 2; j++)
			one.goroutines[j].since_ns = rows[i].since_s[j] * 1000000000;
		one.snapshot.clock_ns = UINT64_C(1000000000000);
		const char *shown = text(1, (struct text_options){.merge = true});
		const char *at = strstr(shown, "2 goroutines 7, 8 ");
		cr_assert(at && strncmp(strchr(at, '['), rows[i].words, strlen(rows[i].words)) == 0,
			"%zu: %s", i, shown);
		// Where the clock is not known, nothing is.
		one.snapshot.clock_ns = 0;
		shown = text(1, (struct text_options){.merge = true});
		check_true(strstr(shown, "2 goroutines 7, 8 [select]\n") != NULL);
	}
}

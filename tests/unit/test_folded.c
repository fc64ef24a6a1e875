// SPDX-License-Identifier: GPL-2.0-or-later
// Folded stacks.
#include "report_stack_folded.h"

#include "report_sample.h"

static struct sample sample;

static void samples(void)
{
	sample_init(&sample, 1, 0x400000);
}

static void check_line(size_t index, const char *expected)
{
	char *line = folded_line(&sample.report, index);

	check_true(line != NULL);
	check_str(line, expected);
	free(line);
}

Test(folded, lines, .init = samples)
{
	sample_add(&sample, 1, "abz");
	sample_add(&sample, 2, "a.?z");
	sample_add(&sample, 3, "ab!");
	sample_add(&sample, 4, "")->status = SNAPSHOT_THREAD_TIMEOUT;
	sample.stacks_rows[3].end.status = STACK_FAILED;
	check_line(0, "name;z;b;a");
	check_line(1, "name;z;0x77;lib_one.so+0x5;a");
	check_line(2, "name;[incomplete];b;a");
	check_line(3, "name;[incomplete]");
	check_no_leak();
}

// What would divide a line, or do something to a terminal.
Test(folded, hostile_names, .init = samples)
{
	sample_add(&sample, 1, "ab");
	strcpy(sample.threads[0].name, "a;b c\n\033");
	sample.symbols[0].name = (char[]){"std::vector<int, f(;)>::operator new"};
	sample.symbols[1].name = (char[]){""};
	check_line(0, "a:b_c\\x0a\\x1b;?;std::vector<int,_f(:)>::operator_new");
}

static const char *printed(const struct folded *folded)
{
	static char buffer[4096];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	check_int(folded_print(folded, out), 0);
	fclose(out);
	return buffer;
}

// Equal lines are counted, over threads and rounds; what has no stack to miss is not.
Test(folded, sums, .init = samples)
{
	struct folded folded = {0};

	check_str(printed(&folded), "");
	sample_add(&sample, 1, "bz");
	sample_add(&sample, 2, "az");
	sample_add(&sample, 3, "bz");
	sample_add(&sample, 4, "")->status = SNAPSHOT_THREAD_GONE;
	check_int(folded_add(&folded, &sample.report), 0);
	check_int(folded_add(&folded, &sample.report), 0);
	check_str(printed(&folded), "name;z;a 2\nname;z;b 4\n");
	folded_fini(&folded);
	check_no_leak();
}

Test(folded, many_lines, .init = samples)
{
	struct folded folded = {0};

	sample_add(&sample, 1, "a");
	for (int i = 0; i < 1000; i++) {
		snprintf(sample.threads[0].name, sizeof(sample.threads[0].name), "%d", i % 500);
		check_int(folded_add(&folded, &sample.report), 0);
	}
	check_int(folded.count, 500);
	for (size_t i = 0; i < folded.slot_count; i++)
		folded_fini(&(struct folded){0});
	folded_fini(&folded);
	check_no_leak();
}

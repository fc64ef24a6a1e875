// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of `nspeek ps`: cells, and the tree.
#include "ps.h"

#include "ps_tree.h"
#include "unit.h"

enum { ROWS_MAX = 200 };

static struct named_target named;
static struct process_row read_rows[ROWS_MAX];
static struct ps_process rows[ROWS_MAX];
static struct ps_container container;

static void begin(void)
{
	named = NAMED_TARGET_EMPTY;
	memset(read_rows, 0, sizeof(read_rows));
	memset(rows, 0, sizeof(rows));
	container = (struct ps_container){.word = "4711", .named = &named, .rows = rows};
}

// The process PID, child of PPID, that runs WORDS, of LEN bytes.
static struct ps_process *add(pid_t pid, pid_t ppid, const char *words, size_t len)
{
	struct process_row *row = &read_rows[container.count];
	struct ps_process *process = &rows[container.count++];

	row->pid = pid;
	row->status = (struct proc_status){
		.state = 'S', .ppid = ppid, .threads = 2, .rss_kb = 100, .name = "comm"};
	row->words_known = PROCESS_WORDS_WHOLE;
	*process = (struct ps_process){.container = &container,
		.row = row,
		.words = words,
		.words_len = len,
		.uid = 100000,
		.has_uid = true,
		.has_ns_uid = true,
		.user = "root",
		.ns_pids = &row->pid,
		.ns_pid_count = 1,
		.elapsed_s = 61};
	return process;
}

#define add_words(pid, ppid, words) add(pid, ppid, words, sizeof(words) - 1)

// The table with the columns LIST.
static const char *print(const char *list, bool tree)
{
	static char buffer[1 << 17];
	struct table_view view = {0};
	struct error err = {0};
	struct table table;
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	buffer[0] = '\0';
	check_int(table_init(ps_columns, list, &table, &err), 0);
	check_int(ps_fill_table(&container, tree, &table), 0);
	table_print(&table, &view, out);
	fclose(out);
	table_fini(&table);
	check_no_leak();
	return buffer;
}

Test(ps, default_columns, .init = begin)
{
	static const pid_t ns_pids[] = {12, 7, 1};

	add_words(4711, 1, "/bin/app\0--flag");
	struct ps_process *inner = add_words(4712, 4711, "sh");
	inner->ns_pids = ns_pids;
	inner->ns_pid_count = 3;
	inner->has_ns_uid = false;
	inner->user = NULL;
	check_str(print(NULL, false),
		"4711    4711     1  root  100000         0  S  2  100  01:01  /bin/app --flag\n"
		"4712  12/7/1  4711  -     100000  unmapped  S  2  100  01:01  sh\n");
}

Test(ps, every_column_has_a_cell, .init = begin)
{
	add_words(4711, 1, "app");
	read_rows[0].pidfd_inode = UINT64_MAX;
	named.container.name = (char[]){"web"};
	for (const struct table_column *column = ps_columns; column->name; column++) {
		const char *cell = print(column->name, false);
		cr_assert(strcmp(cell, "\n") != 0, "%s", column->name);
		check_true(column->summary && column->summary[0]);
	}
	check_str(
		print("pidfd,container,comm,pidns", false), "18446744073709551615  web  comm  -\n");
}

Test(ps, what_is_not_known, .init = begin)
{
	struct ps_process *process = add(4711, 1, NULL, 0);

	process->has_uid = false;
	check_str(print("uid,pidfd,container,command", false), "-  -  -  [comm]\n");
	process->words = "";
	read_rows[0].status.state = 'Z';
	check_str(print("state,command", false), "Z  [comm] <defunct>\n");
	// Cut: it is said.
	process->words = "a\0b";
	process->words_len = 3;
	read_rows[0].words_known = PROCESS_WORDS_CUT;
	check_str(print("command", false), "a b ...\n");
}

Test(ps, durations, .init = begin)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {{0, "00:00\n"}, {59, "00:59\n"}, {3599, "59:59\n"}, {3600, "01:00:00\n"},
		{86399, "23:59:59\n"}, {86400, "1-00:00:00\n"}, {8640000 + 60, "100-00:01:00\n"}};
	struct ps_process *process = add_words(1, 0, "a");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		process->elapsed_s = process->cpu_s = cases[i].seconds;
		check_str(print("elapsed", false), cases[i].text);
		check_str(print("time", false), cases[i].text);
	}
}

Test(ps, hostile_words, .init = begin)
{
	add_words(4711, 1, "\033[2Jsh\0-c\0a\nb\xff\\");
	strcpy(read_rows[0].status.name, "\033]0;x\a");
	rows[0].user = "a\nb";
	check_str(print("user,comm,command", false),
		"a\\x0ab  \\x1b]0;x\\x07  \\x1b[2Jsh -c a\\x0ab\\xff\\x5c\n");
}

// The deepest that PID namespaces can be.
Test(ps, many_levels, .init = begin)
{
	pid_t pids[PROC_PID_LEVELS];
	struct ps_process *process = add_words(4711, 1, "a");

	for (size_t i = 0; i < PROC_PID_LEVELS; i++)
		pids[i] = INT32_MAX;
	process->ns_pids = pids;
	process->ns_pid_count = PROC_PID_LEVELS;
	check_u64(strlen(print("nspid", false)), 11 * PROC_PID_LEVELS);
}

Test(ps, tree, .init = begin)
{
	add_words(10, 1, "init");
	add_words(11, 10, "a");
	add_words(12, 11, "b");
	add_words(13, 10, "c");
	add_words(14, 12, "d");
	add_words(15, 11, "e");
	add_words(16, 13, "f");
	add_words(17, 1, "execed");
	check_str(print("pid,command", true), "10  init\n"
					      "11   \\_ a\n"
					      "12   |   \\_ b\n"
					      "14   |   |   \\_ d\n"
					      "15   |   \\_ e\n"
					      "13   \\_ c\n"
					      "16       \\_ f\n"
					      "17  execed\n");
	check_str(print("pid", true), "10\n11\n12\n14\n15\n13\n16\n17\n");
}

// A child with a lower PID than its parent's, and parents that were read at different moments.
Test(ps, tree_of_any_order, .init = begin)
{
	add_words(10, 30, "a");
	add_words(20, 30, "b");
	add_words(30, 1, "c");
	add_words(40, 40, "itself");
	check_str(print("pid,command", true), "30  c\n10   \\_ a\n20   \\_ b\n40  itself\n");

	begin();
	add_words(10, 12, "a");
	add_words(11, 10, "b");
	add_words(12, 11, "c");
	add_words(13, 11, "d");
	check_str(
		print("pid,command", true), "10  a\n11   \\_ b\n12       \\_ c\n13       \\_ d\n");
}

// Each process is there once, however deep: what is drawn is bounded.
Test(ps, deep_tree, .init = begin)
{
	for (pid_t i = 0; i < ROWS_MAX; i++)
		add_words(100 + i, 99 + i, "a");
	const char *text = print("command", true);
	size_t lines = 0;
	for (const char *end; (end = strchr(text, '\n')); text = end + 1, lines++)
		check_true((size_t)(end - text) < PS_TREE_SIZE);
	check_u64(lines, ROWS_MAX);
}

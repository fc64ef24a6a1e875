// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek list`: look, and print.
#include "cmd_list.h"

#include "cleanup.h"
#include "container_names.h"
#include "fd.h"
#include "report_error.h"
#include "report_list.h"
#include "sys.h"
#include "table_options.h"
#include "this_program.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { EXIT_NONE = 2 };

static const struct option_group groups[] = {{NULL, table_option_rows}, {0}};

static int take_words(void *input, char **words, int count, bool is_quoted)
{
	struct table_parsing *parsing = input;
	(void)count, (void)is_quoted;

	return fail(parsing->err, ERROR_USAGE, EINVAL,
		"list shows all containers, and takes no TARGET: '%s'", words[0]);
}

const struct option_set cmd_list_options = {
	.usage = "[OPTION...]",
	.intro = "The containers of this host, also of runtimes that nspeek does not know, with no "
		 "daemon asked.",
	.notes =
		"A NAME or ID is a TARGET for the other commands, with RUNTIME: before it where it "
		"is not the only one.\n"
		"Exit status: 0; 2 when containers could not be looked for; 64 for words that "
		"make no sense.",
	.groups = groups,
	.columns = list_columns,
	.takes_no_target = true,
	.take_words = take_words,
};

// How long the host is up, in clock ticks.
static uint64_t ticks_now(void)
{
	struct timespec now;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec * hz / 1000000000;
}

static void read_command(int proc_fd, const struct container *container, struct list_row *row)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/comm", container->leader);
	if (fd_read_small_at(proc_fd, path, row->command, sizeof(row->command)) < 0)
		row->command[0] = '\0';
	row->command[strcspn(row->command, "\n")] = '\0';
}

// Fills ROW for CONTAINER. Returns false when that has ended.
static bool fill_row(int proc_fd, const struct container *container, uint64_t now,
	const uint64_t own[NSTYPE_COUNT], struct list_row *row)
{
	auto_fd int pidfd = sys_pidfd_open(container->leader, 0);
	uint64_t age = now > container->start ? now - container->start : 0;

	if (pidfd < 0 && errno == ESRCH)
		return false;
	*row = (struct list_row){
		.container = container, .age_s = age / (uint64_t)sysconf(_SC_CLK_TCK)};
	if (pidfd >= 0 && sys_pidfd_inode(pidfd, &row->pidfd) < 0)
		row->pidfd = 0;
	memcpy(row->own, own, sizeof(row->own));
	container_namespaces(proc_fd, container, row->namespaces);
	read_command(proc_fd, container, row);
	return true;
}

static int fill_rows(const struct containers *containers, struct list_rows *ret, struct error *err)
{
	auto_fd int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct container self = {.leader = getpid()};
	uint64_t own[NSTYPE_COUNT], now = ticks_now();

	ret->rows = calloc(containers->count + 1, sizeof(*ret->rows));
	if (proc_fd < 0 || !ret->rows)
		return fail_sys(err, proc_fd < 0 ? errno : ENOMEM, "showing", "containers");
	container_namespaces(proc_fd, &self, own);
	for (size_t i = 0; i < containers->count; i++)
		if (fill_row(proc_fd, containers->rows[i], now, own, &ret->rows[ret->count]))
			ret->count++;
	return 0;
}

static int show(const struct table_options *options, struct table *table,
	const struct list_rows *rows, struct error *err)
{
	int r = 0;

	if (options->json) {
		r = this_program.json->list(stdout, rows);
	} else {
		for (size_t i = 0; r == 0 && i < rows->count; i++)
			r = table_add(table, &rows->rows[i], NULL);
		if (r == 0)
			table_options_print(options, table);
	}
	return r < 0 ? fail_sys(err, -r, "showing", "containers") : 0;
}

static int list(const struct table_options *options, struct table *table, struct error *err)
{
	auto_containers struct containers containers = {0};
	auto_free struct list_row *rows = NULL;
	struct list_rows filled = {0};
	int r = container_names_find(false, &containers, err);

	if (r < 0)
		return r;
	r = fill_rows(&containers, &filled, err);
	rows = filled.rows;
	return r < 0 ? r : show(options, table, &filled, err);
}

int cmd_list(int argc, char **argv)
{
	auto_table struct table table = {0};
	struct table_options options = {0};
	struct error err = {0};
	struct table_parsing parsing = {&options, &err};
	int r = options_parse(&cmd_list_options, argc, argv, &parsing, &err);

	if (r == 0)
		r = table_options_open(&options, list_columns, &table, &err);
	if (r != 0)
		return table_options_answer(&cmd_list_options, "nspeek list", r, &err);
	if (options.json && !this_program.json)
		return this_program.become(argc, argv);
	output_begin();
	if (list(&options, &table, &err) == 0)
		return output_end(0, EXIT_NONE);
	report_error(&err);
	return EXIT_NONE;
}

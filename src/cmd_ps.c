// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek ps`: resolve, read, report.
#include "cmd_ps.h"

#include "cleanup.h"
#include "ps.h"
#include "report_error.h"
#include "table_options.h"
#include "text.h"
#include "this_program.h"

#include <stdio.h>

enum { EXIT_WHOLE = 0, EXIT_SOME = 1, EXIT_NOTHING = 2, EXIT_USAGE = 64 };

struct ps_options {
	struct table_options table;
	const char **words; // the TARGETs, which are borrowed
	size_t word_count;
	bool tree;
	bool shows_container; // what the container is called; looking for that of a PID costs most
};

// What the functions of the rows get.
struct ps_parsing {
	struct table_parsing table; // first, for those of table_option_rows
	struct ps_options *options;
};

// What the words mean.
struct ps_found {
	const struct ps_options *options;
	struct targets *targets;          // of each word
	struct ps_container **containers; // each once
	size_t count;
	bool is_partial; // a target failed, or processes are missing
	bool is_usage;   // a word makes no sense
};

static int take_tree(void *input, const char *arg)
{
	struct ps_parsing *parsing = input;
	(void)arg;

	parsing->options->tree = true;
	return 0;
}

static int take_target(void *input, char **words, int count, bool is_quoted)
{
	struct ps_parsing *parsing = input;
	(void)count;
	(void)is_quoted;

	parsing->options->words[parsing->options->word_count++] = words[0];
	return 1;
}

static const struct option_row rows[] = {
	{.name = "tree", .summary = "children below their parents", .take = take_tree},
	{0},
};

const struct option_set cmd_ps_options = {
	.usage = "[OPTION...] TARGET...",
	.intro = "The processes of the container that TARGET is, or is in: of its PID namespace "
		 "and those below, or, when that is ours, of its cgroup and those below. PIDs and "
		 "users are shown as the host and as the container have them.",
	.notes = TARGETS_HELP
	"\n\n"
	"Exit status: 0, 1 some targets failed, or processes are missing, 2 there is "
	"nothing to show, 64 usage.",
	.groups = (const struct option_group[]){{NULL, rows}, {"Output", table_option_rows}, {0}},
	.columns = ps_columns,
	.take_words = take_target,
};

// Takes CONTAINER, unless it is there already.
static int keep(struct ps_found *found, struct ps_container *container)
{
	for (size_t i = 0; i < found->count; i++)
		if (ps_container_is(found->containers[i], container)) {
			ps_container_free(container);
			return 0;
		}
	struct ps_container **grown =
		reallocarray(found->containers, found->count + 1, sizeof(struct ps_container *));
	if (!grown) {
		ps_container_free(container);
		return -ENOMEM;
	}
	found->containers = grown;
	found->containers[found->count++] = container;
	return 0;
}

// Finds the containers that word INDEX means.
static int find(struct ps_found *found, size_t index, struct error *err)
{
	const char *word = found->options->words[index];
	struct targets *targets = &found->targets[index];
	int r = targets_open(word, targets, err);

	for (size_t i = 0; r == 0 && i < targets->count; i++) {
		struct ps_container *container;
		if (found->options->shows_container)
			named_target_identify(&targets->rows[i]);
		r = ps_container_new(word, &targets->rows[i], &container, err);
		if (r < 0)
			break;
		found->is_partial |= !ps_container_is_whole(container);
		r = keep(found, container);
		if (r < 0)
			fail_sys(err, -r, "listing", "the processes of %s", word);
	}
	return r;
}

// A line that says which container comes.
static void put_heading(const struct ps_container *container)
{
	const struct container_name *name = &container->named->container;
	const char *known = name->name ? name->name : name->id;
	char text[256], *shown = text;

	if (known)
		printf("container %s", text_escape(known, shown, sizeof(text)));
	else
		printf("container of process %d", container->named->target.pid);
	if (name->runtime)
		printf(" (%s)", text_escape(name->runtime, shown, sizeof(text)));
	putchar('\n');
}

static int show_tables(const struct ps_found *found)
{
	const struct ps_options *options = found->options;
	bool headings = found->count > 1 && !options->table.no_headings;
	int r = 0;

	for (size_t i = 0; r == 0 && i < found->count; i++) {
		auto_table struct table table = {0};
		if (table_options_open(&options->table, ps_columns, &table, NULL) < 0)
			return -ENOMEM;
		if (headings && i > 0)
			putchar('\n');
		if (headings)
			put_heading(found->containers[i]);
		r = ps_fill_table(found->containers[i], options->tree, &table);
		if (r == 0)
			table_options_print(&options->table, &table);
	}
	return r;
}

static int show_json(const struct ps_found *found)
{
	const struct ps_json *json = &this_program.json->ps;
	int r = 0;

	json->begin(stdout);
	for (size_t i = 0; r == 0 && i < found->count; i++)
		r = json->container(stdout, found->containers[i], i == 0);
	json->end(stdout);
	return r;
}

static void find_all(struct ps_found *found)
{
	for (size_t i = 0; i < found->options->word_count; i++) {
		struct error err = {0};
		if (find(found, i, &err) == 0)
			continue;
		report_error(&err);
		found->is_partial = true;
		found->is_usage |= err.kind == ERROR_USAGE;
	}
}

static void found_fini(struct ps_found *found)
{
	for (size_t i = 0; i < found->count; i++)
		ps_container_free(found->containers[i]);
	for (size_t i = 0; found->targets && i < found->options->word_count; i++)
		targets_fini(&found->targets[i]);
	free(found->containers);
	free(found->targets);
}

#define auto_found __attribute__((cleanup(found_fini)))

static int fail_memory(void)
{
	struct error err = {0};

	fail_sys(&err, ENOMEM, "showing", "the processes");
	report_error(&err);
	return EXIT_NOTHING;
}

static int run(const struct ps_options *options)
{
	auto_found struct ps_found found = {
		.options = options, .targets = calloc(options->word_count, sizeof(*found.targets))};

	if (!found.targets)
		return fail_memory();
	find_all(&found);
	if ((options->table.json ? show_json : show_tables)(&found) < 0)
		return fail_memory();
	if (found.is_usage)
		return EXIT_USAGE;
	if (found.count == 0)
		return EXIT_NOTHING;
	return found.is_partial ? EXIT_SOME : EXIT_WHOLE;
}

// Returns 0, OPTIONS_HELP, TABLE_HELP, or fails.
static int parse(int argc, char **argv, struct ps_options *options, struct error *err)
{
	auto_table struct table table = {0};
	struct ps_parsing parsing = {{&options->table, err}, options};
	int r = options_parse(&cmd_ps_options, argc, argv, &parsing, err);

	// The columns are looked at before anything else is.
	if (r == 0)
		r = table_options_open(&options->table, ps_columns, &table, err);
	if (r != 0)
		return r;
	if (options->table.json && options->tree)
		return fail(err, ERROR_USAGE, EINVAL,
			"--json and --tree cannot stand beside each other");
	// Several have headings.
	options->shows_container =
		options->table.json || options->word_count > 1 || table_has(&table, "CONTAINER");
	if (options->word_count > 0)
		return 0;
	fail(err, ERROR_USAGE, EINVAL,
		"which TARGET? a PID, or the name of a container, is needed");
	return error_hint(err, "nspeek help ps");
}

int cmd_ps(int argc, char **argv)
{
	auto_free const char **words = calloc((size_t)argc, sizeof(*words));
	struct ps_options options = {.words = words};
	struct error err = {0};

	if (!words)
		return fail_memory();
	int r = parse(argc, argv, &options, &err);
	if (r != 0)
		return table_options_answer(&cmd_ps_options, "nspeek ps", r, &err);
	if (options.table.json && !this_program.json)
		return this_program.become(argc, argv);
	output_begin();
	return output_end(run(&options), EXIT_NOTHING);
}

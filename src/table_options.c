// SPDX-License-Identifier: GPL-2.0-or-later
// The options of tables.
#include "table_options.h"

#include "report_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 64 };

static int take_columns(void *input, const char *word)
{
	struct table_parsing *parsing = input;

	parsing->options->columns = word;
	return 0;
}

static int take_no_headings(void *input, const char *arg)
{
	struct table_parsing *parsing = input;
	(void)arg;

	parsing->options->no_headings = true;
	return 0;
}

static int take_json(void *input, const char *arg)
{
	struct table_parsing *parsing = input;
	(void)arg;

	parsing->options->json = true;
	return 0;
}

static int take_color(void *input, const char *word)
{
	struct table_parsing *parsing = input;
	int color = color_find(word);

	if (color < 0)
		return fail(parsing->err, ERROR_USAGE, EINVAL,
			"--color takes auto, always or never, not '%s'", word);
	parsing->options->color = (enum color)color;
	return 0;
}

const struct option_row table_option_rows[] = {
	{.name = "output",
		.letter = 'o',
		.value = "COL,...",
		.summary = "the columns, in this order; +COL,... beside those that are shown by "
			   "default; help lists them",
		.take = take_columns},
	{.name = "noheadings", .summary = "no line of headings", .take = take_no_headings},
	{.name = "json",
		.summary = "one JSON document, with all that is known, instead of the table",
		.take = take_json},
	{.name = "color",
		.value = "WHEN",
		.values = "auto,always,never",
		.summary = "auto (the default: on a terminal, unless NO_COLOR is set), always or "
			   "never",
		.take = take_color},
	{0},
};

int table_options_open(const struct table_options *options, const struct table_column *columns,
	struct table *ret, struct error *err)
{
	if (options->columns && strcmp(options->columns, "help") == 0)
		return TABLE_HELP;
	if (options->json && options->columns)
		return fail(err, ERROR_USAGE, EINVAL,
			"--json and --output cannot stand beside each other: the document has all "
			"that is known");
	return table_init(columns, options->columns, ret, err);
}

int table_options_answer(
	const struct option_set *set, const char *name, int r, const struct error *err)
{
	if (r == OPTIONS_HELP)
		return options_help(set, name);
	if (r == TABLE_HELP) {
		table_help(set->columns, stdout);
		return options_printed();
	}
	report_error(err);
	return EXIT_USAGE;
}

void table_options_print(const struct table_options *options, struct table *table)
{
	const struct table_view view = {.headings = !options->no_headings,
		.color = output_is_colored(options->color),
		.width = output_width()};

	table_print(table, &view, stdout);
}

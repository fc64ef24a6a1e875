// SPDX-License-Identifier: GPL-2.0-or-later
// Parsing options and printing what they are.
#include "options.h"

#include "output.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

enum {
	ROWS_MAX = 64,
	KEY_ROW = 256, // + index in rows: what getopt_long(3) returns for a long form
	KEY_HELP = KEY_ROW + ROWS_MAX,
	WIDTH = 79,
	SUMMARY_COLUMN = 29,
};

// What getopt_long(3) gets, and the rows in the order of their keys.
struct parser {
	struct option longs[ROWS_MAX + 2];
	char letters[2 + 2 * ROWS_MAX + 1];
	const struct option_row *rows[ROWS_MAX];
	size_t count;
};

static void add_row(struct parser *parser, const struct option_row *row)
{
	int has_value = row->is_optional ? optional_argument : required_argument;
	size_t len = strlen(parser->letters);

	assert(parser->count < ROWS_MAX);
	parser->longs[parser->count] = (struct option){.name = row->name,
		.has_arg = row->value ? has_value : no_argument,
		.val = KEY_ROW + (int)parser->count};
	parser->rows[parser->count++] = row;
	if (!row->letter)
		return;
	parser->letters[len++] = row->letter;
	if (row->value && !row->is_optional)
		parser->letters[len] = ':';
}

static void parser_init(const struct option_set *set, struct parser *ret)
{
	// In the order of the words; what is wrong is for us to say, and a value that lacks is ':'.
	*ret = (struct parser){.letters = "+:"};
	for (const struct option_group *group = set->groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			add_row(ret, row);
	ret->longs[ret->count] = (struct option){.name = "help", .val = KEY_HELP};
}

static const struct option_row *row_of_key(const struct parser *parser, int key)
{
	if (key >= KEY_ROW && key < KEY_ROW + (int)parser->count)
		return parser->rows[key - KEY_ROW];
	for (size_t i = 0; i < parser->count; i++)
		if (key > 0 && parser->rows[i]->letter == key)
			return parser->rows[i];
	return NULL;
}

// Says why a long option that getopt_long(3) does not know, WORD, is none.
static int refuse_long(const struct parser *parser, const char *word, struct error *err)
{
	size_t len = strcspn(word, "="), count = 0;
	char names[160] = "";

	for (const struct option *row = parser->longs; row->name; row++)
		if (len > 2 && strncmp(row->name, word + 2, len - 2) == 0 && ++count) {
			size_t used = strlen(names);
			snprintf(names + used, sizeof(names) - used, " --%s", row->name);
		}
	if (count < 2)
		return fail(err, ERROR_USAGE, EINVAL, "there is no option %.*s", (int)len, word);
	return fail(err, ERROR_USAGE, EINVAL, "option %.*s is ambiguous:%s", (int)len, word, names);
}

// Says what is wrong with the option that getopt_long(3) has answered with KEY, '?' or ':'.
static int refuse(const struct parser *parser, int key, const char *word, struct error *err)
{
	const struct option_row *row = row_of_key(parser, optopt);

	if (optopt == KEY_HELP)
		return fail(err, ERROR_USAGE, EINVAL, "--help takes no value");
	if (row && key == ':')
		return fail(err, ERROR_USAGE, EINVAL, "--%s needs its %s", row->name, row->value);
	if (row)
		return fail(err, ERROR_USAGE, EINVAL, "--%s takes no value", row->name);
	if (optopt)
		return fail(err, ERROR_USAGE, EINVAL, "there is no option -%c", optopt);
	return refuse_long(parser, word, err);
}

int options_parse(
	const struct option_set *set, int argc, char **argv, void *input, struct error *err)
{
	bool is_quoted = false;
	struct parser parser;
	int r = 0;

	parser_init(set, &parser);
	opterr = 0;
	while (r >= 0 && optind < argc) {
		int before = optind;
		int key = is_quoted ? -1
				    : getopt_long(argc, argv, parser.letters, parser.longs, NULL);
		const struct option_row *row = row_of_key(&parser, key);

		if (key == KEY_HELP)
			return OPTIONS_HELP;
		if (row) {
			r = row->take ? row->take(input, optarg)
				      : row->take_index(input, row->index, optarg);
			continue;
		}
		if (key != -1)
			return refuse(&parser, key, argv[optind - 1], err);
		bool is_first_quoted = !is_quoted && optind > before; // that was `--'
		is_quoted |= is_first_quoted;
		if (optind == argc)
			break;
		r = set->take_words(input, argv + optind, argc - optind, is_first_quoted);
		optind += r > 0 ? r : 0;
	}
	return r < 0 ? r : 0;
}

// Prints TEXT from COLUMN on, where the output stands, in lines that begin at INDENT.
static void print_wrapped(const char *text, size_t column, size_t indent, FILE *file)
{
	while (*text) {
		size_t len = strcspn(text, " \n");
		if (column > indent && column + 1 + len > WIDTH) {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', file);
			column++;
		}
		fwrite(text, 1, len, file);
		column += len;
		text += len;
		if (*text == '\n') {
			fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0';
	}
	fputc('\n', file);
}

static void print_row(const struct option_row *row, FILE *file)
{
	char letter[] = {'-', row->letter, ',', '\0'};
	int len = fprintf(file, "  %3s --%s%s%s%s%s", row->letter ? letter : "", row->name,
		row->is_optional ? "[" : "", row->value ? "=" : "", row->value ? row->value : "",
		row->is_optional ? "]" : "");
	size_t column = len > 0 ? (size_t)len : 0;

	if (column + 1 >= SUMMARY_COLUMN) {
		fputc('\n', file);
		column = 0;
	}
	fprintf(file, "%*s", (int)(SUMMARY_COLUMN - column), "");
	print_wrapped(row->summary, SUMMARY_COLUMN, SUMMARY_COLUMN, file);
}

void options_print(const struct option_set *set, FILE *file)
{
	for (const struct option_group *group = set->groups; group->rows; group++) {
		if (group->title)
			fprintf(file, " %s\n", group->title);
		for (const struct option_row *row = group->rows; row->name; row++)
			if (!row->is_hidden)
				print_row(row, file);
		fputc('\n', file);
	}
	print_wrapped(set->notes, 0, 0, file);
}

int options_help(const struct option_set *set, const char *name)
{
	printf("usage: %s %s\n", name, set->usage);
	print_wrapped(set->intro, 0, 0, stdout);
	putchar('\n');
	options_print(set, stdout);
	return options_printed();
}

int options_printed(void)
{
	return output_end(0, 1);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Tables for people.
#include "table.h"

#include "cleanup.h"
#include "display_width.h"
#include "text.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	GAP = 2,          // columns between cells
	ALIGNED_MAX = 40, // a wider cell, but for the last, moves what is behind it
	LAST_MIN = 8,     // the last cell of a line is not cut below that
};

static const char cut_mark[] = "...";

static size_t columns_count(const struct table_column *columns)
{
	size_t count = 0;

	while (columns[count].name)
		count++;
	return count;
}

// The column that WORD, of LEN bytes, means; or NULL.
static const struct table_column *find_column(
	const struct table_column *columns, const char *word, size_t len)
{
	for (; columns->name; columns++)
		if (strlen(columns->name) == len && strncasecmp(columns->name, word, len) == 0)
			return columns;
	return NULL;
}

static void add_column(struct table *table, const struct table_column *column)
{
	table->columns[table->column_count++] = (struct table_chosen){column, 0};
}

static int choose(const struct table_column *columns, const char *list, struct table *table,
	struct error *err)
{
	for (const char *word = list, *end; word; word = *end ? end + 1 : NULL) {
		end = word + strcspn(word, ",");
		const struct table_column *column =
			find_column(columns, word, (size_t)(end - word));
		if (!column) {
			fail(err, ERROR_USAGE, EINVAL, "there is no column '%.*s'",
				(int)(end - word), word);
			return error_hint(err, "-o help lists the columns");
		}
		add_column(table, column);
	}
	return 0;
}

// How many words LIST has.
static size_t words_count(const char *list)
{
	size_t count = 1;

	for (; list && *list; list++)
		count += *list == ',';
	return count;
}

int table_init(
	const struct table_column *columns, const char *list, struct table *ret, struct error *err)
{
	size_t most = columns_count(columns) + words_count(list);
	auto_table struct table table = {.columns = calloc(most, sizeof(*table.columns))};
	bool is_more = list && list[0] == '+';

	if (!table.columns)
		return fail_sys(err, ENOMEM, "making", "a table");
	for (size_t i = 0; (!list || is_more) && columns[i].name; i++)
		if (!columns[i].is_optional)
			add_column(&table, &columns[i]);
	int r = list ? choose(columns, list + is_more, &table, err) : 0;
	if (r < 0)
		return r;
	*ret = table;
	table = (struct table){0};
	return 0;
}

bool table_has(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (strcmp(table->columns[i].column->name, name) == 0)
			return true;
	return false;
}

// The cell of ROW in COLUMN, into *RET.
static int make_cell(const struct table_column *column, const void *row, const char *tree,
	struct table_cell *ret)
{
	char buffer[TABLE_TEXT_SIZE] = "";
	const char *text = column->text(row, buffer);

	if (!text || !text[0])
		text = "-";
	if (!tree || !column->is_tree)
		tree = "";
	size_t size = 4 * strlen(text) + 1, tree_len = strlen(tree);
	auto_free char *escaped = malloc(tree_len + size);
	if (!escaped)
		return -ENOMEM;
	memcpy(escaped, tree, tree_len);
	text_escape(text, escaped + tree_len, size);
	*ret = (struct table_cell){.text = strdup(escaped),
		.width = display_width(escaped),
		.style = column->style ? column->style(row) : TABLE_PLAIN};
	return ret->text ? 0 : -ENOMEM;
}

static int grow(struct table *table)
{
	if (table->cell_capacity - table->cell_count >= table->column_count)
		return 0;
	size_t capacity = 2 * table->cell_capacity + 16 * table->column_count;
	struct table_cell *grown = reallocarray(table->cells, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	table->cells = grown;
	table->cell_capacity = capacity;
	return 0;
}

// Makes CHOSEN as wide as one of its cells, of WIDTH, needs it.
static void widen(struct table_chosen *chosen, size_t width)
{
	if (width > ALIGNED_MAX)
		width = ALIGNED_MAX;
	if (width > chosen->width)
		chosen->width = width;
}

int table_add(struct table *table, const void *row, const char *tree)
{
	int r = grow(table);
	if (r < 0)
		return r;

	struct table_cell *cells = &table->cells[table->cell_count];
	size_t made = 0;
	while (r == 0 && made < table->column_count) {
		r = make_cell(table->columns[made].column, row, tree, &cells[made]);
		made += r == 0;
	}
	while (r < 0 && made > 0)
		free(cells[--made].text);
	for (size_t i = 0; i < made; i++)
		widen(&table->columns[i], cells[i].width);
	table->cell_count += made;
	return r;
}

// What is printed, and how.
struct printing {
	FILE *out;
	const struct table_view *view;
	struct table_chosen *columns;
	size_t count;
};

static void put_spaces(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

// Writes CELL, at most LIMIT columns of it. Returns how many that were.
static size_t put_text(const struct printing *printing, const struct table_cell *cell, size_t limit)
{
	static const char *const styles[] = {
		[TABLE_PLAIN] = "", [TABLE_NAME] = "\033[36m", [TABLE_TROUBLE] = "\033[31m"};
	const char *style = printing->view->color ? styles[cell->style] : "";
	const char *mark = "";
	size_t len = strlen(cell->text), width = cell->width;

	if (width > limit) {
		mark = cut_mark;
		len = display_fit(cell->text, limit - strlen(mark), &width);
		width += strlen(mark);
	}
	fprintf(printing->out, "%s%.*s%s%s", style, (int)len, cell->text, mark,
		style[0] ? "\033[0m" : "");
	return width;
}

static void put_row(const struct printing *printing, const struct table_cell *cells)
{
	for (size_t i = 0; i < printing->count; i++) {
		const struct table_chosen *chosen = &printing->columns[i];
		bool is_number = chosen->column->is_number, is_last = i + 1 == printing->count;
		size_t limit = printing->view->width > 0 && !is_number ? chosen->width : SIZE_MAX;

		if (is_number && cells[i].width < chosen->width)
			put_spaces(printing->out, chosen->width - cells[i].width);
		size_t width = put_text(printing, &cells[i], limit);
		if (is_last)
			break;
		if (!is_number && width < chosen->width)
			put_spaces(printing->out, chosen->width - width);
		put_spaces(printing->out, GAP);
	}
	fputc('\n', printing->out);
}

static void put_headings(const struct printing *printing)
{
	const char *ends[] = {"\033[1m", "\033[0m"};

	if (printing->view->color)
		fputs(ends[0], printing->out);
	for (size_t i = 0; i < printing->count; i++) {
		const struct table_chosen *chosen = &printing->columns[i];
		bool is_last = i + 1 == printing->count;
		int width = is_last && !chosen->column->is_number ? 0 : (int)chosen->width;
		fprintf(printing->out, "%*s%*s", chosen->column->is_number ? width : -width,
			chosen->column->name, is_last ? 0 : GAP, "");
	}
	fprintf(printing->out, "%s\n", printing->view->color ? ends[1] : "");
}

// The last column has what is left of the line.
static void fit_last(const struct printing *printing)
{
	struct table_chosen *last = &printing->columns[printing->count - 1];
	size_t used = 0;

	for (size_t i = 0; i + 1 < printing->count; i++)
		used += printing->columns[i].width + GAP;
	if (!last->column->is_number)
		last->width = printing->view->width > used + LAST_MIN ? printing->view->width - used
								      : LAST_MIN;
}

void table_print(struct table *table, const struct table_view *view, FILE *out)
{
	const struct printing printing = {out, view, table->columns, table->column_count};

	for (size_t i = 0; view->headings && i < table->column_count; i++)
		widen(&table->columns[i], strlen(table->columns[i].column->name));
	if (view->width > 0)
		fit_last(&printing);
	if (view->headings)
		put_headings(&printing);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		put_row(&printing, &table->cells[i]);
}

void table_help(const struct table_column *columns, FILE *out)
{
	const char *comma = "";

	for (const struct table_column *column = columns; column->name; column++)
		fprintf(out, "%-10s  %s\n", column->name, column->summary);
	fputs("\nShown by default: ", out);
	for (; columns->name; columns++)
		if (!columns->is_optional) {
			fprintf(out, "%s%s", comma, columns->name);
			comma = ",";
		}
	fputc('\n', out);
}

void table_fini(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table->columns);
	*table = (struct table){0};
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Tables: columns that are chosen, widths, what is hostile in cells.
#include "table.h"

#include "unit.h"

struct thing {
	const char *name, *number, *text;
};

static const char *get_name(const void *row, char *buffer)
{
	(void)buffer;
	return ((const struct thing *)row)->name;
}

static const char *get_number(const void *row, char *buffer)
{
	snprintf(buffer, TABLE_TEXT_SIZE, "%s", ((const struct thing *)row)->number);
	return buffer;
}

static const char *get_text(const void *row, char *buffer)
{
	(void)buffer;
	return ((const struct thing *)row)->text;
}

static enum table_style style_of_name(const void *row)
{
	return strcmp(((const struct thing *)row)->name, "bad") == 0 ? TABLE_TROUBLE : TABLE_NAME;
}

static const struct table_column columns[] = {
	{.name = "NAME", .summary = "what it is called", .text = get_name, .style = style_of_name},
	{.name = "N", .summary = "how many", .text = get_number, .is_number = true},
	{.name = "LENGTH",
		.summary = "as N",
		.text = get_number,
		.is_number = true,
		.is_optional = true},
	{.name = "TEXT", .summary = "what it says", .text = get_text, .is_tree = true},
	{0},
};

static const struct table_view piped = {.headings = true};

// What a table with the columns LIST of the COUNT ROWS looks like in VIEW.
static const char *print(
	const char *list, struct table_view view, const struct thing *rows, size_t count)
{
	static char buffer[65536];
	struct error err = {0};
	struct table table;

	buffer[0] = '\0'; // fmemopen(3) leaves it as it is where nothing is written
	check_int(table_init(columns, list, &table, &err), 0);
	for (size_t i = 0; i < count; i++)
		check_int(table_add(&table, &rows[i], NULL), 0);
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");
	table_print(&table, &view, out);
	fclose(out);
	table_fini(&table);
	check_no_leak();
	return buffer;
}

static const struct thing things[] = {
	{"one", "1", "the first of them"},
	{"twelve", "12345", "x"},
};

Test(table, default_columns)
{
	check_str(print(NULL, piped, things, 2), "NAME        N  TEXT\n"
						 "one         1  the first of them\n"
						 "twelve  12345  x\n");
	check_str(print(NULL, (struct table_view){0}, things, 1), "one  1  the first of them\n");
	check_str(print(NULL, piped, NULL, 0), "NAME  N  TEXT\n");
	check_str(print(NULL, (struct table_view){0}, NULL, 0), "");
}

Test(table, chosen_columns)
{
	check_str(print("text,N", piped, things, 2), "TEXT                   N\n"
						     "the first of them      1\n"
						     "x                  12345\n");
	check_str(print("name", (struct table_view){0}, things, 2), "one\ntwelve\n");
	check_str(print("n,Length", piped, things, 1), "N  LENGTH\n1       1\n");
	check_str(print("+length", (struct table_view){0}, things, 1),
		"one  1  the first of them  1\n");
	check_str(print("n,n", (struct table_view){0}, things, 1), "1  1\n");
}

Test(table, columns_that_there_are_not)
{
	static const struct {
		const char *list, *bad;
	} rows[] = {{"", "''"}, {"nam", "'nam'"}, {"names", "'names'"}, {"name,", "''"},
		{",name", "''"}, {"name,,n", "''"}, {"+", "''"}, {"name;n", "'name;n'"},
		{"n,+length", "'+length'"}, {" name", "' name'"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = {0};
		struct table table = {0};
		check_int(table_init(columns, rows[i].list, &table, &err), -EINVAL);
		check_int(err.kind, ERROR_USAGE);
		cr_assert(strstr(err.message, rows[i].bad), "%s", err.message);
		check_str(err.hint, "-o help lists the columns");
		check_true(table.columns == NULL);
	}
	check_no_leak();
}

Test(table, help)
{
	char buffer[1024];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	table_help(columns, out);
	fclose(out);
	check_str(buffer, "NAME        what it is called\n"
			  "N           how many\n"
			  "LENGTH      as N\n"
			  "TEXT        what it says\n"
			  "\n"
			  "Shown by default: NAME,N,TEXT\n");
}

Test(table, nothing_is_a_dash)
{
	check_str(print("name,text,n", (struct table_view){0},
			  (const struct thing[]){{"a", "", NULL}, {"", "3", ""}}, 2),
		"a  -  -\n-  -  3\n");
}

Test(table, hostile_cells)
{
	check_str(print("name,text", (struct table_view){0},
			  (const struct thing[]){{"a\nb", "", "\033[31mred\033[0m\\"},
				  {"\xff\xe2\x80\xae", "", "tab\there"}},
			  2),
		"a\\x0ab            \\x1b[31mred\\x1b[0m\\x5c\n"
		"\\xff\\xe2\\x80\\xae  tab\\x09here\n");
}

// Aligned by what is seen, not by bytes.
Test(table, wide_characters)
{
	check_str(print("name,text", (struct table_view){0},
			  (const struct thing[]){
				  {"日本", "", "x"}, {"é", "", "y"}, {"four", "", "z"}},
			  3),
		"日本  x\n"
		"é     y\n"
		"four  z\n");
}

#define FIFTY "12345678901234567890123456789012345678901234567890"

// A cell of any width is whole in a pipe; it does not move all others.
Test(table, wide_cells_in_a_pipe)
{
	check_str(print("name,text", (struct table_view){0},
			  (const struct thing[]){{FIFTY, "", FIFTY}, {"a", "", "b"}}, 2),
		FIFTY "  " FIFTY "\n"
		      "a                                         b\n");
}

Test(table, cut_on_a_terminal)
{
	check_str(print("name,text", (struct table_view){.width = 60},
			  (const struct thing[]){{FIFTY, "", FIFTY}, {"a", "", "b"}}, 2),
		"1234567890123456789012345678901234567...  123456789012345...\n"
		"a                                         b\n");
	// What fits just so is whole; half of a wide character is not shown.
	check_str(print("name,text", (struct table_view){.width = 20},
			  (const struct thing[]){{"a", "", "12345678901234567"}}, 1),
		"a  12345678901234567\n");
	check_str(print("name,text", (struct table_view){.width = 20},
			  (const struct thing[]){{"a", "", "日本語日本語日本語"}}, 1),
		"a  日本語日本語日...\n");
	check_str(print("name,text", (struct table_view){.width = 19},
			  (const struct thing[]){{"a", "", "日本語日本語日本語"}}, 1),
		"a  日本語日本語...\n");
	// A terminal that is too narrow wraps; numbers are never cut.
	check_str(print("n,text", (struct table_view){.width = 4},
			  (const struct thing[]){{"a", "123456789", FIFTY}}, 1),
		"123456789  12345...\n");
	check_str(print("text,n", (struct table_view){.width = 10},
			  (const struct thing[]){{"a", "123456789", "b"}}, 1),
		"b  123456789\n");
}

Test(table, colored)
{
	check_str(print("name,n", (struct table_view){.color = true, .headings = true},
			  (const struct thing[]){{"good", "1", ""}, {"bad", "10", ""}}, 2),
		"\033[1mNAME   N\033[0m\n"
		"\033[36mgood\033[0m   1\n"
		"\033[31mbad\033[0m   10\n");
}

Test(table, tree)
{
	char buffer[256];
	struct error err = {0};
	struct table table;
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	check_int(table_init(columns, "n,text", &table, &err), 0);
	check_int(table_add(&table, &things[0], ""), 0);
	check_int(table_add(&table, &things[1], " \\_ "), 0);
	table_print(&table, &(struct table_view){0}, out);
	fclose(out);
	table_fini(&table);
	check_str(buffer, "    1  the first of them\n12345   \\_ x\n");
	check_no_leak();
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Tables for people: a column is a row of the command's table of columns, which -o, its help and
// completion walk.
//
// Theory of operation. Nothing is printed before all rows are there, since a column is as wide as
// its widest cell, so cells are made, escaped and kept as rows are added, and a row needs to live
// only that long. Piped, every cell is whole, and only what is of reasonable width makes others
// wait for it; on a terminal cells are cut, so that a row is a line.
#pragma once

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_TEXT_SIZE = 512 };

enum table_style { TABLE_PLAIN, TABLE_NAME, TABLE_TROUBLE };

struct table_column {
	const char *name; // its heading, and, in letters of any case, its word for -o
	const char *summary;
	// The text of a cell of ROW, which need not be harmless: what was written into BUFFER of
	// TABLE_TEXT_SIZE bytes, or what lives as long as ROW. NULL, or nothing: not known, or
	// there is none; shown as "-".
	const char *(*text)(const void *row, char *buffer);
	enum table_style (*style)(const void *row); // NULL: plain
	bool is_optional;                           // only shown by -o
	bool is_number;                             // aligned to the right
	bool is_tree;                               // what a row hangs from is drawn here
};

// How a table is printed.
struct table_view {
	bool headings;
	bool color;
	size_t width; // of the terminal, in columns; 0: there is none
};

struct table_cell {
	char *text;   // escaped
	size_t width; // in columns of a terminal
	enum table_style style;
};

// A column that was chosen, and how wide its cells are, up to a bound.
struct table_chosen {
	const struct table_column *column;
	size_t width;
};

struct table {
	struct table_chosen *columns;
	size_t column_count;
	struct table_cell *cells; // row by row
	size_t cell_count, cell_capacity;
};

// Makes a table with those of COLUMNS (up to one without a name) that LIST has, names separated by
// commas, after a '+' beside those that are shown by default; NULL: these. Fails with ERROR_USAGE
// for a name that there is not; nothing is left then.
int table_init(
	const struct table_column *columns, const char *list, struct table *ret, struct error *err);

// True when TABLE has the column called NAME.
bool table_has(const struct table *table, const char *name);

// Adds ROW, which hangs from TREE, what is drawn before its cell (or NULL), not escaped. Fails with
// -ENOMEM; the table is then without the row.
int table_add(struct table *table, const void *row, const char *tree);

// Writes TABLE to OUT.
void table_print(struct table *table, const struct table_view *view, FILE *out);

// Writes what COLUMNS there are to OUT.
void table_help(const struct table_column *columns, FILE *out);

// Frees what TABLE owns. Accepts one that is {0}.
void table_fini(struct table *table);

#define auto_table __attribute__((cleanup(table_fini)))

// SPDX-License-Identifier: GPL-2.0-or-later
// The options that every command has which prints a table.
#pragma once

#include "options.h"
#include "output.h"
#include "table.h"

struct table_options {
	const char *columns; // of -o, or NULL; borrowed
	bool no_headings, json;
	enum color color;
};

// What the functions of the rows get: what the command's own rows get has to begin with it.
struct table_parsing {
	struct table_options *options;
	struct error *err;
};

// For the command's groups of options.
extern const struct option_row table_option_rows[];

enum { TABLE_HELP = 2 }; // unlike OPTIONS_HELP

// Once all is parsed: makes the table of COLUMNS that OPTIONS ask for, into *RET. Returns 0, or
// TABLE_HELP after `-o help`; fails with ERROR_USAGE.
int table_options_open(const struct table_options *options, const struct table_column *columns,
	struct table *ret, struct error *err);

// What the command called NAME, with SET, does when parsing has returned R, which is not 0: prints
// its help or its columns on stdout, or *ERR. Returns the exit status.
int table_options_answer(
	const struct option_set *set, const char *name, int r, const struct error *err);

// Prints TABLE on stdout by OPTIONS.
void table_options_print(const struct table_options *options, struct table *table);

// SPDX-License-Identifier: GPL-2.0-or-later
// The options of a command, as a table: parsed by getopt_long(3), and printed as its help.
#pragma once

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column;

// An option: its names, what the help says, and the function that takes its value.
struct option_row {
	const char *name;    // the long form
	const char *value;   // what the help calls its value; NULL: it has none
	const char *summary; // what it does
	// Takes VALUE, which lives as long as the command line does, or NULL when none was given.
	// Returns 0, or negative errno and an error.
	int (*take)(void *input, const char *value);
	// The same for rows that are made from another table: with the row's index there.
	int (*take_index)(void *input, int index, const char *value);
	int index;
	const char *values; // for completion: the words that its value can be, separated by commas;
			    // NULL: it is a file or directory, if that is what it is called, or
			    // anything
	char letter;        // the short form, or 0
	bool is_optional;   // the value may be left out, and only the long form takes one, so that
			    // letters can stand together
	bool is_hidden;     // the help is silent about it
	bool is_list;       // its value can be several of values, separated by commas
};

// Rows that stand together in the help.
struct option_group {
	const char *title;             // or NULL
	const struct option_row *rows; // up to a row without a name
};

struct option_set {
	const char *usage; // what the help begins with: the words, without the name of the command
	const char *intro; // what the command does
	const char *notes; // what is said at the end; paragraphs are separated by '\n'
	const struct option_group *groups;  // up to one without rows
	const struct table_column *columns; // that the values of --output are; NULL: it has none
	bool ends_with_command;             // behind the first word stands somebody's command
	bool takes_no_target;               // nor any other word that is no option
	// Takes WORDS, COUNT of them, the first of which is no option. IS_QUOTED: it stands right
	// after `--'. Returns how many words it took, at least one, or negative errno and an error.
	int (*take_words)(void *input, char **words, int count, bool is_quoted);
};

// What is returned when help was asked for, and nothing else is to be done.
enum { OPTIONS_HELP = 1 };

// Parses the words after ARGV[0] by SET, in their order; INPUT is given to each function of SET. To
// be called once in a process. Returns 0, OPTIONS_HELP, or negative errno and *ERR with kind
// ERROR_USAGE.
int options_parse(
	const struct option_set *set, int argc, char **argv, void *input, struct error *err);

// Prints the options of SET and its notes.
void options_print(const struct option_set *set, FILE *file);

// Prints the help of the command called NAME on stdout. Returns the exit status.
int options_help(const struct option_set *set, const char *name);

// The exit status once all is printed: 1 when standard output did not take it, which is said.
int options_printed(void);

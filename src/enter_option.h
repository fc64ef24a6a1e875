// SPDX-License-Identifier: GPL-2.0-or-later
// The table of the options of `nspeek enter`: a row is an option as argp(3) describes it, and the
// function that takes its value. Adding a row adds the option.
#pragma once

#include "cmd_enter_options.h"
#include "error.h"

#include <argp.h>
#include <stdbool.h>

// What the options so far have said.
struct enter_parsing {
	struct enter_options *options;
	struct error *err;
	unsigned chosen, excepted; // masks of namespace types, by -m... and --except
	bool all;
};

// The groups of --help, in their order.
enum enter_group {
	ENTER_NAMESPACES = 1,
	ENTER_IDENTITY,
	ENTER_ENVIRONMENT,
	ENTER_SESSION,
	ENTER_OTHERS,
};

// A row without a letter has the key 0; one is made for it. Where a value may be left out
// (OPTION_ARG_OPTIONAL) only the long form takes one, so that letters can stand together.
struct enter_option {
	struct argp_option argp;
	// Takes ARG, which lives as long as the command line does. Returns 0, or EINVAL and *ERR.
	error_t (*take)(struct enter_parsing *parsing, const char *arg);
};

// The tables, each up to a row of zeros.
extern const struct enter_option enter_identity_options[], enter_environment_options[],
	enter_session_options[];

// Fails as a function of a row does, with a formatted message.
#define enter_refuse(parsing, ...) \
	((error_t)-fail((parsing)->err, ERROR_USAGE, EINVAL, __VA_ARGS__))

// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of the options of `nspeek enter`. The functions of their rows get a struct
// enter_parsing. Adding a row adds the option.
#pragma once

#include "cmd_enter_options.h"
#include "error.h"
#include "options.h"

#include <stdbool.h>

// What the options so far have said.
struct enter_parsing {
	struct enter_options *options;
	struct error *err;
	unsigned chosen, excepted; // masks of namespace types, by -m... and --except
	bool all;
};

extern const struct option_row enter_identity_options[], enter_environment_options[],
	enter_session_options[];

// Fails as a function of a row does, with a formatted message.
#define enter_refuse(parsing, ...) fail((parsing)->err, ERROR_USAGE, EINVAL, __VA_ARGS__)

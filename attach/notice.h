// SPDX-License-Identifier: GPL-2.0-or-later
// What the work on a target has to say while it goes on. This folder prints nothing itself.
#pragma once

#include <stdbool.h>

enum notice_kind {
	NOTICE_STEP,    // something was done, or left out for a reason; for --verbose
	NOTICE_NOTE,    // what the user would not have expected, and nothing is wrong
	NOTICE_WARNING, // the user should know, though the work goes on
};

// Where notices go. SAY may be called from a forked child; TEXT is one line that may hold bytes of
// the target's choice.
struct notice {
	bool steps; // whether NOTICE_STEP is wanted
	void (*say)(enum notice_kind kind, const char *text);
};

// Says a step, formatted, if steps are wanted.
void notice_step(const struct notice *notice, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Says a note, formatted.
void notice_note(const struct notice *notice, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Says a warning, formatted.
void notice_warning(const struct notice *notice, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

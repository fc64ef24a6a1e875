// SPDX-License-Identifier: GPL-2.0-or-later
// What moved between two rounds, for people.
#pragma once

#include "stack_diff.h"

#include <stdio.h>

// Writes what moved in PAIR to OUT: of each moved stack the frames that it has no more, marked with
// "-", those that it has instead, with "+", and below them, of the outer ones that both have, the
// innermost three. Threads that moved alike are one block. Fails with -ENOMEM.
int report_diff_text(FILE *out, const struct stack_pair *pair, const struct text_options *options);

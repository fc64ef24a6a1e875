// SPDX-License-Identifier: GPL-2.0-or-later
// For tests of parts of the program that are linked with what may ask this program for more, and
// do not.
#include "this_program.h"

const struct this_program this_program = {0};

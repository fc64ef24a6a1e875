// SPDX-License-Identifier: GPL-2.0-or-later
// What a word of our command line can be, for the completion of shells (completion/): they ask the
// program that they complete, so what they know is what its tables of options say.
#pragma once

// The first word of who asks: the others are those of the command line up to the one at hand, which
// may be empty.
#define COMPLETE_WORD "--complete"

// Prints what the last of the COUNT WORDS can be, in lines "WORD<tab>WHAT IT IS", and then a line
// that says what else:
//  :words      nothing
//  :files      files; behind "--OPTION=", if the word begins so
//  :dirs       the same of directories
//  :command N  what stands in a command that begins with word N, from 0
// Returns the exit status.
int complete_run(int count, char **words);

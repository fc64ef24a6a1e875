// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack --save`: keeping what was captured, with what it takes to unwind it elsewhere.
#pragma once

#include "error.h"
#include "report_stack.h"

struct stack_save;

// Begins the file PATH, see newfile.h. Reading the files of a process may take as long as their
// file system likes: TIMEOUT_S seconds, and more if they are large. Returns what stack_save_close()
// frees, or NULL.
struct stack_save *stack_save_open(const char *path, uint64_t timeout_s, struct error *err);

// Adds what REPORT shows, whose stacks hold what is needed of files. SAVE may be NULL. What fails
// is said by stack_save_close(). Warns of files that are too large to be kept.
void stack_save_add(struct stack_save *save, const struct stack_report *report);

// Ends the file, if there is anything in it, and frees SAVE. Fails with -errno; there is no new
// file then.
int stack_save_close(struct stack_save *save, struct error *err);

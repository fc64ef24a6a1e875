// SPDX-License-Identifier: GPL-2.0-or-later
// What a tool of the host gets of the host: THE tables of the trees and files that are shown to it
// inside, and its environment. All that is not named here stays outside.
#pragma once

#include "envblock.h"
#include "error.h"

#include <stdbool.h>

// The directories of the host's root that hold its tools. Where /bin and others are symbolic links
// into /usr, the links are shown. NULL-terminated.
extern const char *const hosttools_trees[];

// Files and directories below the host's /etc that tools need, read-only. NULL-terminated.
extern const char *const hosttools_etc[];

// The directory that is HOME there: empty, and read-only.
#define HOSTTOOLS_HOME "/root"

// True when PATH is an absolute path without ".." below one of the trees, so that it names the same
// file there as here.
bool hosttools_has(const char *path);

// Removes from ENV, each "NAME=VALUE", the variables that name code for a program to load or to run
// by itself. Fails with -ENOMEM; some may be left then.
int hosttools_clean_env(struct envblock *env);

// Makes the environment of a tool from VARS, ours: TERM, LANG and LC_* as they are, HOME, and of
// PATH the directories that exist there (of a default one when that leaves none). Nothing else
// passes: LD_PRELOAD, PYTHONPATH, BASH_ENV and their like name code to load. Fails with -ENOMEM;
// nothing is left then.
int hosttools_env(char *const *vars, struct envblock *ret);

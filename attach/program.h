// SPDX-License-Identifier: GPL-2.0-or-later
// The command: found where it will run, by a process with its identity.
#pragma once

#include "envblock.h"
#include "error.h"

#include <stdbool.h>

// Where commands are searched for when the environment has no PATH.
#define PROGRAM_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct program {
	char *path;          // owned
	char **argv;         // borrowed; NULL for a shell that the user did not name
	struct envblock env; // owned
	const char *where;   // " in the container" or "", for messages
	bool is_binary;      // no shell script, whatever execve(2) says of it; by program_check()
};

// Finds the program for ARGV into *PROGRAM, whose env and where are set: a word with a slash is a
// path, any other is searched for in the absolute directories of the environment's PATH (or a
// default one). Fails with ERROR_NOT_FOUND, naming every place searched, or ERROR_NOT_EXECUTABLE.
// ARGV is borrowed as long as PROGRAM lives.
int program_find(char **argv, struct program *program, struct error *err);

// Finds a shell into *PROGRAM: SHELL, which may be NULL, or else /bin/sh. Fails as program_find().
int program_find_shell(const char *shell, struct program *program, struct error *err);

// Looks at the first bytes of PROGRAM's file. Fails with ERROR_NOT_EXECUTABLE, and its name, when
// the interpreter that it needs (of `#!', or of an ELF file) is missing or cannot be executed:
// execve(2) would not say which.
int program_check(struct program *program, struct error *err);

// Frees what PROGRAM owns. Accepts one that is {0}.
void program_fini(struct program *program);

#define auto_program __attribute__((cleanup(program_fini)))

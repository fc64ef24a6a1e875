// SPDX-License-Identifier: GPL-2.0-or-later
// Which containers a word means. Pure functions.
#pragma once

#include "containers.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARGET_ID_MIN = 6 }; // characters of an id that are enough

// A word, taken apart: [RUNTIME:]NAME[/PID].
struct target_query {
	const struct runtime *runtime; // NULL: any
	const char *name;              // within the word
	pid_t inside;                  // of the process, as the container numbers it; 0: none
	size_t name_len;
};

// Takes WORD apart. PID is only taken off when WITH_PID. Fails with ERROR_USAGE for a runtime that
// there is not, or no name.
int target_query_parse(
	const char *word, bool with_pid, struct target_query *ret, struct error *err);

// Fills RET, of room for all of CONTAINERS, with those that QUERY means, and returns how many they
// are: those that are called so, or have that id, or else a pod's containers; and those whose ids
// of 64 digits begin so. *RET_IS_POD: they are one pod's, and meant together.
size_t target_match(const struct containers *containers, const struct target_query *query,
	const struct container **ret, bool *ret_is_pod);

// How many characters NAME differs from OTHER, as far as that is few; else SIZE_MAX.
size_t target_distance(const char *name, size_t name_len, const char *other);

// Writes how CONTAINER is called to BUFFER of SIZE bytes: RUNTIME:NAME, or with its id, cut short.
// Returns BUFFER.
char *container_label(const struct container *container, char *buffer, size_t size);

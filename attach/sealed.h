// SPDX-License-Identifier: GPL-2.0-or-later
// Executable files that are nowhere: for a program that runs inside a container, which must not
// find a file of the host behind /proc/PID/exe.
#pragma once

#include "error.h"

#include <stddef.h>

// Makes a file of LEN bytes of IMAGE that can be executed by execveat(2) with AT_EMPTY_PATH, and
// that no file system shows. In memory and sealed against writing, memfd_create(2); where the
// machine forbids to execute such files (vm.memfd_noexec), a nameless file of its own on a file
// system that allows it. Returns an O_CLOEXEC fd that the caller owns. NAME is what
// /proc/PID/exe shows.
int sealed_open(const char *name, const void *image, size_t len, struct error *err);

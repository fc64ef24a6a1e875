// SPDX-License-Identifier: GPL-2.0-or-later
// What the target of a worker's answers, and the maker of its seeds, share.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Takes DATA, LEN bytes, as what a worker says of three threads, of which the second has gone, and
// two modules. Returns true when all of it was taken.
bool answers_accept(const uint8_t *data, size_t len);

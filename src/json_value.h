// SPDX-License-Identifier: GPL-2.0-or-later
// Values as the JSON output has them.
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

// VALUE as a hexadecimal string.
json_t *json_hex(uint64_t value);

// TEXT of the target, made valid UTF-8; null when it is NULL: unknown.
json_t *json_text(const char *text);

// The same of LEN bytes of TEXT, however many; NULL: no memory.
json_t *json_bytes(const char *text, size_t len);

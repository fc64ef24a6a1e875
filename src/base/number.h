// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers out of text: the whole word must be the number, nothing is guessed.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Parses all of WORD as decimal digits into *RET. Fails with -EINVAL (empty, a sign, a space, any
// other byte) or -ERANGE; *RET is then untouched.
int number_parse_u64(const char *word, uint64_t *ret);

// Parses all of WORD as a process id, 1 to INT32_MAX. Errors as number_parse_u64().
int number_parse_pid(const char *word, pid_t *ret);

// Parses all of WORD as a duration in seconds, digits with at most one point between or before them
// ("5", "0.25"), into microseconds (what is finer is cut off). Fails with -EINVAL, or -ERANGE for
// less than a microsecond and more than a million days; *RET is then untouched.
int number_parse_seconds(const char *word, uint64_t *ret);

// Parses all LEN bytes of TEXT as a user or group id: 0 to 4294967294, since 4294967295 means
// "leave it as it is" to the kernel. Errors as number_parse_u64().
int number_parse_id(const char *text, size_t len, uint32_t *ret);

// Reads digits of BASE (10 or 16) from [*CURSOR, END) into *RET and moves *CURSOR past them.
// Fails with -EINVAL (no digit) or -ERANGE (more than 64 bits); *CURSOR and *RET are then
// untouched.
int number_scan(const char **cursor, const char *end, unsigned base, uint64_t *ret);

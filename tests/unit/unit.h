// SPDX-License-Identifier: GPL-2.0-or-later
// What the unit tests share: assertions that say both values, and a scratch directory.
// Criterion lets a leak that is found at exit, and a failed .fini, pass: so everything is asserted
// inside the test's body, and so are leaks (check_no_leak).
#pragma once

#include <criterion/criterion.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// For a test that lacks WHAT: it is skipped, and fails where every test has to run.
#define cannot_run(what)                                                              \
	do {                                                                          \
		cr_assert(!getenv("NSPEEK_CI"), "cannot run under NSPEEK_CI: " what); \
		cr_skip_test(what);                                                   \
	} while (0)

#define check_int(actual, expected)                                                         \
	do {                                                                                \
		long long actual_ = (long long)(actual), expected_ = (long long)(expected); \
		cr_assert(actual_ == expected_, "%s is %lld, not %lld", #actual, actual_,   \
			expected_);                                                         \
	} while (0)

#define check_u64(actual, expected)                                                      \
	do {                                                                             \
		uint64_t actual_ = (uint64_t)(actual), expected_ = (uint64_t)(expected); \
		cr_assert(actual_ == expected_, "%s is %#llx, not %#llx", #actual,       \
			(unsigned long long)actual_, (unsigned long long)expected_);     \
	} while (0)

#define check_str(actual, expected)                                                             \
	do {                                                                                    \
		const char *actual_ = (actual), *expected_ = (expected);                        \
		cr_assert(strcmp(actual_, expected_) == 0, "%s is \"%s\", not \"%s\"", #actual, \
			actual_, expected_);                                                    \
	} while (0)

// The LEN bytes at ACTUAL are the string EXPECTED.
#define check_bytes(actual, len, expected)                                                        \
	do {                                                                                      \
		size_t len_ = (len), wanted_ = strlen(expected);                                  \
		cr_assert(len_ == wanted_ && memcmp((actual), (expected), len_) == 0,             \
			"%s is \"%.*s\", not \"%s\"", #actual, (int)len_, (const char *)(actual), \
			(expected));                                                              \
	} while (0)

#define check_true(condition)  cr_assert((condition), "not true: %s", #condition)
#define check_false(condition) cr_assert(!(condition), "true: %s", #condition)

// Fails the test when memory has leaked so far. Looks only in builds with a leak checker.
#if defined(__SANITIZE_ADDRESS__)
int __lsan_do_recoverable_leak_check(void);
#define check_no_leak() check_int(__lsan_do_recoverable_leak_check(), 0)
#else
#define check_no_leak() ((void)0)
#endif

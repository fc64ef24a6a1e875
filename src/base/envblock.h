// SPDX-License-Identifier: GPL-2.0-or-later
// An environment as a value: pure parsing of /proc/PID/environ, and changes to it.
#pragma once

#include <stddef.h>

// Owns all its strings. VARS ends with NULL, as execve(2) wants it.
struct envblock {
	char **vars;
	size_t count;
};

// Parses LEN bytes of TEXT, "NAME=VALUE" each ended by NUL (or the end), into *RET, which the
// caller owns. Entries without a name or without '=' are dropped; of a name that stands twice the
// first counts, as for getenv(3). Fails with -ENOMEM; nothing is left then.
int envblock_parse(const char *text, size_t len, struct envblock *ret);

// Copies VARS, strings up to a NULL, as they are into *RET. Fails with -ENOMEM; nothing is left
// then.
int envblock_copy(char *const *vars, struct envblock *ret);

// The value of NAME in ENV, or NULL. Borrowed from ENV.
const char *envblock_get(const struct envblock *env, const char *name);

// Sets NAME to the first LEN bytes of VALUE. Fails with -ENOMEM; ENV is then as it was.
int envblock_set(struct envblock *env, const char *name, const char *value, size_t len);

// Removes NAME from ENV.
void envblock_unset(struct envblock *env, const char *name);

// Frees what ENV owns. Accepts one that is {0}.
void envblock_fini(struct envblock *env);

#define auto_envblock __attribute__((cleanup(envblock_fini)))

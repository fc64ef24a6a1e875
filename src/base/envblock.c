// SPDX-License-Identifier: GPL-2.0-or-later
// Environments.
#include "envblock.h"

#include "cleanup.h"

#include <stdio.h>
#include <string.h>

enum { NOT_FOUND = -1 };

// The index of the variable whose name is NAME of LEN bytes, or NOT_FOUND.
static ssize_t find(const struct envblock *env, const char *name, size_t len)
{
	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->vars[i], name, len) == 0 && env->vars[i][len] == '=')
			return (ssize_t)i;
	return NOT_FOUND;
}

// Appends VAR, which ENV then owns.
static int append(struct envblock *env, char *var)
{
	// Grown at powers of two; one place is for the NULL.
	size_t needed = env->count + 2;
	if ((needed & (needed - 1)) == 0 || !env->vars) {
		char **grown = realloc(env->vars, needed * 2 * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		env->vars = grown;
	}
	env->vars[env->count++] = var;
	env->vars[env->count] = NULL;
	return 0;
}

// Moves ENV to *RET, with an array even when it is empty.
static int give(struct envblock *env, struct envblock *ret)
{
	if (!env->vars && !(env->vars = calloc(4, sizeof(*env->vars))))
		return -ENOMEM;
	*ret = *env;
	*env = (struct envblock){0};
	return 0;
}

int envblock_parse(const char *text, size_t len, struct envblock *ret)
{
	auto_envblock struct envblock env = {0};
	const char *end = text + len;

	for (const char *p = text; p < end;) {
		size_t room = (size_t)(end - p);
		size_t entry_len = strnlen(p, room);
		const char *equals = memchr(p, '=', entry_len);
		if (equals && equals != p) {
			auto_free char *var = strndup(p, entry_len);
			if (!var || append(&env, var) < 0)
				return -ENOMEM;
			var = NULL;
		}
		p += entry_len + 1;
	}
	return give(&env, ret);
}

int envblock_copy(char *const *vars, struct envblock *ret)
{
	auto_envblock struct envblock env = {0};

	for (; *vars; vars++) {
		auto_free char *var = strdup(*vars);
		if (!var || append(&env, var) < 0)
			return -ENOMEM;
		var = NULL;
	}
	return give(&env, ret);
}

const char *envblock_get(const struct envblock *env, const char *name)
{
	size_t len = strlen(name);
	ssize_t i = find(env, name, len);

	return i < 0 ? NULL : env->vars[i] + len + 1;
}

int envblock_set(struct envblock *env, const char *name, const char *value, size_t len)
{
	auto_free char *var = NULL;

	if (asprintf(&var, "%s=%.*s", name, (int)len, value) < 0)
		return -ENOMEM;
	envblock_unset(env, name);
	if (append(env, var) < 0)
		return -ENOMEM;
	var = NULL;
	return 0;
}

void envblock_unset(struct envblock *env, const char *name)
{
	size_t len = strlen(name), kept = 0;

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->vars[i], name, len) == 0 && env->vars[i][len] == '=')
			free(env->vars[i]);
		else
			env->vars[kept++] = env->vars[i];
	}
	env->count = kept;
	if (env->vars)
		env->vars[kept] = NULL;
}

void envblock_fini(struct envblock *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->vars[i]);
	free(env->vars);
	*env = (struct envblock){0};
}

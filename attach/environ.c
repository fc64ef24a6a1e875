// SPDX-License-Identifier: GPL-2.0-or-later
// Environments of commands.
#include "environ.h"

#include "cleanup.h"
#include "fd.h"
#include "program.h"

#include <string.h>

enum { ENVIRON_MAX = 2 << 20 };

int environ_request_add(struct environ_request *request, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	size_t size = (request->count + 1) * sizeof(*request->changes);
	auto_free char *own_name = strndup(name, name_len);
	auto_free char *own_value = value ? strndup(value, value_len) : NULL;

	if (!own_name || (value && !own_value))
		return -ENOMEM;
	struct environ_change *grown = realloc(request->changes, size);
	if (!grown)
		return -ENOMEM;
	request->changes = grown;
	grown[request->count++] = (struct environ_change){take_ptr(own_name), take_ptr(own_value)};
	return 0;
}

void environ_request_fini(struct environ_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		free(request->changes[i].name);
		free(request->changes[i].value);
	}
	free(request->changes);
	*request = (struct environ_request){0};
}

// The base that is meant.
static enum environ_base base_of(const struct environ_request *request, bool inside)
{
	if (request->base != ENVIRON_DEFAULT)
		return request->base;
	return inside ? ENVIRON_TARGET : ENVIRON_HOST;
}

static int read_target(const struct target *target, struct envblock *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = 0;

	if (target)
		r = fd_read_file_at(target->task_fd, "environ", ENVIRON_MAX, &text, &len);
	if (r < 0)
		return fail_sys(err, -r, "read", "the environment of process %d", target->pid);
	r = envblock_parse(text ? text : "", len, ret);
	return r < 0 ? fail_sys(err, -r, "read", "the target's environment") : 0;
}

// Sets NAME to our own value, if we have one.
static int set_ours(struct envblock *env, const char *name)
{
	const char *value = getenv(name);

	return value ? envblock_set(env, name, value, strlen(value)) : 0;
}

// What a program of the host needs of ours.
static int read_clean(bool inside, struct envblock *ret)
{
	static const char *const names[] = {"TERM", "LANG", "HOME", "PATH"};
	auto_envblock struct envblock env = {0};
	int r = envblock_parse("", 0, &env);

	for (size_t i = 0; r == 0 && !inside && i < sizeof(names) / sizeof(names[0]); i++)
		r = set_ours(&env, names[i]);
	if (r < 0)
		return r;
	*ret = env;
	env = (struct envblock){0};
	return 0;
}

int environ_read(const struct environ_request *request, const struct target *target, bool inside,
	struct envblock *ret, struct error *err)
{
	enum environ_base base = base_of(request, inside);

	if (base == ENVIRON_TARGET)
		return read_target(target, ret, err);
	int r = base == ENVIRON_HOST ? envblock_copy(environ, ret) : read_clean(inside, ret);
	return r < 0 ? fail_sys(err, -r, "copying", "the environment") : 0;
}

static int complete_inside(const struct login *login, struct envblock *env)
{
	static const char path[] = PROGRAM_DEFAULT_PATH;
	int r = login ? login_set_env(login, env) : 0;

	envblock_unset(env, "TERM");
	if (r == 0)
		r = set_ours(env, "TERM");
	if (r == 0 && !envblock_get(env, "PATH"))
		r = envblock_set(env, "PATH", path, sizeof(path) - 1);
	return r;
}

int environ_change(const struct environ_request *request, struct envblock *env)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < request->count; i++) {
		const struct environ_change *change = &request->changes[i];
		if (change->value)
			r = envblock_set(env, change->name, change->value, strlen(change->value));
		else
			envblock_unset(env, change->name);
	}
	return r;
}

int environ_complete(const struct environ_request *request, const struct login *login, bool inside,
	struct envblock *env, const struct notice *notice, struct error *err)
{
	static const char *const words[] = {
		[ENVIRON_TARGET] = "the target's",
		[ENVIRON_HOST] = "ours",
		[ENVIRON_CLEAN] = "a clean one",
	};
	int r = inside ? complete_inside(login, env) : 0;

	if (r == 0)
		r = environ_change(request, env);
	if (r < 0)
		return fail_sys(err, -r, "building", "the command's environment");
	notice_step(notice, "environment: %s%s%s, %zu changes asked for",
		words[base_of(request, inside)], inside && login ? ", for user " : "",
		!inside || !login ? ""
		: login->name     ? login->name
				  : "without a name",
		request->count);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek enter` that say with which variables, and where, the command runs.
#include "enter_option.h"

#include "cleanup.h"
#include "envfile.h"
#include "fd.h"

#include <fcntl.h>
#include <string.h>

enum { ENV_FILE_MAX = 1 << 20 };

static int take_env(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	static const struct {
		const char *word;
		enum environ_base base;
	} bases[] = {{"target", ENVIRON_TARGET}, {"host", ENVIRON_HOST}, {"clean", ENVIRON_CLEAN}};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strcmp(bases[i].word, arg) == 0) {
			parsing->options->request.environment.base = bases[i].base;
			return 0;
		}
	return enter_refuse(parsing, "--env: '%s' is none of target, host, clean", arg);
}

static int change(struct enter_parsing *parsing, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	int r = environ_request_add(
		&parsing->options->request.environment, name, name_len, value, value_len);

	return r < 0 ? fail_sys(parsing->err, -r, "building", "the environment") : 0;
}

static int take_setenv(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	const char *equals = strchr(arg, '=');

	if (!equals || equals == arg)
		return enter_refuse(parsing, "--setenv: '%s' is not NAME=VALUE", arg);
	return change(parsing, arg, (size_t)(equals - arg), equals + 1, strlen(equals + 1));
}

static int take_unsetenv(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;

	if (arg[0] == '\0' || strchr(arg, '='))
		return enter_refuse(parsing, "--unsetenv: '%s' is no name of a variable", arg);
	return change(parsing, arg, strlen(arg), NULL, 0);
}

// A name alone takes our own value; without one it says nothing.
static int take_entry(struct enter_parsing *parsing, const struct envfile_entry *entry)
{
	if (entry->value)
		return change(
			parsing, entry->name, entry->name_len, entry->value, entry->value_len);

	auto_free char *name = strndup(entry->name, entry->name_len);
	const char *ours = name ? getenv(name) : NULL;
	return ours ? change(parsing, name, entry->name_len, ours, strlen(ours)) : 0;
}

static int take_env_file(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	auto_fd int fd = open(arg, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	auto_free char *text = NULL;
	struct envfile_entry entry;
	struct envfile file;
	size_t len;
	int r = fd < 0 ? -errno : fd_read_all(fd, ENV_FILE_MAX, &text, &len);

	if (r < 0)
		return fail_sys(parsing->err, -r, "read", "--env-file %s", arg);
	envfile_init(text, len, &file);
	while ((r = envfile_next(&file, &entry)) > 0) {
		int failed = take_entry(parsing, &entry);
		if (failed)
			return failed;
	}
	return r < 0 ? enter_refuse(
			       parsing, "--env-file %s, line %zu: %s", arg, file.line, file.why)
		     : 0;
}

static int take_root(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	struct rootdir_request *directories = &parsing->options->request.directories;

	if (arg && arg[0] == '\0')
		return enter_refuse(parsing, "--root= lacks its DIR");
	directories->root = true;
	directories->root_dir = arg;
	return 0;
}

static int take_wd(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	struct rootdir_request *directories = &parsing->options->request.directories;

	if (arg && arg[0] == '\0')
		return enter_refuse(parsing, "--wd= lacks its DIR");
	directories->cwd = true;
	directories->cwd_dir = arg;
	return 0;
}

const struct option_row enter_environment_options[] = {
	{.name = "env",
		.value = "BASE",
		.values = "target,host,clean",
		.summary = "begin with the variables of the `target' (default for programs of the "
			   "container), of the `host', or with a `clean' few",
		.take = take_env},
	{.name = "setenv",
		.value = "NAME=VALUE",
		.summary = "then set this one",
		.take = take_setenv},
	{.name = "unsetenv",
		.value = "NAME",
		.summary = "then remove this one",
		.take = take_unsetenv},
	{.name = "env-file",
		.value = "FILE",
		.summary = "then set those of our FILE, lines of NAME=VALUE or NAME",
		.take = take_env_file},
	{.name = "root",
		.letter = 'r',
		.value = "DIR",
		.is_optional = true,
		.summary = "the root, a directory of the container (default: the target's)",
		.take = take_root},
	{.name = "wd",
		.letter = 'w',
		.value = "DIR",
		.is_optional = true,
		.summary = "the working directory below that root (default: the target's)",
		.take = take_wd},
	{0},
};

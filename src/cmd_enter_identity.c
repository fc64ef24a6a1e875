// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek enter` that say who the command is, and how much power it has.
#include "enter_option.h"

#include "number.h"

#include <string.h>

static struct identity_request *identity_of(struct enter_parsing *parsing)
{
	return &parsing->options->request.identity;
}

static int take_id(struct enter_parsing *parsing, const char *option, const char *arg,
	bool *ret_given, uint32_t *ret)
{
	if (number_parse_id(arg, strlen(arg), ret) < 0) {
		fail(parsing->err, ERROR_USAGE, EINVAL,
			"%s: '%s' is not a number from 0 to 4294967294", option, arg);
		return error_hint(parsing->err, "--as takes names");
	}
	*ret_given = true;
	return 0;
}

static int take_setuid(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	struct identity_request *identity = identity_of(parsing);

	return take_id(parsing, "--setuid", arg, &identity->has_uid, &identity->uid);
}

static int take_setgid(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	struct identity_request *identity = identity_of(parsing);

	return take_id(parsing, "--setgid", arg, &identity->has_gid, &identity->gid);
}

static int take_groups(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	struct groups_request *groups = &identity_of(parsing)->groups;

	idlist_fini(&groups->list);
	if (strcmp(arg, "target") == 0) {
		groups->choice = GROUPS_TARGET;
		return 0;
	}
	if (idlist_parse(arg, &groups->list) < 0)
		return enter_refuse(
			parsing, "--groups: '%s' is neither `target' nor a list of numbers", arg);
	idlist_normalize(&groups->list);
	groups->choice = GROUPS_LIST;
	return 0;
}

static int take_as(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	const char *colon = strchr(arg, ':');

	if (arg[0] == '\0' || arg[0] == ':' || (colon && colon[1] == '\0'))
		return enter_refuse(parsing, "--as: '%s' is no NAME or NAME:GROUP", arg);
	identity_of(parsing)->as = arg;
	return 0;
}

static int take_caps(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;

	return caps_request_parse(arg, &identity_of(parsing)->caps, parsing->err);
}

static int take_privileged(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	identity_of(parsing)->caps.choice = CAPS_KEEP;
	return 0;
}

static int take_as_target(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->options->request.confine.as_target = true;
	return 0;
}

static int take_join_cgroup(void *input, const char *arg)
{
	struct enter_parsing *parsing = input;
	(void)arg;

	parsing->options->request.confine.join_cgroup = true;
	return 0;
}

const struct option_row enter_identity_options[] = {
	{.name = "setuid",
		.letter = 'S',
		.value = "UID",
		.summary = "run as this user of the joined user namespace",
		.take = take_setuid},
	{.name = "setgid",
		.letter = 'G',
		.value = "GID",
		.summary = "with this group (default: that of UID in /etc/passwd)",
		.take = take_setgid},
	{.name = "groups",
		.value = "LIST",
		.values = "target",
		.summary = "with these supplementary groups, or with the `target's",
		.take = take_groups},
	{.name = "as",
		.value = "NAME[:GROUP]",
		.summary = "run as this user of the container's /etc/passwd",
		.take = take_as},
	{.name = "caps",
		.value = "LIST",
		.values = "target,keep",
		.summary = "with these capabilities, with what the `target' is bounded to (default "
			   "for "
			   "programs of the container), or `keep' ours",
		.take = take_caps},
	{.name = "privileged", .summary = "the same as --caps=keep", .take = take_privileged},
	{.name = "as-target",
		.summary = "run as the target does: its ids, capabilities, seccomp filters, "
			   "limits, cgroups",
		.take = take_as_target},
	{.name = "join-cgroup",
		.letter = 'c',
		.summary = "run in the target's cgroups",
		.take = take_join_cgroup},
	{0},
};

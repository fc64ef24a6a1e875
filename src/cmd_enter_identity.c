// SPDX-License-Identifier: GPL-2.0-or-later
// The options of `nspeek enter` that say who the command is, and how much power it has.
#include "enter_option.h"

#include "number.h"

#include <string.h>

static struct identity_request *identity_of(struct enter_parsing *parsing)
{
	return &parsing->options->request.identity;
}

static error_t take_id(struct enter_parsing *parsing, const char *option, const char *arg,
	bool *ret_given, uint32_t *ret)
{
	if (number_parse_id(arg, strlen(arg), ret) < 0) {
		fail(parsing->err, ERROR_USAGE, EINVAL,
			"%s: '%s' is not a number from 0 to 4294967294", option, arg);
		return (error_t)-error_hint(parsing->err, "--as takes names");
	}
	*ret_given = true;
	return 0;
}

static error_t take_setuid(struct enter_parsing *parsing, const char *arg)
{
	struct identity_request *identity = identity_of(parsing);

	return take_id(parsing, "--setuid", arg, &identity->has_uid, &identity->uid);
}

static error_t take_setgid(struct enter_parsing *parsing, const char *arg)
{
	struct identity_request *identity = identity_of(parsing);

	return take_id(parsing, "--setgid", arg, &identity->has_gid, &identity->gid);
}

static error_t take_groups(struct enter_parsing *parsing, const char *arg)
{
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

static error_t take_as(struct enter_parsing *parsing, const char *arg)
{
	const char *colon = strchr(arg, ':');

	if (arg[0] == '\0' || arg[0] == ':' || (colon && colon[1] == '\0'))
		return enter_refuse(parsing, "--as: '%s' is no NAME or NAME:GROUP", arg);
	identity_of(parsing)->as = arg;
	return 0;
}

static error_t take_caps(struct enter_parsing *parsing, const char *arg)
{
	return (error_t)-caps_request_parse(arg, &identity_of(parsing)->caps, parsing->err);
}

static error_t take_privileged(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	identity_of(parsing)->caps.choice = CAPS_KEEP;
	return 0;
}

static error_t take_as_target(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	parsing->options->request.confine.as_target = true;
	return 0;
}

static error_t take_join_cgroup(struct enter_parsing *parsing, const char *arg)
{
	(void)arg;
	parsing->options->request.confine.join_cgroup = true;
	return 0;
}

const struct enter_option enter_identity_options[] = {
	{{"setuid", 'S', "UID", 0, "run as this user of the joined user namespace", ENTER_IDENTITY},
		take_setuid},
	{{"setgid", 'G', "GID", 0, "with this group (default: that of UID in /etc/passwd)",
		 ENTER_IDENTITY},
		take_setgid},
	{{"groups", 0, "LIST", 0, "with these supplementary groups, or with the `target's",
		 ENTER_IDENTITY},
		take_groups},
	{{"as", 0, "NAME[:GROUP]", 0, "run as this user of the container's /etc/passwd",
		 ENTER_IDENTITY},
		take_as},
	{{"caps", 0, "LIST", 0,
		 "with these capabilities, with what the `target' is bounded to (default for "
		 "programs of the container), or `keep' ours",
		 ENTER_IDENTITY},
		take_caps},
	{{"privileged", 0, NULL, 0, "the same as --caps=keep", ENTER_IDENTITY}, take_privileged},
	{{"as-target", 0, NULL, 0,
		 "run as the target does: its ids, capabilities, seccomp filters, limits, cgroups",
		 ENTER_IDENTITY},
		take_as_target},
	{{"join-cgroup", 'c', NULL, 0, "run in the target's cgroups", ENTER_IDENTITY},
		take_join_cgroup},
	{{0}, NULL},
};

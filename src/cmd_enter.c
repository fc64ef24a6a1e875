// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek enter`: open the target, supervise the command, report.
#include "cmd_enter.h"

#include "cmd_enter_options.h"
#include "dryrun.h"
#include "report_error.h"
#include "supervise.h"
#include "targets.h"

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

// THE map from what failed to the exit status.
static int exit_status_of(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NOT_EXECUTABLE:
		return EXIT_NOT_EXECUTABLE;
	case ERROR_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case ERROR_NONE:
	case ERROR_USAGE:
	case ERROR_TARGET:
	case ERROR_SYSTEM:
		break;
	}
	return CMD_ENTER_FAILED;
}

static void say(enum notice_kind kind, const char *text)
{
	if (kind == NOTICE_WARNING)
		report_warning("%s", text);
	else
		report_line(text);
}

// With --dry-run the steps are what was asked for.
static void say_plan(enum notice_kind kind, const char *text)
{
	if (kind == NOTICE_WARNING)
		report_warning("%s", text);
	else
		report_output(text);
}

static void warn_without_mount(const struct enter_options *options)
{
	const struct nsset_request *namespaces = &options->request.namespaces;

	if (!options->request.argv && !(namespaces->chosen & 1u << NSTYPE_MNT))
		report_warning("the mount namespace is not joined (-m): the shell is ours and sees "
			       "our files");
}

// Returns the command's exit status, or a negative value and *ERR.
static int enter(const struct enter_options *options, struct error *err)
{
	auto_named_target struct named_target target = NAMED_TARGET_EMPTY;
	auto_entry struct entry entry = ENTRY_EMPTY;
	const struct notice notice = {.steps = options->verbose || options->dry_run,
		.say = options->dry_run ? say_plan : say};
	int r;

	if (options->target && (r = targets_open_one(options->target, &target, err)) < 0)
		return options->only_files ? error_hint(err, "with a =FILE for each namespace and "
							     "no TARGET, COMMAND stands after --")
					   : r;
	warn_without_mount(options);
	if ((r = entry_open(&options->request, options->target ? &target.target : NULL, &notice,
		     &entry, err)) < 0)
		return r;
	if (options->dry_run)
		return dryrun(&entry, err);
	return supervise(&entry, &options->session, err);
}

int cmd_enter(int argc, char **argv)
{
	auto_enter_options struct enter_options options = {0};
	struct error err = {0};
	int status = enter_options_parse(argc, argv, &options, &err);

	if (status == OPTIONS_HELP)
		return options_help(&cmd_enter_options, "nspeek enter");
	if (status == 0)
		status = enter(&options, &err);
	if (status >= 0)
		return status;
	report_error(&err);
	return exit_status_of(err.kind);
}

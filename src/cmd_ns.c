// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek ns`: resolve, look, report.
#include "cmd_ns.h"

#include "cleanup.h"
#include "output.h"
#include "report_error.h"
#include "report_ns.h"
#include "this_program.h"

#include <errno.h>
#include <stdlib.h>

enum { NS_ALL = 0, NS_SOME = 1, NS_NONE = 2, NS_USAGE = 64 };

struct ns_options {
	struct table_options table;
	const char **words; // borrowed, in an array of ours
	size_t word_count;
};

// What the functions of the rows get.
struct ns_parsing {
	struct table_parsing table;
	struct ns_options *options;
};

// What was found out so far.
struct ns_run {
	struct nsnames names;
	struct ns_subject *self;
	struct ns_subject **subjects;
	size_t count;
	size_t failed;
	bool is_usage; // one of those that failed made no sense
	bool confines; // what confines who is looked at will be shown
};

static int take_target(void *input, char **words, int count, bool is_quoted)
{
	struct ns_parsing *parsing = input;
	(void)count;
	(void)is_quoted;

	parsing->options->words[parsing->options->word_count++] = words[0];
	return 1;
}

const struct option_set cmd_ns_options = {
	.usage = "[OPTION...] [TARGET...]",
	.intro = "Compare the namespaces of a process with ours, say what joining each would do, "
		 "and what confines the process. With two TARGETs, say first what differs between "
		 "them; without one, show our own.",
	.notes = TARGETS_HELP
	" A container means its first process.\n\n"
	"With -o or --noheadings only the table is printed, one for all TARGETs.\n\n"
	"Exit status: 0 all were looked at, 1 some were not, 2 none was, 64 usage.",
	.groups = (const struct option_group[]){{NULL, table_option_rows}, {0}},
	.columns = ns_columns,
	.take_words = take_target,
};

// Says what failed of a TARGET, and counts it.
static void count_failure(struct ns_run *run, const struct error *err)
{
	run->failed++;
	run->is_usage |= err->kind == ERROR_USAGE;
	report_error(err);
}

// Looks at NAMED, which is taken over, and called WORD; NULL: at ourselves.
static struct ns_subject *look(
	struct ns_run *run, const char *word, struct named_target *named, struct error *err)
{
	struct ns_subject *subject = calloc(1, sizeof(*subject));
	int r;

	if (!subject) {
		fail_sys(err, ENOMEM, "looking", "at a process");
		return NULL;
	}
	subject->word = word;
	subject->named = NAMED_TARGET_EMPTY;
	if (named) {
		subject->named = *named;
		*named = NAMED_TARGET_EMPTY;
	}
	const struct target *target = &subject->named.target;
	r = named ? nsview_read(target, &run->self->view, &run->names, &subject->view, err)
		  : nsview_read_self(&run->names, &subject->view, err);
	if (r == 0 && run->confines)
		r = constraints_read(named ? target : NULL, &subject->constraints, err);
	// There may be more of them than fds.
	target_fini(&subject->named.target);
	if (r == 0)
		return subject;
	ns_subject_free(subject);
	return NULL;
}

static int add_subject(struct ns_run *run, struct ns_subject *subject)
{
	struct ns_subject **grown =
		reallocarray(run->subjects, run->count + 1, sizeof(struct ns_subject *));

	if (!grown)
		return -ENOMEM;
	run->subjects = grown;
	run->subjects[run->count++] = subject;
	return 0;
}

// Looks at what WORD means.
static void look_at_word(struct ns_run *run, const char *word)
{
	auto_targets struct targets targets = {0};
	struct error err = {0};

	if (targets_open(word, &targets, &err) < 0) {
		count_failure(run, &err);
		return;
	}
	for (size_t i = 0; i < targets.count; i++) {
		struct error why = {0};
		struct ns_subject *subject = look(run, word, &targets.rows[i], &why);
		if (subject && add_subject(run, subject) == 0)
			continue;
		if (subject)
			fail_sys(&why, ENOMEM, "looking", "at %s", word);
		ns_subject_free(subject);
		count_failure(run, &why);
	}
}

// Looks at all that OPTIONS name. Returns false, which is said, if nothing can be shown.
static bool look_at_all(struct ns_run *run, const struct ns_options *options)
{
	const struct table_options *table = &options->table;
	bool is_table = !table->json && (table->columns || table->no_headings);
	struct error err = {0};

	run->confines = !is_table && (table->json || options->word_count == 0);
	int r = target_check_procfs(&err);
	if (r == 0 && nsnames_read(&run->names) < 0)
		r = fail_sys(&err, ENOMEM, "reading", "the names of namespaces");
	if (r == 0)
		run->self = look(run, NULL, NULL, &err);
	if (!run->self) {
		report_error(&err);
		return false;
	}
	run->confines = !is_table;
	for (size_t i = 0; i < options->word_count; i++)
		look_at_word(run, options->words[i]);
	return true;
}

// Returns false, which is said, if that failed.
static bool show(const struct ns_run *run, const struct ns_options *options)
{
	const struct ns_report report = {run->self, run->subjects, run->count};
	struct error err = {0};
	int r;

	if (options->table.json) // (what standard output did not take is said at the end)
		r = this_program.json->ns(stdout, &report) < 0 && !ferror(stdout)
			    ? fail_sys(&err, ENOMEM, "writing", "the document")
			    : 0;
	else
		r = report_ns(&report, &options->table, &err);
	if (r < 0)
		report_error(&err);
	return r == 0;
}

static void run_fini(struct ns_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		ns_subject_free(run->subjects[i]);
	free(run->subjects);
	ns_subject_free(run->self);
	nsnames_fini(&run->names);
}

static int run(const struct ns_options *options)
{
	__attribute__((cleanup(run_fini))) struct ns_run run = {0};
	bool is_none; // of the TARGETs

	if (!look_at_all(&run, options))
		return NS_NONE;
	is_none = run.count == 0 && options->word_count > 0;
	// A document is written in any case.
	if ((!is_none || options->table.json) && !show(&run, options))
		return NS_NONE;
	if (run.is_usage)
		return NS_USAGE;
	if (is_none)
		return NS_NONE;
	return run.failed > 0 ? NS_SOME : NS_ALL;
}

// Returns 0, OPTIONS_HELP, TABLE_HELP, or fails.
static int parse(int argc, char **argv, struct ns_options *options, struct error *err)
{
	struct ns_parsing parsing = {{&options->table, err}, options};
	auto_table struct table table = {0};
	int r = options_parse(&cmd_ns_options, argc, argv, &parsing, err);

	return r != 0 ? r : table_options_open(&options->table, ns_columns, &table, err);
}

int cmd_ns(int argc, char **argv)
{
	auto_free const char **words = calloc((size_t)argc, sizeof(*words));
	struct ns_options options = {.words = words};
	struct error err = {0};
	int r = words ? parse(argc, argv, &options, &err)
		      : fail_sys(&err, ENOMEM, "parsing", "the options");

	if (r != 0)
		return table_options_answer(&cmd_ns_options, "nspeek ns", r, &err);
	if (options.table.json && !this_program.json)
		return this_program.become(argc, argv);
	output_begin();
	return output_end(run(&options), NS_NONE);
}

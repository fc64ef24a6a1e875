// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of `nspeek ns`.
#include "report_ns.h"

#include "cleanup.h"
#include "output.h"
#include "text.h"

#include <string.h>

enum { NAME_SIZE = 4 * PROC_NAME_SIZE };

static const char *put_id(uint64_t id, char *buffer)
{
	if (id == 0)
		return NULL;
	snprintf(buffer, TABLE_TEXT_SIZE, "%llu", (unsigned long long)id);
	return buffer;
}

static const struct nsview_row *theirs(const struct ns_row *row)
{
	return nsview_row(&row->subject->view, row->kind);
}

static const char *text_pid(const void *row, char *buffer)
{
	const struct ns_row *r = row;

	return r->subject->word ? put_id((uint64_t)r->subject->named.target.pid, buffer) : NULL;
}

static const char *text_target(const void *row, char *buffer)
{
	(void)buffer;

	return ((const struct ns_row *)row)->subject->word;
}

static const char *text_type(const void *row, char *buffer)
{
	(void)buffer;

	return ((const struct ns_row *)row)->kind->name;
}

static const char *text_ours(const void *row, char *buffer)
{
	const struct ns_row *r = row;

	return put_id(nsview_row(&r->self->view, r->kind)->id, buffer);
}

static const char *text_id(const void *row, char *buffer)
{
	return put_id(theirs(row)->id, buffer);
}

static const char *text_same(const void *row, char *buffer)
{
	const struct nsview_row *r = theirs(row);
	(void)buffer;

	return r->id == 0 ? NULL : r->same ? "yes" : "no";
}

static const char *text_owner(const void *row, char *buffer)
{
	return put_id(theirs(row)->owner, buffer);
}

static const char *text_parent(const void *row, char *buffer)
{
	return put_id(theirs(row)->parent, buffer);
}

static const char *text_join(const void *row, char *buffer)
{
	(void)buffer;

	return ns_join_word(theirs(row));
}

static const char *text_name(const void *row, char *buffer)
{
	(void)buffer;

	return theirs(row)->name;
}

static const char *text_reason(const void *row, char *buffer)
{
	(void)buffer;

	return ns_row_reason(theirs(row));
}

static const char *text_isolates(const void *row, char *buffer)
{
	(void)buffer;

	return nstypes[((const struct ns_row *)row)->kind->type].summary;
}

static enum table_style style_same(const void *row)
{
	const struct nsview_row *r = theirs(row);

	return r->id != 0 && !r->same ? TABLE_NAME : TABLE_PLAIN;
}

static enum table_style style_join(const void *row)
{
	return theirs(row)->join.outcome == NSJOIN_DENIED ? TABLE_TROUBLE : TABLE_PLAIN;
}

const struct table_column ns_columns[] = {
	{.name = "PID",
		.summary = "the process",
		.text = text_pid,
		.is_optional = true,
		.is_number = true},
	{.name = "TARGET", .summary = "as it was given", .text = text_target, .is_optional = true},
	{.name = "TYPE",
		.summary = "the file in /proc/PID/ns; those for children act on what it forks next",
		.text = text_type},
	{.name = "OURS", .summary = "our own", .text = text_ours, .is_number = true},
	{.name = "ID", .summary = "the target's", .text = text_id, .is_number = true},
	{.name = "SAME",
		.summary = "whether the two are the same",
		.text = text_same,
		.style = style_same},
	{.name = "OWNER",
		.summary = "the user namespace that owns it",
		.text = text_owner,
		.is_number = true},
	{.name = "PARENT",
		.summary = "the one above it: of PID and user namespaces",
		.text = text_parent,
		.is_number = true},
	{.name = "JOIN",
		.summary = "what joining would do: skip (it is ours), ok, denied",
		.text = text_join,
		.style = style_join},
	{.name = "NAME",
		.summary = "in /run/netns, or where it is mounted",
		.text = text_name,
		.is_optional = true},
	{.name = "REASON",
		.summary = "why joining is denied",
		.text = text_reason,
		.is_optional = true},
	{.name = "ISOLATES",
		.summary = "what namespaces of the type separate",
		.text = text_isolates,
		.is_optional = true},
	{0},
};

// Adds the rows of SUBJECT.
static int add_rows(
	const struct ns_report *report, const struct ns_subject *subject, struct table *table)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	int r = 0;

	nsview_kinds(kinds);
	for (int i = 0; r == 0 && i < NSVIEW_KINDS; i++) {
		const struct ns_row row = {report->self, subject, &kinds[i]};
		r = table_add(table, &row, NULL);
	}
	return r;
}

// What is shown of SUBJECT when nothing was asked for.
static const char *default_columns(const struct ns_subject *subject, bool many)
{
	if (!subject->word)
		return "type,id,owner,parent,name";
	return many ? "pid,type,ours,id,same,owner,parent,join" : NULL;
}

// One table for the COUNT SUBJECTS.
static int print_table(const struct ns_report *report, const struct ns_subject *const *subjects,
	size_t count, const struct table_options *options, struct error *err)
{
	auto_table struct table table = {0};
	struct table_options chosen = *options;
	int r;

	if (!chosen.columns)
		chosen.columns = default_columns(subjects[0], count > 1);
	if ((r = table_options_open(&chosen, ns_columns, &table, err)) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_rows(report, subjects[i], &table);
	if (r < 0)
		return fail_sys(err, ENOMEM, "making", "a table");
	table_options_print(&chosen, &table);
	return 0;
}

static void print_head(const struct ns_subject *subject)
{
	const struct target *target = &subject->named.target;
	char name[NAME_SIZE], word[NAME_SIZE];

	if (!subject->word) {
		printf("our own namespaces\n");
		return;
	}
	text_escape(subject->constraints.status.name, name, sizeof(name));
	if (target->tid != target->pid)
		printf("thread %d of ", target->tid);
	printf("process %d (%s)", target->pid, name);
	if (subject->named.is_whole)
		printf(" of %s", text_escape(subject->word, word, sizeof(word)));
	putchar('\n');
}

static int print_subject(const struct ns_report *report, const struct ns_subject *subject,
	const struct table_options *options, struct error *err)
{
	print_head(subject);
	int r = print_table(report, &subject, 1, options, err);
	if (r == 0 && report_ns_facts(subject, output_width(), stdout) < 0)
		return fail_sys(err, ENOMEM, "showing", "what confines a process");
	return r;
}

int report_ns(
	const struct ns_report *report, const struct table_options *options, struct error *err)
{
	const struct ns_subject *const *subjects =
		(const struct ns_subject *const *)report->subjects;
	const struct ns_subject *const *shown = report->count > 0 ? subjects : &report->self;
	size_t count = report->count > 0 ? report->count : 1;
	int r = 0;

	if (options->columns || options->no_headings)
		return print_table(report, shown, count, options, err);
	if (count == 2 && report_ns_compare(subjects[0], subjects[1], output_width(), stdout) < 0)
		return fail_sys(err, ENOMEM, "comparing", "two processes");
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (i > 0 || count == 2)
			putchar('\n');
		r = print_subject(report, shown[i], options, err);
	}
	return r;
}

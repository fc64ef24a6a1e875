// SPDX-License-Identifier: GPL-2.0-or-later
// The reports of `nspeek ns`.
#pragma once

#include "error.h"
#include "ns_report.h"
#include "table_options.h"

#include <stdio.h>

// The columns of its table; a row is a struct ns_row.
extern const struct table_column ns_columns[];

struct ns_row {
	const struct ns_subject *self, *subject;
	const struct nsview_kind *kind;
};

// Prints REPORT on stdout by OPTIONS: where these choose columns or leave out headings, the rows of
// all targets as one table and nothing else. Fails with the reason.
int report_ns(
	const struct ns_report *report, const struct table_options *options, struct error *err);

// Prints for people, in lines of WIDTH columns (0: as long as they are), to OUT what differs
// between A and B. Fails with -ENOMEM.
int report_ns_compare(
	const struct ns_subject *a, const struct ns_subject *b, size_t width, FILE *out);

// And what there is to say of SUBJECT beside its table: names, refusals, what confines it.
int report_ns_facts(const struct ns_subject *subject, size_t width, FILE *out);

// Writes REPORT as a JSON document, schema nspeek.ns/1. Fails with -ENOMEM.
int report_ns_json(FILE *out, const struct ns_report *report);

// SPDX-License-Identifier: GPL-2.0-or-later
// What `nspeek ns` says beside its tables.
#include "report_ns.h"

#include "cleanup.h"
#include "display_width.h"
#include "ns_facts.h"
#include "text.h"

#include <errno.h>
#include <string.h>

enum { VALUE_COLUMN = 19, TEXT_SIZE = 4096, WHO_SIZE = 64 + 4 * PROC_NAME_SIZE };

// Writes TEXT from COLUMN on, broken between words so that lines have WIDTH columns.
static void put_wrapped(const char *text, size_t column, size_t width, FILE *out)
{
	bool is_first = true;

	while (*text) {
		char word[TEXT_SIZE];
		size_t len = strcspn(text, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		size_t taken = display_width(word);
		if (!is_first && width > 0 && column + 1 + taken > width) {
			fprintf(out, "\n%*s", VALUE_COLUMN, "");
			column = VALUE_COLUMN;
		} else if (!is_first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, len, out);
		column += taken;
		text += len;
		text += *text == ' ';
		is_first = false;
	}
	fputc('\n', out);
}

// A line of KEY (which may be empty), WHO if that is not NULL, and TEXT.
static void put_line(const char *key, const char *who, const char *text, size_t width, FILE *out)
{
	fprintf(out, "%-*s", VALUE_COLUMN, key);
	if (who)
		fprintf(out, "%s: ", who);
	put_wrapped(text, VALUE_COLUMN + (who ? display_width(who) + 2 : 0), width, out);
}

// The names that namespaces of SUBJECT have.
static int put_names(const struct ns_subject *subject, size_t width, FILE *out)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	auto_free char *text = NULL;
	const char *comma = "";
	size_t len;
	FILE *line = open_memstream(&text, &len);

	if (!line)
		return -ENOMEM;
	nsview_kinds(kinds);
	for (int i = 0; i < NSVIEW_KINDS; i++) {
		const struct nsview_row *row = nsview_row(&subject->view, &kinds[i]);
		char name[TEXT_SIZE];
		if (!row->name)
			continue;
		fprintf(line, "%s%s is %s", comma, kinds[i].name,
			text_escape(row->name, name, sizeof(name)));
		comma = ", ";
	}
	if (fclose(line) != 0)
		return -ENOMEM;
	if (text[0])
		put_line("named", NULL, text, width, out);
	return 0;
}

// The reason of KIND in VIEW, where it is worth a line of its own.
static const char *trouble_of(const struct nsview *view, const struct nsview_kind *kind)
{
	const struct nsview_row *row = nsview_row(view, kind);
	bool is_trouble = row->id == 0 || row->join.outcome == NSJOIN_DENIED;

	return is_trouble ? ns_row_reason(row) : NULL;
}

// Each reason once, after the types that it is true of.
static int put_troubles(const struct ns_subject *subject, size_t width, FILE *out)
{
	const struct nsview *view = &subject->view;
	struct nsview_kind kinds[NSVIEW_KINDS];
	bool is_done[NSVIEW_KINDS] = {false};

	nsview_kinds(kinds);
	for (int i = 0; i < NSVIEW_KINDS; i++) {
		const char *why = trouble_of(view, &kinds[i]), *comma = "";
		bool is_denied = nsview_row(view, &kinds[i])->id != 0;
		auto_free char *text = NULL;
		size_t len;
		if (!why || is_done[i])
			continue;
		FILE *line = open_memstream(&text, &len);
		if (!line)
			return -ENOMEM;
		for (int k = i; k < NSVIEW_KINDS; k++) {
			const char *other = trouble_of(view, &kinds[k]);
			if (!other || strcmp(other, why) != 0)
				continue;
			fprintf(line, "%s%s", comma, kinds[k].name);
			comma = ", ";
			is_done[k] = true;
		}
		fprintf(line, ": %s", why);
		if (fclose(line) != 0)
			return -ENOMEM;
		put_line(is_denied ? "denied" : "unknown", NULL, text, width, out);
	}
	return 0;
}

int report_ns_facts(const struct ns_subject *subject, size_t width, FILE *out)
{
	auto_ns_facts struct ns_facts facts = {0};
	int r = ns_facts_make(subject, &facts);

	if (r < 0 || (r = put_names(subject, width, out)) < 0 ||
		(r = put_troubles(subject, width, out)) < 0)
		return r;
	for (size_t i = 0; i < facts.count; i++)
		put_line(facts.items[i].key, NULL, facts.items[i].value, width, out);
	return 0;
}

static const char *who_is(const struct ns_subject *subject, char who[static WHO_SIZE])
{
	char name[4 * PROC_NAME_SIZE];

	text_escape(subject->constraints.status.name, name, sizeof(name));
	snprintf(who, WHO_SIZE, "%d (%s)", subject->named.target.tid, name);
	return who;
}

// Writes the names of the kinds in which A and B are the same, or are not.
static int put_kinds(const struct ns_subject *a, const struct ns_subject *b, bool same, FILE *out)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	int count = 0;

	nsview_kinds(kinds);
	for (int i = 0; i < NSVIEW_KINDS; i++)
		if (ns_is_same(a, b, &kinds[i]) == same)
			fprintf(out, "%s%s", count++ > 0 ? ", " : "", kinds[i].name);
	return count;
}

static int put_kinds_line(
	const struct ns_subject *a, const struct ns_subject *b, bool same, size_t width, FILE *out)
{
	auto_free char *text = NULL;
	size_t len;
	FILE *line = open_memstream(&text, &len);

	if (!line)
		return -ENOMEM;
	if (put_kinds(a, b, same, line) == 0)
		fputs("none", line);
	if (fclose(line) != 0)
		return -ENOMEM;
	put_line(same ? "the same" : "differ", NULL, text, width, out);
	return 0;
}

int report_ns_compare(
	const struct ns_subject *a, const struct ns_subject *b, size_t width, FILE *out)
{
	auto_ns_facts struct ns_facts one = {0}, other = {0};
	char who[2][WHO_SIZE];
	size_t position = 0;
	int r;

	if ((r = ns_facts_make(a, &one)) < 0 || (r = ns_facts_make(b, &other)) < 0)
		return r;
	fprintf(out, "%s beside %s\n", who_is(a, who[0]), who_is(b, who[1]));
	if ((r = put_kinds_line(a, b, false, width, out)) < 0 ||
		(r = put_kinds_line(a, b, true, width, out)) < 0)
		return r;
	for (const char *key; (key = ns_facts_differ(&one, &other, &position));) {
		const char *values[] = {ns_facts_get(&one, key), ns_facts_get(&other, key)};
		put_line(key, who[0], values[0] ? values[0] : "-", width, out);
		put_line("", who[1], values[1] ? values[1] : "-", width, out);
	}
	return 0;
}

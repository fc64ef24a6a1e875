// SPDX-License-Identifier: GPL-2.0-or-later
// What the threads of a group wait for, also those of several processes.
#include "report_text.h"

#include "cleanup.h"
#include "report_context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIFFERENT_MAX = 4, // contexts of one group's processes that are shown
	PIDS_MAX = 6,      // processes listed that share one
};

// What is said of several processes.
struct said {
	char *lines;
	pid_t pids[PIDS_MAX];
	size_t count;
};

// The context of the COUNT threads REFS, all of one process, to OUT.
static int put_process(
	FILE *out, const struct text *text, const struct stack_ref *refs, size_t count)
{
	auto_free size_t *order = calloc(count, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		order[i] = refs[i].thread;
	report_context_text(
		out, text->reports[refs[0].report], &(struct context_group){order, count});
	return 0;
}

// The same as a string, to *RET, which the caller owns.
static int make_process(
	const struct text *text, const struct stack_ref *refs, size_t count, char **ret)
{
	size_t len;
	FILE *out = open_memstream(ret, &len);

	if (!out)
		return -ENOMEM;
	int r = put_process(out, text, refs, count);
	if (fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	return r;
}

// Adds LINES, which are SAID's from then on, of process PID to the COUNT that were said. Returns
// how many there are then.
static size_t add(struct said *said, size_t count, char *lines, pid_t pid)
{
	size_t at = 0;

	while (at < count && strcmp(said[at].lines, lines) != 0)
		at++;
	if (at < count)
		free(lines);
	else
		said[at].lines = lines;
	if (said[at].count < PIDS_MAX)
		said[at].pids[said[at].count] = pid;
	said[at].count++;
	return at < count ? count : count + 1;
}

static void put_said(const struct text *text, const struct said *said)
{
	size_t known = said->count < PIDS_MAX ? said->count : PIDS_MAX;

	if (!said->lines[0])
		return;
	fprintf(text->out, "     in process%s ", said->count > 1 ? "es" : "");
	for (size_t i = 0; i < known; i++)
		fprintf(text->out, "%s%d", i > 0 ? ", " : "", said->pids[i]);
	if (said->count > known)
		fprintf(text->out, " and %zu more", said->count - known);
	fprintf(text->out, ":\n%s", said->lines);
}

int text_put_context(const struct text *text, const struct stack_ref *refs, size_t count)
{
	struct said said[DIFFERENT_MAX + 1] = {0};
	size_t different = 0, others = 0;
	int r = 0;

	if (refs[0].report == refs[count - 1].report)
		return put_process(text->out, text, refs, count);
	for (size_t at = 0, end; r == 0 && at < count; at = end) {
		const struct stack_report *report = text->reports[refs[at].report];
		char *lines = NULL;
		for (end = at + 1; end < count && refs[end].report == refs[at].report;)
			end++;
		r = make_process(text, refs + at, end - at, &lines);
		if (r < 0) {
			free(lines);
			break;
		}
		different = add(said, different, lines, report->snapshot->pid);
		if (different > DIFFERENT_MAX) {
			free(said[DIFFERENT_MAX].lines);
			said[DIFFERENT_MAX] = (struct said){0};
			different = DIFFERENT_MAX;
			others++;
		}
	}
	for (size_t i = 0; i < different; i++) {
		if (r == 0 && different + others > 1)
			put_said(text, &said[i]);
		else if (r == 0)
			fputs(said[i].lines, text->out);
		free(said[i].lines);
	}
	if (others > 0)
		fprintf(text->out, "     in %zu more: not the same\n", others);
	return r;
}

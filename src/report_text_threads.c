// SPDX-License-Identifier: GPL-2.0-or-later
// Who the threads of a group are.
#include "report_text.h"

#include "duration.h"
#include "syscallname.h"

#include <stdarg.h>
#include <string.h>

enum {
	NAMES_MAX = 4,       // thread names shown of one group
	ITEM_SIZE = 160,     // bytes of one process with its threads
	ITEM_RANGES_MAX = 6, // ranges of thread ids shown of one process among several
};

// A list of ids that is written as far as there is room.
struct id_list {
	const struct text *text;
	size_t used;
	size_t left_out; // threads
};

// Writes ITEM, which stands for COUNT threads, if there is room; the first always is.
static void put_item(struct id_list *list, const char *item, size_t count)
{
	size_t len = strlen(item) + 2;

	if (list->left_out > 0 || (list->used > 0 && list->used + len > list->text->width)) {
		list->left_out += count;
		return;
	}
	fprintf(list->text->out, "%s%s", list->used > 0 ? ", " : "", item);
	list->used += len;
}

static void end_list(const struct id_list *list)
{
	if (list->left_out > 0)
		fprintf(list->text->out, " and %zu more", list->left_out);
}

// How many of the COUNT threads REFS, from the first on, have ids that follow each other.
static size_t range_len(const struct text *text, const struct stack_ref *refs, size_t count)
{
	size_t len = 1;

	while (len < count &&
		text_thread(text, refs[len])->tid == text_thread(text, refs[len - 1])->tid + 1)
		len++;
	return len;
}

// The ids of the first LEN of REFS, which follow each other, into ITEM.
static void range_text(
	const struct text *text, const struct stack_ref *refs, size_t len, char *item, size_t size)
{
	pid_t first = text_thread(text, refs[0])->tid;

	if (len > 1)
		snprintf(item, size, "%d-%d", first, text_thread(text, refs[len - 1])->tid);
	else
		snprintf(item, size, "%d", first);
}

static void put_ranges(const struct text *text, const struct stack_ref *refs, size_t count)
{
	struct id_list list = {.text = text};

	for (size_t at = 0, len; at < count; at += len) {
		char item[32];
		len = range_len(text, refs + at, count - at);
		range_text(text, refs + at, len, item, sizeof(item));
		put_item(&list, item, len);
	}
	end_list(&list);
}

// How many of the COUNT threads REFS, from the first on, are of its process.
static size_t same_process(const struct stack_ref *refs, size_t count)
{
	size_t len = 1;

	while (len < count && refs[len].report == refs[0].report)
		len++;
	return len;
}

// The process of REFS, all of which are its, into ITEM: its id, and those of the threads if there
// are others than the main one.
static void process_text(const struct text *text, const struct stack_ref *refs, size_t count,
	char *item, size_t size)
{
	pid_t pid = text->reports[refs[0].report]->snapshot->pid;
	size_t at = 0, used = (size_t)snprintf(item, size, "%d", pid);

	if (count == 1 && text_thread(text, refs[0])->tid == pid)
		return;
	for (int ranges = 0; at < count && ranges < ITEM_RANGES_MAX; ranges++) {
		char range[32];
		size_t len = range_len(text, refs + at, count - at);
		range_text(text, refs + at, len, range, sizeof(range));
		used += (size_t)snprintf(
			item + used, size - used, "%s%s", ranges == 0 ? " (" : ", ", range);
		at += len;
	}
	if (at < count)
		used += (size_t)snprintf(item + used, size - used, " and %zu more", count - at);
	snprintf(item + used, size - used, ")");
}

static size_t count_processes(const struct stack_ref *refs, size_t count)
{
	size_t processes = 0;

	for (size_t at = 0; at < count; at += same_process(refs + at, count - at))
		processes++;
	return processes;
}

static void put_processes(const struct text *text, const struct stack_ref *refs, size_t count)
{
	struct id_list list = {.text = text};

	fprintf(text->out, "of %zu processes: ", count_processes(refs, count));
	for (size_t at = 0, len; at < count; at += len) {
		char item[ITEM_SIZE];
		len = same_process(refs + at, count - at);
		process_text(text, refs + at, len, item, sizeof(item));
		put_item(&list, item, len);
	}
	end_list(&list);
}

// The different names of the threads.
static void put_names(const struct text *text, const struct stack_ref *refs, size_t count)
{
	const char *shown[NAMES_MAX];
	int shown_count = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = text_thread(text, refs[i])->name;
		int seen = 0;
		while (seen < shown_count && strcmp(shown[seen], name) != 0)
			seen++;
		if (seen < shown_count)
			continue;
		if (shown_count == NAMES_MAX) {
			fputs(" ...", text->out);
			break;
		}
		shown[shown_count++] = name;
		fputs(" \"", text->out);
		text_put(text, name);
		fputc('"', text->out);
	}
}

void text_put_wait(const struct text *text, const struct snapshot_thread *thread)
{
	if (thread->state)
		fprintf(text->out, " %c",
			thread->state > ' ' && thread->state < 0x7f ? thread->state : '?');
	if (thread->status != SNAPSHOT_THREAD_CAPTURED || !thread->in_syscall)
		return;
	const char *name = syscallname_of(thread->syscall_nr);
	if (name)
		fprintf(text->out, " in %s", name);
	else
		fprintf(text->out, " in system call %llu", (unsigned long long)thread->syscall_nr);
}

void text_put_threads(const struct text *text, const struct stack_ref *refs, size_t count)
{
	const struct snapshot_thread *thread = text_thread(text, refs[0]);

	if (count > 1)
		fprintf(text->out, "%zu threads ", count);
	else
		fputs("thread ", text->out);
	if (same_process(refs, count) < count)
		put_processes(text, refs, count);
	else
		put_ranges(text, refs, count);
	if (count == 1 && thread->ns_tid > 0 && thread->ns_tid != thread->tid)
		fprintf(text->out, " (%d inside)", thread->ns_tid);
	if (text->report_count > 1 && same_process(refs, count) == count)
		fprintf(text->out, " of process %d", text->reports[refs[0].report]->snapshot->pid);
	put_names(text, refs, count);
	text_put_wait(text, thread);
}

void text_put_waited(const struct text *text, const struct stack_ref *refs, size_t count)
{
	char shortest[DURATION_SIZE], longest[DURATION_SIZE];
	uint64_t least = UINT64_MAX, most = 0;
	size_t unknown = 0;

	for (size_t i = 0; i < count; i++) {
		const struct context_wait *wait = &text_thread(text, refs[i])->wait;
		unknown += !wait->waited_known;
		if (wait->waited_known && wait->waited_ms < least)
			least = wait->waited_ms;
		if (wait->waited_known && wait->waited_ms > most)
			most = wait->waited_ms;
	}
	if (unknown == count)
		return;
	duration_text(least, shortest, sizeof(shortest));
	duration_text(most, longest, sizeof(longest));
	fprintf(text->out, " for %s", shortest);
	if (strcmp(shortest, longest) != 0)
		fprintf(text->out, " to %s", longest);
	if (unknown > 0)
		fprintf(text->out, " (%zu not known)", unknown);
}

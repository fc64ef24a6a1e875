// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks for people.
#include "report_stack.h"
#include "report_text.h"

#include "cleanup.h"
#include "frameview.h"
#include "report_context.h"
#include "syscallname.h"
#include "text.h"

#include <string.h>
#include <time.h>

enum {
	TID_RANGES_MAX = 6, // ranges of thread ids shown of one group
	NAMES_MAX = 4,      // thread names shown of one group
	LIST_MAX = 20,      // threads listed in one note
};

static const struct text_style plain = {"", "", "", ""};
static const struct text_style coloured = {"\033[1m", "\033[36m", "\033[31m", "\033[0m"};

const char *stack_report_reason(
	const struct stack_report *report, size_t index, char *buffer, size_t size)
{
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	const char *fixed = NULL;

	switch (thread->status) {
	case SNAPSHOT_THREAD_CAPTURED:
		fixed = report->stacks->stacks[index].end.reason;
		break;
	case SNAPSHOT_THREAD_GONE:
		fixed = thread->state == 'Z' ? "it has exited (a zombie)" : "it exited meanwhile";
		break;
	case SNAPSHOT_THREAD_LISTED:
	case SNAPSHOT_THREAD_TIMEOUT:
		fixed = "it did not stop, or could not be read, in time";
		break;
	case SNAPSHOT_THREAD_MOVING:
		fixed = "it ran whenever it was looked at, and was not to be stopped";
		break;
	case SNAPSHOT_THREAD_KERNEL:
		fixed = "it never runs code of the program (an io_uring worker)";
		break;
	case SNAPSHOT_THREAD_DENIED:
		if (thread->errnum == EMEDIUMTYPE)
			fixed = "it runs 32-bit code, which this version does not unwind";
		else
			snprintf(buffer, size, "it cannot be read or traced: %s",
				strerror(thread->errnum));
		if (!fixed)
			return buffer;
		break;
	}
	snprintf(buffer, size, "%s", fixed);
	return buffer;
}

const char *stack_report_no_iterator(const struct stack_report *report)
{
	switch (report->snapshot->iterator_errnum) {
	case 0:
		return NULL;
	case EBADF:
		return "";
	case ENOPKG:
		return "this build has no task iterator";
	case EPERM:
		return "the task iterator is not permitted";
	default:
		return "the kernel has no task iterator";
	}
}

bool stack_report_differs(const struct stack_report *report, size_t index)
{
	return report->stacks->verifies &&
	       report->stacks->verifies[index].result == STACK_VERIFY_DIFFERS;
}

static uint64_t hash_stack(const struct stack_report *report, size_t index)
{
	const struct stack *stack = &report->stacks->stacks[index];
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	uint64_t hash = (uint64_t)stack->end.status << 16 | (uint64_t)thread->status << 8 |
			(unsigned char)thread->state;

	for (const char *c = stack->end.reason; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < stack->frame_count; i++)
		hash = (hash ^ stack->frames[i].pc) * UINT64_C(0x100000001b3);
	if (stack_report_differs(report, index))
		hash ^= 1 + report->stacks->verifies[index].same +
			report->stacks->verifies[index].other_pc;
	return hash;
}

// True when the second engine finds the same of threads A and B.
static bool same_verify(const struct stack_report *report, size_t a, size_t b)
{
	bool differs = stack_report_differs(report, a);

	if (!differs || !stack_report_differs(report, b))
		return differs == stack_report_differs(report, b);
	const struct stack_verify *x = &report->stacks->verifies[a],
				  *y = &report->stacks->verifies[b];
	return x->same == y->same && x->other_goes_on == y->other_goes_on &&
	       x->other_pc == y->other_pc;
}

// True when threads A and B would print the same frames.
static bool same_stack(const struct text_report *text, size_t a, size_t b)
{
	const struct stack *x = &text->report->stacks->stacks[a],
			   *y = &text->report->stacks->stacks[b];
	const struct snapshot_thread *threads = text->report->snapshot->threads;

	if (text->hash[a] != text->hash[b] || x->frame_count != y->frame_count ||
		threads[a].status != threads[b].status || threads[a].state != threads[b].state ||
		x->end.overflow_sp != y->end.overflow_sp || !same_verify(text->report, a, b) ||
		strcmp(x->end.reason, y->end.reason) != 0)
		return false;
	for (size_t i = 0; x->frames != y->frames && i < x->frame_count; i++)
		if (!frame_view_same(&x->frames[i], &y->frames[i]))
			return false;
	return true;
}

static void put_escaped(FILE *out, const char *text)
{
	char buffer[REPORT_SHOWN_SIZE];

	fputs(text_escape(text, buffer, sizeof(buffer)), out);
}

// The ids of the group order[FIRST..END), as ranges.
static void put_tids(const struct text_report *text, size_t first, size_t end)
{
	const struct snapshot_thread *threads = text->report->snapshot->threads;
	int ranges = 0;

	for (size_t i = first; i < end;) {
		size_t last = i;
		while (last + 1 < end &&
			threads[text->order[last + 1]].tid == threads[text->order[last]].tid + 1)
			last++;
		if (ranges++ == TID_RANGES_MAX) {
			fprintf(text->out, " and %zu more", end - i);
			break;
		}
		fprintf(text->out, "%s%d", ranges > 1 ? ", " : "", threads[text->order[i]].tid);
		if (last > i)
			fprintf(text->out, "-%d", threads[text->order[last]].tid);
		i = last + 1;
	}
}

// The different names of the group order[FIRST..END).
static void put_names(const struct text_report *text, size_t first, size_t end)
{
	const struct snapshot_thread *threads = text->report->snapshot->threads;
	const char *shown[NAMES_MAX];
	int count = 0;

	for (size_t i = first; i < end; i++) {
		const char *name = threads[text->order[i]].name;
		int seen = 0;
		while (seen < count && strcmp(shown[seen], name) != 0)
			seen++;
		if (seen < count)
			continue;
		if (count == NAMES_MAX) {
			fputs(" ...", text->out);
			break;
		}
		shown[count++] = name;
		fputs(" \"", text->out);
		put_escaped(text->out, name);
		fputc('"', text->out);
	}
}

static void put_wait(const struct text_report *text, const struct snapshot_thread *thread)
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

// Where the engines differ on thread INDEX, if they do.
static void put_verify(const struct text_report *text, size_t index)
{
	const struct stacks *stacks = text->report->stacks;
	char ends[2][24] = {"the chain ends", "the chain ends"};

	if (!stack_report_differs(text->report, index))
		return;
	const struct stack_verify *verify = &stacks->verifies[index];
	if (verify->same < stacks->stacks[index].frame_count)
		snprintf(ends[0], sizeof(ends[0]), "0x%016llx",
			(unsigned long long)stacks->stacks[index].frames[verify->same].pc);
	if (verify->other_goes_on)
		snprintf(ends[1], sizeof(ends[1]), "0x%016llx",
			(unsigned long long)verify->other_pc);
	size_t shown = frame_view_sum(stacks, &stacks->stacks[index], verify->same);
	fprintf(text->out, "%sverify: engines differ at #%zu: %s, by the second one %s%s\n",
		text->style->trouble, shown, ends[0], ends[1], text->style->end);
}

static void put_group(const struct text_report *text, size_t first, size_t end)
{
	const struct stack_report *report = text->report;
	size_t index = text->order[first];
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	const struct stack *stack = &report->stacks->stacks[index];
	char reason[STACK_REASON_SIZE];

	fputs(text->style->head, text->out);
	if (end - first > 1)
		fprintf(text->out, "%zu threads ", end - first);
	else
		fputs("thread ", text->out);
	put_tids(text, first, end);
	if (end - first == 1 && thread->ns_tid > 0 && thread->ns_tid != thread->tid)
		fprintf(text->out, " (%d inside)", thread->ns_tid);
	put_names(text, first, end);
	put_wait(text, thread);
	fprintf(text->out, "%s\n", text->style->end);
	report_context_text(
		text->out, report, &(struct context_group){text->order + first, end - first});

	report_text_frames(text, stack);
	if (stack->end.overflow_sp)
		fprintf(text->out,
			"%sstack overflow: the stack pointer, 0x%llx, is at the end of its "
			"stack%s\n",
			text->style->trouble, (unsigned long long)stack->end.overflow_sp,
			text->style->end);
	put_verify(text, index);
	stack_report_reason(report, index, reason, sizeof(reason));
	if (reason[0]) {
		fprintf(text->out, "%s%s", text->style->trouble,
			stack->frame_count > 0 ? "the chain stops here: " : "no stack: ");
		put_escaped(text->out, reason);
		fprintf(text->out, "%s\n", text->style->end);
	}
	fputc('\n', text->out);
}

// What the files were, of the modules that have frames: said where names may be missing for it.
static void put_modules(const struct text_report *text)
{
	const struct stack_report *report = text->report;

	for (size_t i = 0; i < report->stacks->module_count; i++) {
		const struct snapshot_module *module = &report->snapshot->modules[i];
		const char *note = report->stacks->modules[i].note;
		bool by_path = module->source == SNAPSHOT_SOURCE_ROOT;
		bool by_host = module->source == SNAPSHOT_SOURCE_HOST;
		if (!note[0] && !by_path && !by_host)
			continue;
		fputs("note: ", text->out);
		put_escaped(text->out, module->path);
		fputs(": ", text->out);
		put_escaped(
			text->out, note[0]   ? note
				   : by_path ? "found by path and build id, not by its mapping"
					     : "not kept; found on this host by path and build id");
		fputc('\n', text->out);
	}
}

// A list of threads, after what is said of it.
static void put_list(const struct text_report *text, const char *what,
	bool (*holds)(const struct snapshot_thread *thread))
{
	const struct snapshot *snapshot = text->report->snapshot;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++) {
		if (!holds(&snapshot->threads[i]))
			continue;
		if (count == 0)
			fprintf(text->out, "note: %s:", what);
		if (++count <= LIST_MAX)
			fprintf(text->out, " %d", snapshot->threads[i].tid);
	}
	if (count > LIST_MAX)
		fprintf(text->out, " and %zu more", count - LIST_MAX);
	if (count > 0)
		fputc('\n', text->out);
}

static bool was_ended(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED && thread->eintr;
}

static bool was_spared(const struct snapshot_thread *thread)
{
	return thread->spared;
}

// For how long threads were stopped: together, or each.
static void put_pause(const struct text_report *text)
{
	const struct snapshot *snapshot = text->report->snapshot;
	uint32_t longest = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].pause_us > longest)
			longest = snapshot->threads[i].pause_us;
	if (strcmp(text->report->pause, "all") == 0)
		fprintf(text->out, " together for %.3f ms", (double)snapshot->paused_us / 1000);
	else
		fprintf(text->out, " one at a time, for %.3f ms at most", (double)longest / 1000);
}

// How the threads were captured.
static void put_capture(const struct text_report *text)
{
	const struct snapshot *snapshot = text->report->snapshot;
	const char *why = stack_report_no_iterator(text->report);
	size_t by[] = {[SNAPSHOT_METHOD_NONE] = 0, [SNAPSHOT_METHOD_STOP] = 0};

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].status == SNAPSHOT_THREAD_CAPTURED)
			by[snapshot->threads[i].method]++;
	size_t unstopped = by[SNAPSHOT_METHOD_ITERATOR] + by[SNAPSHOT_METHOD_PROC];
	fprintf(text->out, "%zu thread%s", snapshot->thread_count,
		snapshot->thread_count == 1 ? "" : "s");
	if (unstopped > 0) {
		fprintf(text->out, ", %zu read without a stop", unstopped);
		if (by[SNAPSHOT_METHOD_PROC] == 0)
			fputs(" (task iterator)", text->out);
		else if (by[SNAPSHOT_METHOD_ITERATOR] == 0)
			fprintf(text->out, " (/proc%s%s)", why && *why ? "; " : "", why ? why : "");
		fprintf(text->out, " in %.3f ms", (double)snapshot->window_us / 1000);
	}
	fprintf(text->out, ", %zu stopped", by[SNAPSHOT_METHOD_STOP]);
	if (by[SNAPSHOT_METHOD_STOP] > 0)
		put_pause(text);
	fputs("; names from the files in use\n", text->out);
	put_list(text, "stopped in a system call that returns EINTR for it", was_ended);
	put_list(text, "not stopped, since its system call would have returned EINTR", was_spared);
}

// Where the snapshot was kept, and when.
static void put_origin(const struct text_report *text)
{
	const struct stack_origin *origin = text->report->origin;
	time_t when = (time_t)origin->time_s;
	char date[40] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fputs("loaded from ", text->out);
	put_escaped(text->out, origin->file);
	fprintf(text->out, ", saved %s on ", date);
	put_escaped(text->out, origin->host);
	fputc('\n', text->out);
}

static void put_header(const struct text_report *text)
{
	const struct snapshot *snapshot = text->report->snapshot;

	fprintf(text->out, "%sprocess %d", text->style->head, snapshot->pid);
	if (snapshot->ns_pid > 0 && snapshot->ns_pid != snapshot->pid)
		fprintf(text->out, " (%d inside)", snapshot->ns_pid);
	fputs(" \"", text->out);
	put_escaped(text->out, snapshot->name);
	fputc('"', text->out);
	if (snapshot->exe) {
		fputc(' ', text->out);
		put_escaped(text->out, snapshot->exe);
	}
	fprintf(text->out, "%s\n", text->style->end);
	if (text->report->origin)
		put_origin(text);
	put_capture(text);
	if (text->report->threads_missed)
		fputs("note: threads were born faster than they could be listed: some are "
		      "missing\n",
			text->out);
	if (stack_sandbox_note(text->report->stacks->sandbox))
		fprintf(text->out, "note: %s\n", stack_sandbox_note(text->report->stacks->sandbox));
	put_modules(text);
	report_kernel_text(text->out, text->report);
	report_deadlocks_text(text->out, text->report, text->style->trouble, text->style->end);
	fputc('\n', text->out);
}

// Sorts by group: by hash, then by number.
static int compare_threads(const void *a, const void *b, void *arg)
{
	const struct text_report *text = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	if (text->hash[x] != text->hash[y])
		return text->hash[x] < text->hash[y] ? -1 : 1;
	return (x > y) - (x < y);
}

struct group {
	size_t first, end; // in order
};

// Small groups first: the odd ones are what one looks for; then by the first thread.
static int compare_groups(const void *a, const void *b, void *arg)
{
	const struct text_report *text = arg;
	const struct group *x = a, *y = b;

	if (x->end - x->first != y->end - y->first)
		return x->end - x->first < y->end - y->first ? -1 : 1;
	size_t i = text->order[x->first], j = text->order[y->first];
	return (i > j) - (i < j);
}

static int put_merged(struct text_report *text)
{
	size_t count = text->report->snapshot->thread_count, group_count = 0;
	auto_free struct group *groups = calloc(count + 1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	qsort_r(text->order, count, sizeof(*text->order), compare_threads, text);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1;
			end < count && same_stack(text, text->order[first], text->order[end]);)
			end++;
		groups[group_count++] = (struct group){first, end};
	}
	qsort_r(groups, group_count, sizeof(*groups), compare_groups, text);
	for (size_t i = 0; i < group_count; i++)
		put_group(text, groups[i].first, groups[i].end);
	return 0;
}

// What the comparison with the second engine came to, if it was asked for.
static void put_verify_sum(const struct text_report *text)
{
	const struct stack_report *report = text->report;
	size_t counts[STACK_VERIFY_COUNT] = {0};

	if (!report->stacks->verifies)
		return;
	for (size_t i = 0; i < report->snapshot->thread_count; i++)
		if (report->snapshot->threads[i].status == SNAPSHOT_THREAD_CAPTURED)
			counts[report->stacks->verifies[i].result]++;
	fprintf(text->out,
		"verify: %zu stacks agree, %zu differ, %zu could be compared in part only\n",
		counts[STACK_VERIFY_SAME], counts[STACK_VERIFY_DIFFERS],
		counts[STACK_VERIFY_PARTLY]);
}

int report_stack_text(FILE *out, const struct stack_report *report, bool merge, bool color)
{
	size_t count = report->snapshot->thread_count;
	auto_free size_t *order = calloc(count + 1, sizeof(*order));
	auto_free uint64_t *hash = calloc(count + 1, sizeof(*hash));
	struct text_report text = {out, report, color ? &coloured : &plain, order, hash};

	if (!order || !hash)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		order[i] = i;
		hash[i] = hash_stack(report, i);
	}
	put_header(&text);
	int r = merge ? put_merged(&text) : 0;
	for (size_t i = 0; !merge && i < count; i++)
		put_group(&text, i, i + 1);
	if (r == 0)
		r = report_text_goroutines(&text, merge);
	put_verify_sum(&text);
	return r;
}

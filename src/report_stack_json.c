// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks as JSON, schema nspeek.stack/1.
#include "report_stack_json.h"

#include "cleanup.h"
#include "frameview.h"
#include "json_value.h"
#include "report_context_json.h"

#include <string.h>
#include <time.h>

static json_t *pid(pid_t value)
{
	return value > 0 ? json_integer(value) : json_null();
}

static json_t *frame_of(const struct stack_report *report, const struct frame_view *view)
{
	const struct stack_frame *frame = view->frame;
	const struct snapshot_module *module = NULL;
	const struct stack_module *known = NULL;
	char id[BUILDID_HEX_SIZE];

	if (frame->module != STACK_NO_INDEX) {
		module = &report->snapshot->modules[frame->module];
		known = &report->stacks->modules[frame->module];
	}
	if (known)
		buildid_to_hex(&known->build_id, id);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o}", "pc",
		json_hex(frame->pc), "module", json_text(module ? module->path : NULL), "build_id",
		json_text(known && known->build_id.len > 0 ? id : NULL), "offset",
		module ? json_hex(frame->vaddr) : json_null(), "symbol", json_text(view->symbol),
		"symbol_offset", view->has_offset ? json_hex(view->offset) : json_null(), "file",
		json_text(view->file), "line",
		view->line > 0 ? json_integer(view->line) : json_null(), "inline",
		(int)view->inlined, "signal", (int)(frame->signal && !view->inlined), "via",
		json_text(frame_via_name(frame->via)));
}

// FRAME, behind those that were inlined into it, as text that the caller owns; NULL: no memory.
static char *frames_of(const struct stack_report *report, const struct stack_frame *frame)
{
	size_t count = frame_view_count(report->stacks, frame);
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		struct frame_view view = frame_view_at(report->stacks, frame, i);
		json_array_append_new(all, frame_of(report, &view));
	}
	char *text = all && json_array_size(all) == count ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	if (!text)
		return NULL;
	// Without the brackets.
	text[strlen(text) - 1] = '\0';
	memmove(text, text + 1, strlen(text));
	return text;
}

// The text of frames that were written already, by pc: threads share most of theirs.
enum { CACHE_LOG = 10 };

struct frame_cache {
	struct {
		struct stack_frame frame;
		char *text;
	} slots[1 << CACHE_LOG];
};

static bool same_frame(const struct stack_frame *a, const struct stack_frame *b)
{
	return frame_view_same(a, b) && a->vaddr == b->vaddr && a->module == b->module &&
	       a->symbol == b->symbol && a->signal == b->signal && a->via == b->via;
}

// The text of FRAME and what was inlined into it, owned by CACHE and valid until the next call;
// NULL: no memory.
static const char *frame_text(const struct stack_report *report, struct frame_cache *cache,
	const struct stack_frame *frame)
{
	size_t slot = (frame->pc * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - CACHE_LOG);

	if (cache->slots[slot].text && same_frame(&cache->slots[slot].frame, frame))
		return cache->slots[slot].text;
	free(cache->slots[slot].text);
	cache->slots[slot].text = frames_of(report, frame);
	cache->slots[slot].frame = *frame;
	return cache->slots[slot].text;
}

// Forgets all frames: those of another report have other names.
static void cache_clear(struct frame_cache *cache)
{
	for (size_t i = 0; i < sizeof(cache->slots) / sizeof(cache->slots[0]); i++)
		free(cache->slots[i].text);
	memset(cache, 0, sizeof(*cache));
}

static void cache_free(struct frame_cache *cache)
{
	if (cache)
		cache_clear(cache);
	free(cache);
}

// How it was held while it was copied: the word of the schema.
static const char *method_of(const struct snapshot_thread *thread)
{
	if (thread->status != SNAPSHOT_THREAD_CAPTURED)
		return "none";
	return thread->method == SNAPSHOT_METHOD_STOP ? "stop" : "no-stop";
}

// Where what was copied came from, for a thread that was not stopped; or null.
static json_t *source_of(const struct snapshot_thread *thread)
{
	if (thread->status != SNAPSHOT_THREAD_CAPTURED || thread->method == SNAPSHOT_METHOD_STOP)
		return json_null();
	return json_string(thread->method == SNAPSHOT_METHOD_ITERATOR ? "task-iterator" : "proc");
}

// What the second engine found of thread INDEX; null when nobody asked for it, or there is no
// stack.
static json_t *verify_of(const struct stack_report *report, size_t index)
{
	if (!report->stacks->verifies ||
		report->snapshot->threads[index].status != SNAPSHOT_THREAD_CAPTURED)
		return json_null();
	const struct stack *stack = &report->stacks->stacks[index];
	const struct stack_verify *verify = &report->stacks->verifies[index];
	bool differs = verify->result == STACK_VERIFY_DIFFERS;
	bool ours = differs && verify->same < stack->frame_count;
	return json_pack("{s:s, s:I, s:o, s:o, s:o}", "result", stack_verify_name(verify->result),
		"frames", (json_int_t)verify->same, "pc",
		ours ? json_hex(stack->frames[verify->same].pc) : json_null(), "second_pc",
		verify->other_goes_on ? json_hex(verify->other_pc) : json_null(), "reason",
		json_text(verify->reason[0] ? verify->reason : NULL));
}

// Everything of a thread but its frames.
static json_t *thread_of(const struct stack_report *report, size_t index)
{
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	const struct stack *stack = &report->stacks->stacks[index];
	char state[2] = {thread->state, '\0'}, reason[STACK_REASON_SIZE];

	stack_report_reason(report, index, reason, sizeof(reason));
	uint64_t overflow_sp = stack->end.overflow_sp;
	json_t *value = json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:I, s:o, s:s, s:o, s:o, s:o}", "tid",
		pid(thread->tid), "ns_tid", pid(thread->ns_tid), "name", json_text(thread->name),
		"state", json_text(state[0] ? state : NULL), "method", method_of(thread), "source",
		source_of(thread), "eintr", (int)thread->eintr, "pause_us",
		(json_int_t)thread->pause_us, "syscall", report_syscall_json(report, index),
		"status", stack_status_name(stack->end.status), "reason",
		json_text(reason[0] ? reason : NULL), "stack_overflow",
		overflow_sp ? json_hex(overflow_sp) : json_null(), "verify",
		verify_of(report, index));
	json_t *context = report_context_json(report, index);
	if (json_object_update(value, context) < 0) {
		json_decref(value);
		value = NULL;
	}
	json_decref(context);
	return value;
}

int report_json_put_open(FILE *out, json_t *value)
{
	auto_free char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (!text)
		return -ENOMEM;
	fwrite(text, 1, strlen(text) - 1, out);
	return 0;
}

int report_json_put_with_frames(
	struct report_json *process, json_t *value, const struct stack *stack)
{
	FILE *out = process->out;
	int r = report_json_put_open(out, value);

	if (r < 0)
		return r;
	fputs(",\"frames\":[", out);
	for (size_t i = 0; i < stack->frame_count; i++) {
		const char *text = frame_text(process->report, process->cache, &stack->frames[i]);
		if (!text)
			return -ENOMEM;
		if (i > 0)
			fputc(',', out);
		fputs(text, out);
	}
	fputc(']', out);
	return 0;
}

json_t *report_json_goroutine(const struct stack_report *report, const struct goroutine *row)
{
	uint64_t waited_ms = stack_report_waited_ms(report, row);

	return json_pack("{s:I, s:s, s:o, s:o, s:s, s:o}", "id", (json_int_t)row->id, "state",
		goroutine_state_name(row->state), "wait",
		json_text(row->wait[0] ? row->wait : NULL), "waited_ms",
		waited_ms == UINT64_MAX ? json_null() : json_integer((json_int_t)waited_ms),
		"status", stack_status_name(row->stack.end.status), "reason",
		json_text(row->stack.end.reason[0] ? row->stack.end.reason : NULL));
}

int report_json_begin_goroutines(FILE *out, const struct goroutines *goroutines, const char *reason)
{
	bool known = goroutines->there && goroutines->count != UINT64_MAX;
	int r = report_json_put_open(
		out, json_pack("{s:o, s:o}", "parked",
			     known ? json_integer((json_int_t)goroutines->count) : json_null(),
			     "reason", json_text(reason)));

	if (r == 0)
		fputs(",\"stacks\":[", out);
	return r;
}

// Writes the goroutines of PROCESS, or null.
static int put_goroutines(struct report_json *process)
{
	const struct stack_report *report = process->report;
	FILE *out = process->out;
	const struct goroutines *goroutines = &report->stacks->goroutines;

	fputs(",\"goroutines\":", out);
	if (!goroutines->there) {
		fputs("null", out);
		return 0;
	}
	int r = report_json_begin_goroutines(
		out, goroutines, goroutines->shown ? NULL : goroutines->reason);
	for (size_t i = 0; r == 0 && i < goroutines->row_count; i++) {
		fputs(i > 0 ? ",\n" : "\n", out);
		r = report_json_put_with_frames(process,
			report_json_goroutine(report, &goroutines->rows[i]),
			&goroutines->rows[i].stack);
		fputc('}', out);
	}
	if (r == 0)
		fputs("]}", out);
	return r;
}

// The modules of which something was left out.
static json_t *left_out_of(const struct stack_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->stacks->module_count; i++) {
		const struct stack_module *module = &report->stacks->modules[i];
		if (module->left_out)
			json_array_append_new(
				list, json_pack("{s:o, s:o}", "module",
					      json_text(report->snapshot->modules[i].path),
					      "reason", json_text(module->note)));
	}
	return list;
}

static json_t *origin_of(const struct stack_origin *origin)
{
	if (!origin)
		return json_null();
	return json_pack("{s:o, s:o, s:I}", "file", json_text(origin->file), "host",
		json_text(origin->host), "time_s", (json_int_t)origin->time_s);
}

// When it was captured; null for one that was kept, whose origin says it.
static json_t *time_of(const struct stack_report *report)
{
	time_t seconds = (time_t)(report->time_ms / 1000);
	char date[32], text[48];
	struct tm tm;

	if (report->time_ms == 0 || !gmtime_r(&seconds, &tm))
		return json_null();
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03uZ", date, (unsigned)(report->time_ms % 1000));
	return json_string(text);
}

static json_t *container_of(const struct container_name *container)
{
	if (!container)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "runtime", json_text(container->runtime), "id",
		json_text(container->id), "name", json_text(container->name));
}

static json_t *process_of(const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	const char *why = stack_report_no_iterator(report);
	uint32_t longest = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].pause_us > longest)
			longest = snapshot->threads[i].pause_us;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:s, s:o, s:{s:s, s:s, "
			 "s:I, s:I, s:I}, s:{s:I, s:I, s:I}}",
		"pid", pid(snapshot->pid), "ns_pid", pid(snapshot->ns_pid), "comm",
		json_text(snapshot->name), "exe", json_text(snapshot->exe), "loaded",
		origin_of(report->origin), "container", container_of(report->container), "round",
		(int)report->round, "time", time_of(report), "findings",
		report_findings_json(report), "sandbox",
		stack_sandbox_name(report->stacks->sandbox), "left_out", left_out_of(report),
		"capture", "pause", report->pause, "task_iterator",
		why && *why ? why
		: why       ? "unused"
			    : "loaded",
		"paused_us", (json_int_t)snapshot->paused_us, "longest_thread_pause_us",
		(json_int_t)longest, "window_us", (json_int_t)snapshot->window_us, "worker",
		"unwinding_us", (json_int_t)report->stacks->times.unwinding_us, "naming_us",
		(json_int_t)report->stacks->times.naming_us, "lines_us",
		(json_int_t)report->stacks->times.positions_us);
}

void report_stack_json_begin(FILE *out)
{
	fputs("{\"schema\":\"nspeek.stack/1\",\"processes\":[", out);
}

int report_json_begin(
	FILE *out, const struct stack_report *report, bool first, struct report_json *ret)
{
	struct frame_cache *cache = calloc(1, sizeof(*cache));
	int r = cache ? 0 : -ENOMEM;

	if (r == 0) {
		fputs(first ? "\n" : ",\n", out);
		r = report_json_put_open(out, process_of(report));
	}
	if (r < 0)
		cache_free(cache);
	else
		*ret = (struct report_json){out, report, cache, "\n"};
	return r;
}

void report_json_turn(struct report_json *process, const struct stack_report *report)
{
	cache_clear(process->cache);
	process->report = report;
	process->separator = "\n";
}

void report_json_fini(struct report_json *process)
{
	cache_free(process->cache);
	process->cache = NULL;
}

int report_json_put_thread(
	struct report_json *process, size_t index, const char *key, json_t *value)
{
	auto_free char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	int r = value && !text ? -ENOMEM : 0;

	json_decref(value);
	if (r == 0) {
		fputs(process->separator, process->out);
		process->separator = ",\n";
		r = report_json_put_with_frames(process, thread_of(process->report, index),
			&process->report->stacks->stacks[index]);
	}
	if (r == 0 && text)
		fprintf(process->out, ",\"%s\":%s", key, text);
	fputc('}', process->out);
	return r;
}

int report_stack_json(FILE *out, const struct stack_report *report, bool first)
{
	struct report_json process = {0};
	int r = report_json_begin(out, report, first, &process);

	if (r < 0)
		return r;
	fputs(",\"threads\":[", out);
	for (size_t i = 0; r == 0 && i < report->snapshot->thread_count; i++)
		r = report_json_put_thread(&process, i, NULL, NULL);
	fputc(']', out);
	if (r == 0)
		r = put_goroutines(&process);
	fputc('}', out);
	report_json_fini(&process);
	return r;
}

json_t *report_json_frames(const struct stack_report *report, const struct stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->frame_count; i++) {
		size_t count = frame_view_count(report->stacks, &stack->frames[i]);
		for (size_t at = 0; at < count; at++) {
			struct frame_view view =
				frame_view_at(report->stacks, &stack->frames[i], at);
			json_array_append_new(frames, frame_of(report, &view));
		}
	}
	return frames;
}

void report_stack_json_end(FILE *out)
{
	fputs("]}\n", out);
}

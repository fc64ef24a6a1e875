// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks as JSON, schema nspeek.stack/1.
#include "report_stack.h"

#include "cleanup.h"
#include "text.h"

#include <jansson.h>
#include <seccomp.h>
#include <string.h>

enum { TEXT_SIZE = 20 << 10 }; // a name of SYMBOL_NAME_MAX bytes, each escaped, fits

static json_t *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	return json_string(text);
}

// TEXT of the target, made valid UTF-8; NULL: unknown.
static json_t *string(const char *text)
{
	char buffer[TEXT_SIZE];

	return text ? json_string(text_escape(text, buffer, sizeof(buffer))) : json_null();
}

static json_t *pid(pid_t value)
{
	return value > 0 ? json_integer(value) : json_null();
}

static json_t *syscall_of(const struct snapshot_thread *thread)
{
	if (thread->status != SNAPSHOT_THREAD_CAPTURED || !thread->in_syscall)
		return json_null();
	auto_free char *name =
		seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)thread->syscall_nr);
	json_t *args = json_array();
	for (int i = 0; i < 6; i++)
		json_array_append_new(args, hex(thread->syscall_args[i]));
	return json_pack("{s:I, s:o, s:o}", "nr", (json_int_t)thread->syscall_nr, "name",
		string(name), "args", args);
}

static json_t *frame_of(const struct stack_report *report, const struct stack_frame *frame)
{
	const struct snapshot_module *module = NULL;
	const struct stack_module *known = NULL;
	const struct stack_symbol *symbol = NULL;
	char id[BUILDID_HEX_SIZE];

	if (frame->module != STACK_NO_INDEX) {
		module = &report->snapshot->modules[frame->module];
		known = &report->stacks->modules[frame->module];
	}
	if (frame->symbol != STACK_NO_INDEX)
		symbol = &report->stacks->symbols[frame->symbol];
	if (known)
		buildid_to_hex(&known->build_id, id);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:n, s:n, s:b, s:b, s:o}", "pc",
		hex(frame->pc), "module", string(module ? module->path : NULL), "build_id",
		string(known && known->build_id.len > 0 ? id : NULL), "offset",
		module ? hex(frame->vaddr) : json_null(), "symbol",
		string(symbol ? symbol->name : NULL), "symbol_offset",
		symbol ? hex(frame->vaddr - symbol->vaddr) : json_null(), "file", "line", "inline",
		0, "signal", (int)frame->signal, "via", string(frame_via_name(frame->via)));
}

static json_t *thread_of(const struct stack_report *report, size_t index)
{
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	const struct stack *stack = &report->stacks->stacks[index];
	bool captured = thread->status == SNAPSHOT_THREAD_CAPTURED;
	char state[2] = {thread->state, '\0'}, reason[STACK_REASON_SIZE];
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->frame_count; i++)
		json_array_append_new(frames, frame_of(report, &stack->frames[i]));
	stack_report_reason(report, index, reason, sizeof(reason));
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:I, s:o, s:[], s:s, s:o, s:o}", "tid",
		pid(thread->tid), "ns_tid", pid(thread->ns_tid), "name", string(thread->name),
		"state", string(state[0] ? state : NULL), "method", captured ? "stop" : "none",
		"pause_us", (json_int_t)thread->pause_us, "syscall", syscall_of(thread), "kernel",
		"status", stack_status_name(stack->end.status), "reason",
		string(reason[0] ? reason : NULL), "frames", frames);
}

// Writes VALUE, which is released, to OUT. Fails with -ENOMEM when there is none.
static int put(FILE *out, json_t *value)
{
	if (!value)
		return -ENOMEM;
	json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
	return 0;
}

static json_t *process_of(const struct stack_report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	uint32_t longest = 0;

	for (size_t i = 0; i < snapshot->thread_count; i++)
		if (snapshot->threads[i].pause_us > longest)
			longest = snapshot->threads[i].pause_us;
	return json_pack("{s:o, s:o, s:o, s:o, s:n, s:{s:s, s:I, s:I, s:I}}", "pid",
		pid(snapshot->pid), "ns_pid", pid(snapshot->ns_pid), "comm", string(snapshot->name),
		"exe", string(snapshot->exe), "container", "capture", "pause", report->pause,
		"paused_us", (json_int_t)snapshot->paused_us, "longest_thread_pause_us",
		(json_int_t)longest, "window_us", (json_int_t)snapshot->window_us);
}

void report_stack_json_begin(FILE *out)
{
	fputs("{\"schema\":\"nspeek.stack/1\",\"processes\":[", out);
}

int report_stack_json(FILE *out, const struct stack_report *report, bool first)
{
	json_t *process = process_of(report);
	auto_free char *head = process ? json_dumps(process, JSON_COMPACT) : NULL;

	json_decref(process);
	if (!head)
		return -ENOMEM;
	// The object is left open for its threads.
	fprintf(out, "%s\n%.*s,\"threads\":[", first ? "" : ",", (int)strlen(head) - 1, head);
	for (size_t i = 0; i < report->snapshot->thread_count; i++) {
		fputs(i > 0 ? ",\n" : "\n", out);
		int r = put(out, thread_of(report, i));
		if (r < 0)
			return r;
	}
	fputs("]}", out);
	return 0;
}

void report_stack_json_end(FILE *out)
{
	fputs("]}\n", out);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Context as JSON.
#include "report_context_json.h"

#include "calltext.h"
#include "json_value.h"
#include "proc_wait.h"
#include "report_context.h"
#include "syscallname.h"

#include <string.h>

enum { ARGUMENT_SIZE = 2048, EVENTS_SIZE = 128 };

// The text INDEX of CONTEXT; null when there is none.
static json_t *text_of(const struct context *context, uint32_t index)
{
	return json_text(index > 0 ? context_text(context, index) : NULL);
}

json_t *report_syscall_json(const struct stack_report *report, size_t index)
{
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	char buffer[ARGUMENT_SIZE];

	if (thread->status != SNAPSHOT_THREAD_CAPTURED || !thread->in_syscall)
		return json_null();
	json_t *args = json_array(), *decoded = json_array();
	for (size_t i = 0; i < CALL_ARGS; i++)
		json_array_append_new(args, json_hex(thread->syscall_args[i]));
	for (size_t i = 0; i < CALL_ARGS; i++) {
		const char *words =
			report_argument(report->snapshot, thread, i, buffer, sizeof(buffer));
		if (!words)
			break;
		json_array_append_new(decoded, json_string(words));
	}
	const char *restarts = thread->wait.restarts ? syscallname_of(thread->wait.restarts) : NULL;
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "nr", (json_int_t)thread->syscall_nr, "name",
		json_text(syscallname_of(thread->syscall_nr)), "args", args, "restarts",
		json_text(restarts), "decoded", decoded);
}

static json_t *peers_of(const struct context *context, const struct context_range *range)
{
	json_t *peers = json_array();

	for (uint32_t i = 0; i < range->count; i++) {
		const struct context_peer *peer = &context->peers[range->first + i];
		json_array_append_new(peers, json_pack("{s:I, s:o}", "pid", (json_int_t)peer->pid,
						     "name", text_of(context, peer->name)));
	}
	return peers;
}

static json_t *files_of(const struct context *context, const struct context_range *range);

static json_t *file_of(const struct context *context, const struct context_file *file)
{
	char events[EVENTS_SIZE];
	bool is_epoll = file->kind == CONTEXT_EPOLL;

	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:I, s:o, s:I}",
		"fd", (json_int_t)file->fd, "kind", context_kind_name(file->kind), "path",
		text_of(context, file->path), "protocol", text_of(context, file->protocol), "local",
		text_of(context, file->local), "remote", text_of(context, file->remote), "state",
		text_of(context, file->state), "detail", text_of(context, file->detail), "events",
		json_text(file->events ? calltext_events(file->events, events, sizeof(events))
				       : NULL),
		"other_file", (int)file->other, "peers", peers_of(context, &file->peers),
		"peers_more", (json_int_t)file->peers.more, "watched",
		is_epoll ? files_of(context, &file->watched) : json_null(), "watched_more",
		(json_int_t)file->watched.more);
}

// A watched file watches nothing (context_is_sound), so this goes no deeper than two levels.
static json_t *files_of(const struct context *context, const struct context_range *range)
{
	json_t *files = json_array();

	for (uint32_t i = 0; i < range->count; i++)
		json_array_append_new(files, file_of(context, &context->files[range->first + i]));
	return files;
}

static json_t *owner_of(const struct stack_report *report, const struct lock *lock)
{
	const struct snapshot_thread *owner = NULL;

	if (lock->ns_tid == 0)
		return json_null();
	if (lock->owner != LOCK_NO_THREAD)
		owner = &report->snapshot->threads[lock->owner];
	return json_pack("{s:o, s:I, s:o}", "tid", owner ? json_integer(owner->tid) : json_null(),
		"ns_tid", (json_int_t)lock->ns_tid, "name", json_text(owner ? owner->name : NULL));
}

static json_t *waits_for(const struct stack_report *report, size_t index)
{
	if (!report->locks || report->locks->locks[index].kind == LOCK_NONE)
		return json_null();
	const struct lock *lock = &report->locks->locks[index];
	return json_pack("{s:s, s:o, s:b, s:o}", "kind", lock_kind_name(lock->kind), "address",
		json_hex(lock->addr), "free", (int)lock->is_free, "owner", owner_of(report, lock));
}

static json_t *file_lock_of(const struct context *context, const struct context_range *holders)
{
	if (holders->count == 0)
		return json_null();
	return json_pack("{s:o, s:I}", "holders", peers_of(context, holders), "holders_more",
		(json_int_t)holders->more);
}

static json_t *kernel_of(const struct context *context, uint32_t text)
{
	const char *cursor = context_text(context, text), *end = cursor + strlen(cursor);
	const char *function;
	json_t *kernel = json_array();
	char buffer[128];
	size_t len;

	while (proc_stack_next(&cursor, end, &function, &len)) {
		snprintf(buffer, sizeof(buffer), "%.*s", (int)len, function);
		json_array_append_new(kernel, json_text(buffer));
	}
	return kernel;
}

json_t *report_context_json(const struct stack_report *report, size_t index)
{
	const struct context *context = &report->snapshot->context;
	const struct context_wait *wait = &report->snapshot->threads[index].wait;

	return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "waits_for",
		waits_for(report, index), "fds", files_of(context, &wait->files), "fds_more",
		(json_int_t)wait->files.more, "lock", file_lock_of(context, &wait->holders),
		"kernel", kernel_of(context, wait->kernel), "cpu",
		wait->cpu > 0 ? json_integer((json_int_t)wait->cpu - 1) : json_null(), "cpu_ms",
		wait->used_known ? json_integer((json_int_t)wait->cpu_ms) : json_null(),
		"waited_ms",
		wait->waited_known ? json_integer((json_int_t)wait->waited_ms) : json_null());
}

json_t *report_findings_json(const struct stack_report *report)
{
	const struct locks *locks = report->locks;
	json_t *findings = json_array();

	for (size_t i = 0; locks && i < locks->deadlock_count; i++) {
		const struct deadlock *deadlock = &locks->deadlocks[i];
		json_t *threads = json_array();
		for (size_t j = 0; j < deadlock->count; j++) {
			size_t index = locks->cycles[deadlock->first + j];
			json_array_append_new(
				threads, json_integer(report->snapshot->threads[index].tid));
		}
		json_array_append_new(
			findings, json_pack("{s:s, s:o}", "kind", "deadlock", "threads", threads));
	}
	return findings;
}

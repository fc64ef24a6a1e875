// SPDX-License-Identifier: GPL-2.0-or-later
// Context for people.
#include "report_context.h"

#include "calltext.h"
#include "locks.h"
#include "proc_wait.h"
#include "syscallname.h"
#include "text.h"

#include <string.h>

enum {
	ARGUMENT_SIZE = 512,
	SHOWN_SIZE = 1024,
	DIFFERENT_MAX = 4, // threads of one block whose different contexts are shown
	IDS_MAX = 6,       // ids of threads that share one
	WATCHED_MAX = 16,  // files shown that one epoll instance watches
	EVENTS_SIZE = 64,
};

static const char indent[] = "     ";

static void put_escaped(FILE *out, const char *text)
{
	char buffer[SHOWN_SIZE];

	fputs(text_escape(text, buffer, sizeof(buffer)), out);
}

const char *report_argument(const struct snapshot *snapshot, const struct snapshot_thread *thread,
	size_t index, char *buffer, size_t size)
{
	char raw[ARGUMENT_SIZE];
	uint64_t nr = snapshot_call_nr(thread);
	struct calltext arg = {.nr = nr, .args = thread->syscall_args, .index = index};

	if (call_of(nr)->args[index] == CALL_ARG_NONE)
		return NULL;
	arg.bytes = snapshot_call_bytes(snapshot, thread, index, &arg.len);
	return text_escape(calltext_of(&arg, raw, sizeof(raw)), buffer, size);
}

static bool is_in_call(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_CAPTURED && thread->in_syscall;
}

// "read(3, ..., 4096)"; nothing when it has no arguments.
static void put_call(FILE *out, const struct snapshot *snapshot,
	const struct snapshot_thread *thread, const char *margin)
{
	const struct call *call = call_of(snapshot_call_nr(thread));
	const char *name = syscallname_of(snapshot_call_nr(thread));
	char buffer[SHOWN_SIZE];

	if (call->args[0] == CALL_ARG_NONE)
		return;
	fprintf(out, "%s%s(", margin, name ? name : "");
	for (size_t i = 0; i < CALL_ARGS && call->args[i] != CALL_ARG_NONE; i++) {
		bool is_memory = call->args[i] == CALL_ARG_MEMORY && thread->syscall_args[i] != 0;
		fprintf(out, "%s%s", i > 0 ? ", " : "",
			is_memory ? "..."
				  : report_argument(snapshot, thread, i, buffer, sizeof(buffer)));
	}
	fputs(thread->wait.restarts ? "), restarted\n" : ")\n", out);
}

static void put_peers(FILE *out, const struct context *context, const struct context_range *range)
{
	for (uint32_t i = 0; i < range->count; i++) {
		const struct context_peer *peer = &context->peers[range->first + i];
		fprintf(out, "%s%u \"", i > 0 ? ", " : "", peer->pid);
		put_escaped(out, context_text(context, peer->name));
		fputc('"', out);
	}
	if (range->more > 0)
		fprintf(out, "%s%u more", range->count > 0 ? " and " : "", range->more);
}

static void put_socket(FILE *out, const struct context *context, const struct context_file *file)
{
	const uint32_t parts[] = {file->protocol, file->local, file->remote, file->state};
	static const char *const before[] = {"", " ", " to ", " "};

	if (file->protocol == 0) {
		put_escaped(out, context_text(context, file->path));
		if (file->detail == 0)
			fputs(", in no table of its network namespace", out);
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i] == 0)
			continue;
		fputs(before[i], out);
		put_escaped(out, context_text(context, parts[i]));
	}
}

// "3: tcp 127.0.0.1:80 LISTEN", and what it watches below it.
static void put_file(FILE *out, const struct context *context, const struct context_file *file,
	const char *margin)
{
	char events[EVENTS_SIZE];

	fprintf(out, "%s%u: ", margin, file->fd);
	if (file->other)
		fputs("was closed here, and is watched still: the number's file now is ", out);
	if (file->kind == CONTEXT_UNKNOWN)
		fputs("not open", out);
	else if (file->kind == CONTEXT_SOCKET)
		put_socket(out, context, file);
	else if (file->kind >= CONTEXT_EPOLL && file->kind <= CONTEXT_PIDFD)
		fputs(context_kind_name(file->kind), out);
	else
		put_escaped(out, context_text(context, file->path));
	if (file->detail != 0) {
		fputs(", ", out);
		put_escaped(out, context_text(context, file->detail));
	}
	if (file->peers.count > 0) {
		fputs(file->kind == CONTEXT_PIDFD ? " of " : ", other end: ", out);
		put_peers(out, context, &file->peers);
	}
	if (file->events != 0)
		fprintf(out, ", for %s", calltext_events(file->events, events, sizeof(events)));
	if (file->kind == CONTEXT_EPOLL && file->detail == 0 &&
		file->watched.count + file->watched.more == 0)
		fputs(", watches nothing", out);
	fputc('\n', out);
}

static void put_files(FILE *out, const struct context *context, const struct context_range *range,
	const char *margin)
{
	char deeper[32];

	snprintf(deeper, sizeof(deeper), "%s  ", margin);
	for (uint32_t i = 0; i < range->count; i++) {
		const struct context_file *file = &context->files[range->first + i];
		put_file(out, context, file, margin);
		uint32_t shown =
			file->watched.count < WATCHED_MAX ? file->watched.count : WATCHED_MAX;
		for (uint32_t j = 0; j < shown; j++)
			put_file(out, context, &context->files[file->watched.first + j], deeper);
		uint32_t more = file->watched.count - shown + file->watched.more;
		if (more > 0)
			fprintf(out, "%sand %u more\n", deeper, more);
	}
	if (range->more > 0)
		fprintf(out, "%sand %u more\n", margin, range->more);
}

// "thread 12 (3 inside) "name""
static void put_thread(FILE *out, const struct snapshot *snapshot, size_t index)
{
	const struct snapshot_thread *thread = &snapshot->threads[index];

	fprintf(out, "thread %d", thread->tid);
	if (thread->ns_tid > 0 && thread->ns_tid != thread->tid)
		fprintf(out, " (%d inside)", thread->ns_tid);
	fputs(" \"", out);
	put_escaped(out, thread->name);
	fputc('"', out);
}

// What a lock's owner is, when it is known.
static void put_owner(FILE *out, const struct stack_report *report, const struct lock *lock)
{
	if (lock->kind == LOCK_THREAD)
		fputs(" of ", out);
	else
		fputs(", held by ", out);
	if (lock->owner != LOCK_NO_THREAD)
		put_thread(out, report->snapshot, lock->owner);
	else if (report->all_threads)
		fprintf(out, "%u inside, which is no thread of this process any more",
			lock->ns_tid);
	else
		fprintf(out, "%u inside", lock->ns_tid);
}

static void put_lock(FILE *out, const struct stack_report *report, const struct lock *lock)
{
	static const char *const words[LOCK_KIND_COUNT] = {
		[LOCK_MUTEX] = "mutex",
		[LOCK_RWLOCK] = "read-write lock",
		[LOCK_PI] = "futex with priority inheritance",
		[LOCK_CONDITION] = "a condition, futex",
		[LOCK_SEMAPHORE] = "semaphore",
		[LOCK_BARRIER] = "a barrier, futex",
		[LOCK_THREAD] = "the end",
	};

	fprintf(out, "waits for %s", words[lock->kind]);
	if (lock->kind != LOCK_THREAD)
		fprintf(out, " 0x%llx", (unsigned long long)lock->addr);
	if (lock->is_free)
		fputs(", which is free now", out);
	else if (lock->ns_tid != 0)
		put_owner(out, report, lock);
	fputc('\n', out);
}

static const struct lock *lock_of(const struct stack_report *report, size_t index)
{
	static const struct lock none = {.kind = LOCK_NONE};

	return report->locks ? &report->locks->locks[index] : &none;
}

static void put_kernel(FILE *out, const struct context *context, uint32_t text, const char *margin)
{
	const char *cursor = context_text(context, text), *end = cursor + strlen(cursor);
	const char *function;
	char buffer[128];
	size_t len;

	while (proc_stack_next(&cursor, end, &function, &len)) {
		snprintf(buffer, sizeof(buffer), "%.*s", (int)len, function);
		fprintf(out, "%s[kernel] ", margin);
		put_escaped(out, buffer);
		fputc('\n', out);
	}
}

// Everything of one thread.
static void put_one(FILE *out, const struct stack_report *report, size_t index, const char *margin)
{
	const struct snapshot *snapshot = report->snapshot;
	const struct snapshot_thread *thread = &snapshot->threads[index];
	const struct context_wait *wait = &thread->wait;
	const struct lock *lock = lock_of(report, index);

	if (wait->cpu > 0)
		fprintf(out, "%sruns on CPU %u\n", margin, wait->cpu - 1);
	if (lock->kind != LOCK_NONE) {
		fputs(margin, out);
		put_lock(out, report, lock);
	}
	// That of a lock says nothing more, unless it has a timeout.
	if (is_in_call(thread) && (lock->kind == LOCK_NONE || thread->syscall_args[3] != 0))
		put_call(out, snapshot, thread, margin);
	put_files(out, &snapshot->context, &wait->files, margin);
	if (wait->holders.count > 0) {
		fprintf(out, "%sthe lock is held by ", margin);
		put_peers(out, &snapshot->context, &wait->holders);
		fputc('\n', out);
	}
	put_kernel(out, &snapshot->context, wait->kernel, margin);
}

static bool same_range(const struct context_range *a, const struct context_range *b)
{
	return a->first == b->first && a->count == b->count && a->more == b->more;
}

// True when argument INDEX of A and B, which are in the same call, would be shown alike.
static bool same_argument(const struct snapshot *snapshot, const struct snapshot_thread *a,
	const struct snapshot_thread *b, size_t index)
{
	uint64_t nr = snapshot_call_nr(a);
	size_t a_len, b_len;
	enum call_arg kind = call_of(nr)->args[index];

	if (kind == CALL_ARG_FUTEX_WORD)
		return a->syscall_args[index] == b->syscall_args[index];
	if (kind < CALL_ARG_PATH)
		return kind == CALL_ARG_MEMORY || a->syscall_args[index] == b->syscall_args[index];
	const unsigned char *x = snapshot_call_bytes(snapshot, a, index, &a_len);
	const unsigned char *y = snapshot_call_bytes(snapshot, b, index, &b_len);
	if (a_len == 0 || b_len == 0)
		return a->syscall_args[index] == b->syscall_args[index];
	return a_len == b_len && memcmp(x, y, a_len) == 0;
}

static bool same_call(const struct snapshot *snapshot, const struct snapshot_thread *a,
	const struct snapshot_thread *b)
{
	uint64_t nr = snapshot_call_nr(a);
	bool same = is_in_call(a) == is_in_call(b) &&
		    (!is_in_call(a) ||
			    (nr == snapshot_call_nr(b) && !a->wait.restarts == !b->wait.restarts));

	for (size_t i = 0;
		same && is_in_call(a) && i < CALL_ARGS && call_of(nr)->args[i] != CALL_ARG_NONE;
		i++)
		same = same_argument(snapshot, a, b, i);
	return same;
}

// True when threads A and B would be shown alike.
static bool same_context(const struct stack_report *report, size_t a, size_t b)
{
	const struct snapshot *snapshot = report->snapshot;
	const struct context_wait *x = &snapshot->threads[a].wait, *y = &snapshot->threads[b].wait;
	const struct lock *k = lock_of(report, a), *l = lock_of(report, b);

	return k->kind == l->kind && k->addr == l->addr && k->ns_tid == l->ns_tid &&
	       k->is_free == l->is_free && x->cpu == y->cpu && same_range(&x->files, &y->files) &&
	       same_range(&x->holders, &y->holders) &&
	       strcmp(context_text(&snapshot->context, x->kernel),
		       context_text(&snapshot->context, y->kernel)) == 0 &&
	       same_call(snapshot, &snapshot->threads[a], &snapshot->threads[b]);
}

// A context, and the threads that share it.
struct shared {
	size_t ids[IDS_MAX]; // numbers of threads
	size_t count;
};

static void put_shared(FILE *out, const struct stack_report *report, const struct shared *shared)
{
	size_t known = shared->count < IDS_MAX ? shared->count : IDS_MAX;

	fprintf(out, "%sof ", indent);
	for (size_t i = 0; i < known; i++)
		fprintf(out, "%s%d", i > 0 ? ", " : "",
			report->snapshot->threads[shared->ids[i]].tid);
	if (shared->count > known)
		fprintf(out, " and %zu more", shared->count - known);
	fputs(":\n", out);
}

void report_context_text(
	FILE *out, const struct stack_report *report, const struct context_group *group)
{
	struct shared shared[DIFFERENT_MAX] = {0};
	size_t different = 0, others = 0;
	char margin[16];

	for (size_t i = 0; i < group->count; i++) {
		size_t index = group->order[i], at = 0;
		while (at < different && !same_context(report, shared[at].ids[0], index))
			at++;
		if (at == DIFFERENT_MAX) {
			others++;
			continue;
		}
		if (shared[at].count < IDS_MAX)
			shared[at].ids[shared[at].count] = index;
		shared[at].count++;
		different += at == different;
	}
	snprintf(margin, sizeof(margin), "%s%s", indent, different > 1 ? "  " : "");
	for (size_t i = 0; i < different; i++) {
		if (different > 1)
			put_shared(out, report, &shared[i]);
		put_one(out, report, shared[i].ids[0], margin);
	}
	if (others > 0)
		fprintf(out, "%sof %zu more: not the same\n", indent, others);
}

void report_deadlocks_text(
	FILE *out, const struct stack_report *report, const char *before, const char *after)
{
	const struct locks *locks = report->locks;

	for (size_t i = 0; locks && i < locks->deadlock_count; i++) {
		const struct deadlock *deadlock = &locks->deadlocks[i];
		fprintf(out, "%sdeadlock: ", before);
		for (size_t j = 0; j < deadlock->count; j++) {
			size_t index = locks->cycles[deadlock->first + j];
			const struct lock *lock = &locks->locks[index];
			if (j == 0)
				put_thread(out, report->snapshot, index);
			fprintf(out, "%s waits for ", j == 0 ? "" : ", which");
			if (lock->kind != LOCK_THREAD)
				fprintf(out, "%s 0x%llx, held by ", lock_kind_name(lock->kind),
					(unsigned long long)lock->addr);
			if (deadlock->count == 1)
				fputs("itself", out);
			else
				put_thread(out, report->snapshot, lock->owner);
		}
		fprintf(out, "%s\n", after);
	}
}

void report_kernel_text(FILE *out, const struct stack_report *report)
{
	if (report->snapshot->context.kernel_errnum != 0)
		fprintf(out, "note: no kernel stacks: %s (it takes CAP_SYS_ADMIN)\n",
			strerror((int)report->snapshot->context.kernel_errnum));
}

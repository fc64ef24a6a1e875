// SPDX-License-Identifier: GPL-2.0-or-later
// Processes of containers as JSON.
#include "report_ps_json.h"

#include "json_value.h"

#include <errno.h>
#include <string.h>

static json_t *known(uint64_t value)
{
	return value ? json_integer((json_int_t)value) : json_null();
}

static json_t *id(bool is_known, uint32_t value)
{
	return is_known ? json_integer(value) : json_null();
}

// Inodes of pidfds may have all 64 bits.
static json_t *pidfd_of(const struct ps_process *process)
{
	char text[24];

	if (process->row->pidfd_inode == 0)
		return json_null();
	snprintf(text, sizeof(text), "%llu", (unsigned long long)process->row->pidfd_inode);
	return json_string(text);
}

static json_t *ns_pids_of(const struct ps_process *process)
{
	json_t *all = json_array();

	for (size_t i = 0; i < process->ns_pid_count; i++)
		json_array_append_new(all, json_integer(process->ns_pids[i]));
	return all;
}

static json_t *words_of(const struct ps_process *process)
{
	if (!process->words)
		return json_null();
	json_t *all = json_array();
	for (size_t at = 0; at < process->words_len;) {
		const char *word = process->words + at;
		size_t len = strnlen(word, process->words_len - at);
		json_array_append_new(all, json_bytes(word, len));
		at += len + 1;
	}
	return all;
}

static json_t *process_of(const struct ps_process *process)
{
	const struct process_row *row = process->row;
	const struct proc_status *status = &row->status;
	const char state[] = {status->state, '\0'};

	return json_pack("{s:i, s:i, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, "
			 "s:o, s:o, s:o, s:o, s:b}",
		"pid", row->pid, "ns_pid", process->ns_pids[0], "ns_pids", ns_pids_of(process),
		"ppid", status->ppid, "ns_ppid", process->ns_ppid, "uid",
		id(process->has_uid, process->uid), "ns_uid",
		id(process->has_ns_uid, process->ns_uid), "user", json_text(process->user), "state",
		json_text(state), "threads", (json_int_t)status->threads, "rss",
		(json_int_t)status->rss_kb * 1024, "elapsed_s", (json_int_t)process->elapsed_s,
		"cpu_s", (json_int_t)process->cpu_s, "pidfd", pidfd_of(process), "pid_ns",
		known(row->pid_ns), "user_ns", known(row->user_ns), "comm", json_text(status->name),
		"cmdline", words_of(process), "cmdline_cut", row->words_known == PROCESS_WORDS_CUT);
}

void report_ps_json_begin(FILE *out)
{
	fputs("{\"schema\":\"nspeek.ps/1\",\"containers\":[", out);
}

// Writes VALUE, which is released, to OUT, all but LEFT bytes at its end.
static int put(FILE *out, json_t *value, size_t left)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (!text)
		return -ENOMEM;
	fwrite(text, 1, strlen(text) - left, out);
	free(text);
	return 0;
}

int report_ps_json(FILE *out, const struct ps_container *container, bool first)
{
	const struct container_name *name = &container->named->container;
	json_t *head =
		json_pack("{s:o, s:o, s:o, s:o, s:i, s:b}", "target", json_text(container->word),
			"runtime", json_text(name->runtime), "id", json_text(name->id), "name",
			json_text(name->name), "pid", container->named->target.pid, "complete",
			container->processes.unread == 0 && !container->members.cut);

	fputs(first ? "\n" : ",\n", out);
	int r = put(out, head, 1);
	if (r == 0)
		fputs(",\"processes\":[", out);
	for (size_t i = 0; r == 0 && i < container->count; i++) {
		fputs(i ? ",\n" : "\n", out);
		r = put(out, process_of(&container->rows[i]), 0);
	}
	fputs("]}", out);
	return r;
}

void report_ps_json_end(FILE *out)
{
	fputs("]}\n", out);
}

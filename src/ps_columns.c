// SPDX-License-Identifier: GPL-2.0-or-later
// The columns of `nspeek ps`.
#include "cleanup.h"
#include "ps.h"
#include "ps_tree.h"

#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>

static const char *number(char *buffer, uint64_t value)
{
	snprintf(buffer, TABLE_TEXT_SIZE, "%llu", (unsigned long long)value);
	return buffer;
}

// The same of what is not known where it is 0.
static const char *known(char *buffer, uint64_t value)
{
	return value ? number(buffer, value) : NULL;
}

static const char *get_pid(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return number(buffer, (uint64_t)process->row->pid);
}

static const char *get_ns_pid(const void *row, char *buffer)
{
	const struct ps_process *process = row;
	size_t len = 0;

	for (size_t i = 0; i < process->ns_pid_count; i++)
		len += (size_t)snprintf(buffer + len, TABLE_TEXT_SIZE - len, "%s%d", i ? "/" : "",
			process->ns_pids[i]);
	return buffer;
}

static const char *get_ppid(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return number(buffer, (uint64_t)process->row->status.ppid);
}

static const char *get_ns_ppid(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return number(buffer, (uint64_t)process->ns_ppid);
}

static const char *get_user(const void *row, char *buffer)
{
	const struct ps_process *process = row;
	(void)buffer;

	return process->user;
}

static const char *get_uid(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return process->has_uid ? number(buffer, process->uid) : NULL;
}

static const char *get_ns_uid(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return process->has_ns_uid ? number(buffer, process->ns_uid) : "unmapped";
}

static const char *get_state(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	snprintf(buffer, TABLE_TEXT_SIZE, "%c", process->row->status.state);
	return buffer;
}

static enum table_style style_of_state(const void *row)
{
	const struct ps_process *process = row;

	return strchr("DTtXZ", process->row->status.state) ? TABLE_TROUBLE : TABLE_PLAIN;
}

static const char *get_threads(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return known(buffer, process->row->status.threads);
}

static const char *get_rss(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return number(buffer, process->row->status.rss_kb);
}

static const char *get_mem(const void *row, char *buffer)
{
	const struct ps_process *process = row;
	struct sysinfo host;

	if (sysinfo(&host) < 0 || host.totalram == 0)
		return NULL;
	snprintf(buffer, TABLE_TEXT_SIZE, "%.1f",
		102400.0 * (double)process->row->status.rss_kb /
			((double)host.totalram * (double)host.mem_unit));
	return buffer;
}

// [[DAYS-]HH:]MM:SS, as ps(1) has it.
static const char *duration(char *buffer, uint64_t seconds)
{
	unsigned long long days = seconds / 86400;
	unsigned hours = (unsigned)(seconds / 3600 % 24), minutes = (unsigned)(seconds / 60 % 60);
	int len = 0;

	if (days)
		len = snprintf(buffer, TABLE_TEXT_SIZE, "%llu-", days);
	if (days || hours)
		len += snprintf(buffer + len, TABLE_TEXT_SIZE - (size_t)len, "%02u:", hours);
	snprintf(buffer + len, TABLE_TEXT_SIZE - (size_t)len, "%02u:%02u", minutes,
		(unsigned)(seconds % 60));
	return buffer;
}

static const char *get_elapsed(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return duration(buffer, process->elapsed_s);
}

static const char *get_time(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return duration(buffer, process->cpu_s);
}

static const char *get_pidfd(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return known(buffer, process->row->pidfd_inode);
}

static const char *get_pid_ns(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return known(buffer, process->row->pid_ns);
}

static const char *get_user_ns(const void *row, char *buffer)
{
	const struct ps_process *process = row;

	return known(buffer, process->row->user_ns);
}

static const char *get_container(const void *row, char *buffer)
{
	const struct ps_process *process = row;
	const struct container_name *container = &process->container->named->container;
	(void)buffer;

	return container->name ? container->name : container->id;
}

static const char *get_comm(const void *row, char *buffer)
{
	const struct ps_process *process = row;
	(void)buffer;

	return process->row->status.name;
}

static enum table_style style_of_comm(const void *row)
{
	(void)row;
	return TABLE_NAME;
}

static const char *get_command(const void *row, char *buffer)
{
	const struct ps_process *process = row;
	bool is_dead = process->row->status.state == 'Z';

	if (process->command)
		return process->command;
	snprintf(buffer, TABLE_TEXT_SIZE, "[%s]%s", process->row->status.name,
		is_dead ? " <defunct>" : "");
	return buffer;
}

const struct table_column ps_columns[] = {
	{.name = "PID", .summary = "its PID on the host", .text = get_pid, .is_number = true},
	{.name = "NSPID",
		.summary = "its PID in the container, and in PID namespaces below that, inwards: "
			   "12/1",
		.text = get_ns_pid,
		.is_number = true},
	{.name = "PPID",
		.summary = "its parent's PID on the host",
		.text = get_ppid,
		.is_number = true},
	{.name = "NSPPID",
		.summary = "its parent's PID in the container; 0: the parent is outside",
		.text = get_ns_ppid,
		.is_number = true,
		.is_optional = true},
	{.name = "USER",
		.summary = "the name of its user in the container's /etc/passwd",
		.text = get_user},
	{.name = "UID",
		.summary = "its effective user id on the host",
		.text = get_uid,
		.is_number = true},
	{.name = "NSUID",
		.summary = "the same in the container's user namespace, or unmapped",
		.text = get_ns_uid,
		.is_number = true},
	{.name = "STATE",
		.summary = "R running, S asleep, D asleep and not to be disturbed, T stopped, t "
			   "traced, Z zombie, I idle",
		.text = get_state,
		.style = style_of_state},
	{.name = "THREADS",
		.summary = "how many threads it has",
		.text = get_threads,
		.is_number = true},
	{.name = "RSS", .summary = "resident memory, in KiB", .text = get_rss, .is_number = true},
	{.name = "%MEM",
		.summary = "the same, in percent of the host's memory",
		.text = get_mem,
		.is_number = true,
		.is_optional = true},
	{.name = "TIME",
		.summary = "processor time: [[DAYS-]HH:]MM:SS",
		.text = get_time,
		.is_number = true,
		.is_optional = true},
	{.name = "ELAPSED",
		.summary = "since it began: [[DAYS-]HH:]MM:SS",
		.text = get_elapsed,
		.is_number = true},
	{.name = "PIDFD",
		.summary =
			"the inode of its pidfd: PID:PIDFD is a TARGET that no other process can "
			"be (Linux 6.9)",
		.text = get_pidfd,
		.is_number = true,
		.is_optional = true},
	{.name = "PIDNS",
		.summary = "the inode of its PID namespace",
		.text = get_pid_ns,
		.is_number = true,
		.is_optional = true},
	{.name = "USERNS",
		.summary = "the inode of its user namespace",
		.text = get_user_ns,
		.is_number = true,
		.is_optional = true},
	{.name = "CONTAINER",
		.summary = "the name, or the id, of the container, if it was named by one",
		.text = get_container,
		.is_optional = true},
	{.name = "COMM",
		.summary = "the name of its main thread",
		.text = get_comm,
		.style = style_of_comm,
		.is_optional = true},
	{.name = "COMMAND",
		.summary = "its command line; where there is none, its name in brackets",
		.text = get_command,
		.is_tree = true},
	{0},
};

// The command line of PROCESS with spaces between its words, which the caller frees, into *RET;
// NULL where there is none.
static int join_words(const struct ps_process *process, char **ret)
{
	static const char mark[] = " ...";
	size_t len = process->words_len;
	bool is_cut = process->row->words_known == PROCESS_WORDS_CUT;

	*ret = NULL;
	if (!process->words || len == 0)
		return 0;
	char *text = malloc(len + sizeof(mark));
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		text[i] = process->words[i] ? process->words[i] : ' ';
	strcpy(text + len, is_cut ? mark : "");
	*ret = text;
	return 0;
}

static int add_row(struct table *table, const struct ps_process *process, const char *tree)
{
	struct ps_process row = *process;
	auto_free char *command = NULL;
	int r = join_words(process, &command);

	row.command = command;
	return r < 0 ? r : table_add(table, &row, tree);
}

static int add_tree(const struct ps_container *container, struct table *table)
{
	auto_free struct ps_node *nodes = calloc(container->count + 1, sizeof(*nodes));
	struct ps_lines lines = {0};
	char text[PS_TREE_SIZE];
	int r = nodes ? ps_tree(container, nodes) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < container->count; i++)
		r = add_row(table, &container->rows[nodes[i].row],
			ps_tree_text(&nodes[i], &lines, text));
	return r;
}

int ps_fill_table(const struct ps_container *container, bool tree, struct table *table)
{
	int r = 0;

	if (tree)
		return add_tree(container, table);
	for (size_t i = 0; r == 0 && i < container->count; i++)
		r = add_row(table, &container->rows[i], NULL);
	return r;
}

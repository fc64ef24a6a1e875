// SPDX-License-Identifier: GPL-2.0-or-later
// The columns of `nspeek list`.
#include "report_list.h"

#include <stdio.h>
#include <string.h>

enum { SHORT_ID = 12 }; // characters of an id

static const struct container *container_of(const void *row)
{
	return ((const struct list_row *)row)->container;
}

static const char *put_number(char *buffer, uint64_t number)
{
	snprintf(buffer, TABLE_TEXT_SIZE, "%llu", (unsigned long long)number);
	return buffer;
}

static const char *text_runtime(const void *row, char *buffer)
{
	(void)buffer;
	return container_of(row)->runtime ? container_of(row)->runtime->name : NULL;
}

static const char *text_engine(const void *row, char *buffer)
{
	(void)buffer;
	return container_of(row)->engine ? container_of(row)->engine->name
					 : text_runtime(row, buffer);
}

static const char *text_whole_id(const void *row, char *buffer)
{
	(void)buffer;
	return container_of(row)->id;
}

// An id of hexadecimal digits only is cut: names are not.
static const char *text_id(const void *row, char *buffer)
{
	const char *id = container_of(row)->id;

	if (!id || !runtime_is_id(id))
		return id;
	snprintf(buffer, TABLE_TEXT_SIZE, "%.*s", SHORT_ID, id);
	return buffer;
}

static const char *text_name(const void *row, char *buffer)
{
	(void)buffer;
	return container_of(row)->name;
}

static enum table_style style_name(const void *row)
{
	(void)row;
	return TABLE_NAME;
}

static const char *text_pid(const void *row, char *buffer)
{
	return put_number(buffer, (uint64_t)container_of(row)->leader);
}

static const char *text_target(const void *row, char *buffer)
{
	const struct list_row *list = row;

	if (list->pidfd == 0)
		return text_pid(row, buffer);
	snprintf(buffer, TABLE_TEXT_SIZE, "%d:%llu", list->container->leader,
		(unsigned long long)list->pidfd);
	return buffer;
}

static const char *text_processes(const void *row, char *buffer)
{
	return put_number(buffer, container_of(row)->process_count);
}

static const char *text_rootless(const void *row, char *buffer)
{
	(void)buffer;
	return container_of(row)->is_rootless ? "yes" : "no";
}

static const char *text_owner(const void *row, char *buffer)
{
	return put_number(buffer, container_of(row)->owner);
}

static const char *text_kind(const void *row, char *buffer)
{
	const struct container *container = container_of(row);
	(void)buffer;

	if (container->isolation != ISOLATION_NONE)
		return isolation_name(container->isolation);
	return container->is_sandbox ? "sandbox" : "container";
}

static enum table_style style_kind(const void *row)
{
	return container_of(row)->isolation != ISOLATION_NONE ? TABLE_TROUBLE : TABLE_PLAIN;
}

// How long it runs, in the largest unit that it fills.
static const char *text_up(const void *row, char *buffer)
{
	static const struct {
		uint64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	uint64_t age = ((const struct list_row *)row)->age_s;
	size_t i = 0;

	while (i < 3 && age < units[i].seconds)
		i++;
	snprintf(buffer, TABLE_TEXT_SIZE, "%llu%c", (unsigned long long)(age / units[i].seconds),
		units[i].letter);
	return buffer;
}

static const char *text_command(const void *row, char *buffer)
{
	(void)buffer;
	return ((const struct list_row *)row)->command;
}

// Those that are not ours.
static const char *text_namespaces(const void *row, char *buffer)
{
	const struct list_row *list = row;
	size_t len = 0;

	buffer[0] = '\0';
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (list->namespaces[i] != 0 && list->namespaces[i] != list->own[i])
			len += (size_t)snprintf(buffer + len, TABLE_TEXT_SIZE - len, "%s%s",
				len > 0 ? "," : "", nstypes[i].file);
	return buffer;
}

static const char *text_cgroup(const void *row, char *buffer)
{
	(void)buffer;
	return container_of(row)->cgroup;
}

const struct table_column list_columns[] = {
	{.name = "RUNTIME",
		.summary = "what made it: the word before the colon of a TARGET",
		.text = text_runtime},
	{.name = "ID", .summary = "its id, or the beginning of a long one", .text = text_id},
	{.name = "NAME",
		.summary = "its name; of Kubernetes, NAMESPACE/POD/CONTAINER",
		.text = text_name,
		.style = style_name},
	{.name = "PID", .summary = "its first process", .text = text_pid, .is_number = true},
	{.name = "PROCS",
		.summary = "how many processes it has",
		.text = text_processes,
		.is_number = true},
	{.name = "ROOTLESS", .summary = "whether an ordinary user made it", .text = text_rootless},
	{.name = "UP",
		.summary = "how long its first process runs",
		.text = text_up,
		.is_number = true},
	{.name = "COMMAND", .summary = "the name of its first process", .text = text_command},
	{.name = "LONGID", .summary = "its whole id", .text = text_whole_id, .is_optional = true},
	{.name = "TARGET",
		.summary = "PID:INODE, which no other process is ever",
		.text = text_target,
		.is_optional = true},
	{.name = "OWNER",
		.summary = "the uid of who made it",
		.text = text_owner,
		.is_optional = true,
		.is_number = true},
	{.name = "KIND",
		.summary =
			"container; sandbox: it only holds a pod's namespaces; kata, gvisor or vm: "
			"it cannot be entered",
		.text = text_kind,
		.style = style_kind,
		.is_optional = true},
	{.name = "ENGINE",
		.summary = "the runtime below Kubernetes",
		.text = text_engine,
		.is_optional = true},
	{.name = "NAMESPACES",
		.summary = "which are its own, not ours",
		.text = text_namespaces,
		.is_optional = true},
	{.name = "CGROUP", .summary = "its cgroup", .text = text_cgroup, .is_optional = true},
	{0},
};

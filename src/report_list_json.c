// SPDX-License-Identifier: GPL-2.0-or-later
// The containers of this host as JSON, schema nspeek.list/1.
#include "report_list.h"

#include "cleanup.h"
#include "json_value.h"

#include <errno.h>

static json_t *namespaces_of(const struct list_row *row)
{
	json_t *object = json_object();

	for (int i = 0; i < NSTYPE_COUNT; i++)
		json_object_set_new(object, nstypes[i].file,
			row->namespaces[i] ? json_integer((json_int_t)row->namespaces[i])
					   : json_null());
	return object;
}

static json_t *inode_of(uint64_t inode)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)inode);
	return inode ? json_string(text) : json_null();
}

static json_t *container_of(const struct list_row *row)
{
	const struct container *container = row->container;

	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:I, s:b, s:I, s:b, s:o, s:o, s:o}",
		"runtime", json_text(container->runtime ? container->runtime->name : NULL),
		"engine", json_text(container->engine ? container->engine->name : NULL), "id",
		json_text(container->id), "name", json_text(container->name), "pid",
		(int)container->leader, "pidfd", inode_of(row->pidfd), "processes",
		(json_int_t)container->process_count, "rootless", (int)container->is_rootless,
		"owner", (json_int_t)container->owner, "sandbox", (int)container->is_sandbox,
		"isolation", json_text(isolation_name(container->isolation)), "cgroup",
		json_text(container->cgroup), "namespaces", namespaces_of(row));
}

int report_list_json(FILE *out, const struct list_rows *rows)
{
	fputs("{\"schema\":\"nspeek.list/1\",\"containers\":[", out);
	for (size_t i = 0; i < rows->count; i++) {
		json_t *value = container_of(&rows->rows[i]);
		auto_free char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
		json_decref(value);
		if (!text)
			return -ENOMEM;
		fputs(i > 0 ? ",\n" : "\n", out);
		fputs(text, out);
	}
	fputs("]}\n", out);
	return 0;
}

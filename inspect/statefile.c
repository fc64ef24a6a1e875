// SPDX-License-Identifier: GPL-2.0-or-later
// State files of runtimes, as their JSON is.
#include "statefile.h"

#include "sandbox.h"

#include <jansson.h>
#include <string.h>

enum { CPU_S = 5 };

// A file that is being read.
struct reading {
	uint32_t file;
	statefile_take *take;
	void *arg;
};

// Copies the string VALUE to RET of SIZE bytes. False when it is none, or does not fit.
static bool copy(const json_t *value, char *ret, size_t size)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : size;

	if (len >= size)
		return false;
	memcpy(ret, text, len + 1);
	return true;
}

static bool copy_key(const json_t *object, const char *key, char *ret, size_t size)
{
	return copy(json_object_get(object, key), ret, size);
}

// The number KEY of OBJECT, from 0 on, into *RET.
static bool take_number(const json_t *object, const char *key, json_int_t max, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		json_integer_value(value) > max)
		return false;
	*ret = (uint64_t)json_integer_value(value);
	return true;
}

static bool take_pid(const json_t *object, const char *key, struct state_record *record)
{
	uint64_t pid;

	if (!take_number(object, key, INT32_MAX, &pid))
		return false;
	record->pid = (int32_t)pid;
	return true;
}

// True when TEXT is one part of a name of Kubernetes.
static bool is_part(const char *text, size_t len)
{
	return len > 0 && !memchr(text, '/', len);
}

// Makes the name of a container, or, without CONTAINER, of the sandbox of a pod.
static bool name_pod(
	struct state_record *record, const char *space, const char *pod, const char *container)
{
	if (!is_part(space, strlen(space)) || !is_part(pod, strlen(pod)) ||
		(container && !is_part(container, strlen(container))))
		return false;
	int len = snprintf(record->name, sizeof(record->name), "%s/%s%s%s", space, pod,
		container ? "/" : "", container ? container : "");
	record->is_pod = true;
	record->is_sandbox = !container;
	return len > 0 && (size_t)len < sizeof(record->name);
}

// Takes the name of a container that the kubelet had a runtime make apart. Others are left as they
// are.
static void take_apart(struct state_record *record)
{
	char name[STATE_NAME_SIZE];
	bool is_sandbox;

	if (!runtime_pod_name(record->name, name, sizeof(name), &is_sandbox))
		return;
	memcpy(record->name, name, sizeof(name));
	record->is_pod = true;
	record->is_sandbox = is_sandbox;
}

static bool parse_docker(const json_t *root, struct state_record *record)
{
	const json_t *state = json_object_get(root, "State");

	if (!copy_key(root, "ID", record->id, sizeof(record->id)) ||
		!copy_key(root, "Name", record->name, sizeof(record->name)) ||
		!take_pid(state, "Pid", record))
		return false;
	if (record->name[0] == '/')
		memmove(record->name, record->name + 1, strlen(record->name));
	take_apart(record);
	return true;
}

static bool parse_bundle(const json_t *root, struct state_record *record)
{
	// Who writes them, and what each calls the same.
	static const struct {
		const char *kind, *space, *pod, *container;
	} rows[] = {
		{"io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-namespace",
			"io.kubernetes.cri.sandbox-name", "io.kubernetes.cri.container-name"},
		{"io.kubernetes.cri-o.ContainerType", "io.kubernetes.pod.namespace",
			"io.kubernetes.pod.name", "io.kubernetes.container.name"},
	};
	const json_t *annotations = json_object_get(root, "annotations");

	if (!json_is_object(root) || (annotations && !json_is_object(annotations)))
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char kind[16], space[256], pod[256], container[256];
		if (!copy_key(annotations, rows[i].kind, kind, sizeof(kind)))
			continue;
		bool is_sandbox = strcmp(kind, "sandbox") == 0;
		return copy_key(annotations, rows[i].space, space, sizeof(space)) &&
		       copy_key(annotations, rows[i].pod, pod, sizeof(pod)) &&
		       (is_sandbox || copy_key(annotations, rows[i].container, container,
					      sizeof(container))) &&
		       name_pod(record, space, pod, is_sandbox ? NULL : container);
	}
	if (json_object_get(annotations, "nerdctl/name"))
		return copy_key(annotations, "nerdctl/name", record->name, sizeof(record->name));
	return true;
}

static bool parse_runc(const json_t *root, struct state_record *record)
{
	return copy_key(root, "id", record->id, sizeof(record->id)) &&
	       take_pid(root, "init_process_pid", record) &&
	       take_number(root, "init_process_start", INT64_MAX, &record->start);
}

static bool parse_crun(const json_t *root, struct state_record *record)
{
	return take_pid(root, "pid", record) &&
	       take_number(root, "process-start-time", INT64_MAX, &record->start);
}

// One element of containers.json.
static bool parse_element(const json_t *element, struct state_record *record)
{
	const json_t *names = json_object_get(element, "names");

	if (!copy_key(element, "id", record->id, sizeof(record->id)) ||
		(names && !json_is_array(names) && !json_is_null(names)) ||
		(json_array_size(names) > 0 &&
			!copy(json_array_get(names, 0), record->name, sizeof(record->name))))
		return false;
	take_apart(record);
	return true;
}

static void put(const struct reading *reading, struct state_record *record, bool makes_sense)
{
	if (!makes_sense)
		*record = (struct state_record){.trouble = STATE_NO_SENSE};
	record->file = reading->file;
	reading->take(reading->arg, record);
}

static void parse_containers(const json_t *root, const struct reading *reading)
{
	const json_t *element;
	size_t i;

	if (!json_is_array(root))
		put(reading, &(struct state_record){0}, false);
	json_array_foreach(root, i, element)
	{
		struct state_record record = {0};
		bool makes_sense = parse_element(element, &record);
		put(reading, &record, makes_sense);
	}
}

// THE parsers of what holds one container.
static bool (*const parsers[STATE_KINDS])(const json_t *root, struct state_record *record) = {
	[STATE_DOCKER] = parse_docker,
	[STATE_BUNDLE] = parse_bundle,
	[STATE_RUNC] = parse_runc,
	[STATE_CRUN] = parse_crun,
};

void statefile_parse(enum state_kind kind, uint32_t file, const char *text, size_t len,
	statefile_take *take, void *arg)
{
	const struct reading reading = {file, take, arg};
	struct state_record record = {0};
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (!root) {
		record = (struct state_record){.file = file, .trouble = STATE_NO_JSON};
		take(arg, &record);
	} else if (kind == STATE_CONTAINERS) {
		parse_containers(root, &reading);
	} else {
		bool makes_sense = (unsigned)kind < STATE_KINDS && parsers[kind] &&
				   parsers[kind](root, &record);
		put(&reading, &record, makes_sense);
	}
	json_decref(root);
}

static void put_record(void *arg, const struct state_record *record)
{
	struct state_work *work = arg;

	if (work->record_count < STATE_RECORDS_MAX)
		work->records[work->record_count++] = *record;
}

int statefile_live(struct state_work *work)
{
	struct error err = {0};
	const struct sandbox sandbox = {.parent = work->keeper, .cpu_s = CPU_S};

	if (sandbox_enter(&sandbox, &err) < 0)
		return 1;
	for (uint32_t i = work->first; i < work->count && i < STATE_FILES_MAX; i++) {
		work->current = i;
		statefile_parse(work->files[i].kind, i, work->data + work->files[i].at,
			work->files[i].len, put_record, work);
	}
	return 0;
}

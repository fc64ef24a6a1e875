// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing words with containers.
#include "target_match.h"

#include "number.h"

#include <stdio.h>
#include <string.h>

enum {
	DISTANCE_MAX = 2,
	COMPARED_MAX = 63, // characters of a name that is compared for likeness
	SHORT_ID = 12,     // characters of an id that people are shown
};

int target_query_parse(const char *word, bool with_pid, struct target_query *ret, struct error *err)
{
	const char *colon = strchr(word, ':');
	struct target_query query = {.name = word};

	if (colon) {
		query.runtime = runtime_find(word, (size_t)(colon - word));
		query.name = colon + 1;
		if (!query.runtime) {
			fail(err, ERROR_USAGE, EINVAL, "there is no runtime %.*s, in %s",
				(int)(colon - word), word, word);
			return error_hint(err,
				"RUNTIME: is docker, podman, containerd, k8s, crio, "
				"crun, runc, lxc, lxd, incus, machine, unit or cgroup");
		}
	}
	query.name_len = strlen(query.name);
	const char *slash = strrchr(query.name, '/');
	if (with_pid && slash && number_parse_pid(slash + 1, &query.inside) == 0)
		query.name_len = (size_t)(slash - query.name);
	if (query.name_len == 0)
		return fail(err, ERROR_USAGE, EINVAL, "there is no name in %s", word);
	*ret = query;
	return 0;
}

static bool is_word(const char *text, const struct target_query *query)
{
	return text && strlen(text) == query->name_len &&
	       memcmp(text, query->name, query->name_len) == 0;
}

static bool is_of(const struct container *container, const struct runtime *runtime)
{
	return !runtime || container->runtime == runtime || container->engine == runtime;
}

// True when CONTAINER has a name of the form NAMESPACE/POD/CONTAINER.
static bool is_in_pod(const struct container *container)
{
	return container->runtime && strcmp(container->runtime->name, "k8s") == 0 &&
	       container->name && !container->is_sandbox;
}

// The length of NAMESPACE/POD in the name of CONTAINER, which is one of a pod.
static size_t pod_len(const struct container *container)
{
	return (size_t)(strrchr(container->name, '/') - container->name);
}

// True when QUERY means the pod of CONTAINER: NAMESPACE/POD, or POD.
static bool is_pod(const struct container *container, const struct target_query *query)
{
	if (!is_in_pod(container) || !strrchr(container->name, '/'))
		return false;
	const char *pod = strchr(container->name, '/') + 1;
	size_t len = pod_len(container);
	size_t space_len = (size_t)(pod - container->name);

	return (len == query->name_len && memcmp(container->name, query->name, len) == 0) ||
	       (len > space_len && len - space_len == query->name_len &&
		       memcmp(pod, query->name, query->name_len) == 0);
}

// Only what is drawn by lot is told by its beginning: names that begin alike are others'.
static bool begins_with_id(const struct container *container, const struct target_query *query)
{
	return container->id && query->name_len >= TARGET_ID_MIN && runtime_is_id(container->id) &&
	       strncmp(container->id, query->name, query->name_len) == 0;
}

static bool is_called(const struct container *container, const struct target_query *query)
{
	return (!container->is_sandbox && is_word(container->name, query)) ||
	       is_word(container->id, query);
}

// Whoever makes a container, or a pod, can call it as another's id begins: then the word means
// both.
static bool is_called_or_begins(const struct container *container, const struct target_query *query)
{
	return is_called(container, query) || begins_with_id(container, query);
}

static bool is_pod_or_begins(const struct container *container, const struct target_query *query)
{
	return is_pod(container, query) || begins_with_id(container, query);
}

// Those for which IS is true.
static size_t filter(const struct containers *containers, const struct target_query *query,
	bool (*is)(const struct container *container, const struct target_query *query),
	const struct container **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < containers->count; i++)
		if (is_of(containers->rows[i], query->runtime) && is(containers->rows[i], query))
			ret[count++] = containers->rows[i];
	return count;
}

static bool are_one_pod(
	const struct container *const *rows, size_t count, const struct target_query *query)
{
	for (size_t i = 0; i < count; i++)
		if (!is_pod(rows[i], query) || pod_len(rows[i]) != pod_len(rows[0]) ||
			memcmp(rows[i]->name, rows[0]->name, pod_len(rows[0])) != 0)
			return false;
	return count > 0;
}

size_t target_match(const struct containers *containers, const struct target_query *query,
	const struct container **ret, bool *ret_is_pod)
{
	*ret_is_pod = false;
	if (filter(containers, query, is_called, ret) > 0)
		return filter(containers, query, is_called_or_begins, ret);
	size_t count = filter(containers, query, is_pod_or_begins, ret);
	*ret_is_pod = are_one_pod(ret, count, query);
	return count;
}

size_t target_distance(const char *name, size_t name_len, const char *other)
{
	size_t row[COMPARED_MAX + 1], other_len = strlen(other);

	if (name_len > COMPARED_MAX || other_len > COMPARED_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= other_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= name_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= other_len; j++) {
			size_t best = diagonal + (name[i - 1] != other[j - 1]);
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[other_len] <= DISTANCE_MAX && row[other_len] < name_len ? row[other_len]
									   : SIZE_MAX;
}

char *container_label(const struct container *container, char *buffer, size_t size)
{
	const char *runtime = container->runtime ? container->runtime->name : NULL;

	if (container->name)
		snprintf(buffer, size, "%s%s%s", runtime ? runtime : "", runtime ? ":" : "",
			container->name);
	else if (container->id)
		snprintf(buffer, size, "%s%s%.*s", runtime ? runtime : "", runtime ? ":" : "",
			runtime_is_id(container->id) ? SHORT_ID : (int)strlen(container->id),
			container->id);
	else
		snprintf(buffer, size, "process %d", container->leader);
	return buffer;
}

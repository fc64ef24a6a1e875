// SPDX-License-Identifier: GPL-2.0-or-later
// The rows, and matching paths against them.
#include "runtime.h"

#include <stdio.h>
#include <string.h>

#define LIST(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define PLACES(...) ((const struct state_place[]){__VA_ARGS__, {0}})

// Where containerd keeps its tasks: its own, and those of who brings one along.
#define TASKS "io.containerd.runtime.v2.task"

const struct runtime runtimes[] = {
	{
		.name = "docker",
		.cgroups = LIST("docker-%h.scope", "docker/%h"),
		.in_pods = true,
		.places = PLACES({"/var/lib/docker/containers/%i/config.v2.json", STATE_DOCKER},
			{"%h/.local/share/docker/containers/%i/config.v2.json", STATE_DOCKER}),
	},
	{
		.name = "podman",
		.cgroups = LIST("libpod-%h.scope", "libpod-%h", "libpod-payload-%h"),
		.places = PLACES({"/var/lib/containers/storage/%d-containers/containers.json",
					 STATE_CONTAINERS},
			{"%h/.local/share/containers/storage/%d-containers/containers.json",
				STATE_CONTAINERS}),
	},
	{
		.name = "crio",
		.cgroups = LIST("crio-%h.scope", "crio-%h", "*:crio:%h"),
		.in_pods = true,
		.places = PLACES({"/run/containers/storage/%d-containers/%i/userdata/config.json",
					 STATE_BUNDLE},
			{"/var/lib/containers/storage/%d-containers/containers.json",
				STATE_CONTAINERS}),
	},
	{
		.name = "containerd",
		.cgroups =
			LIST("cri-containerd-%h.scope", "*:cri-containerd:%h", "nerdctl-%h.scope"),
		.in_pods = true,
		.places = PLACES({"/run/containerd/" TASKS "/k8s.io/%i/config.json", STATE_BUNDLE},
			{"/run/k3s/containerd/" TASKS "/k8s.io/%i/config.json", STATE_BUNDLE},
			{"/var/snap/microk8s/common/run/containerd/" TASKS "/k8s.io/%i/config.json",
				STATE_BUNDLE},
			{"/run/containerd/" TASKS "/default/%i/config.json", STATE_BUNDLE}),
		.stores = PLACES({"/run/containerd/runc/*/%i/state.json", STATE_RUNC}),
	},
	{.name = "k8s", .in_pods_only = true},
	{
		.name = "crun",
		.cgroups = LIST("crun-%n.scope"),
		.id_is_name = true,
		.stores = PLACES({"/run/crun/%i/status", STATE_CRUN},
			{"/run/user/%u/crun/%i/status", STATE_CRUN}),
	},
	{
		.name = "runc",
		.cgroups = LIST("runc-%n.scope"),
		.id_is_name = true,
		.stores = PLACES({"/run/runc/%i/state.json", STATE_RUNC},
			{"/run/user/%u/runc/%i/state.json", STATE_RUNC}),
	},
	{
		.name = "lxc",
		.cgroups = LIST("lxc.payload.%n", "lxc.payload/%n", "lxc/%n"),
		.id_is_name = true,
	},
	{.name = "lxd", .id_is_name = true},
	{.name = "incus", .id_is_name = true},
	{
		.name = "machine",
		.cgroups = LIST("machine.slice/machine-%n.scope",
			"machine.slice/systemd-nspawn@%n.service"),
		.id_is_name = true,
		.stores = PLACES({"/run/systemd/machines/%i", STATE_MACHINE}),
	},
	{0},
};

enum { ID_LEN = 64 };

const struct runtime *runtime_find(const char *name, size_t len)
{
	for (const struct runtime *row = runtimes; row->name; row++)
		if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
			return row;
	return NULL;
}

static bool is_id(const char *text, size_t len)
{
	if (len != ID_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return true;
}

bool runtime_is_id(const char *text)
{
	return is_id(text, strlen(text));
}

// Where the last component of PATH, LEN bytes, begins.
static size_t last_component(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len;
}

// Compares one component of a pattern with TEXT; what it stands for goes into *MATCH.
static bool match_component(const char *pattern, size_t pattern_len, const char *text, size_t len,
	struct runtime_match *match)
{
	const char *hole = memchr(pattern, '%', pattern_len);
	const char *star = memchr(pattern, '*', pattern_len);
	size_t before = hole ? (size_t)(hole - pattern) : pattern_len;
	size_t after = hole ? pattern_len - before - 2 : 0;

	if (star && hole) { // at the beginning: what stands between it and the hole ends the rest
		const char *word = star + 1;
		size_t word_len = (size_t)(hole - word);
		if (after > 0 || len <= ID_LEN + word_len ||
			memcmp(text + len - ID_LEN - word_len, word, word_len) != 0)
			return false;
		before = len - ID_LEN;
	} else if (len < before + after || memcmp(text, pattern, before) != 0) {
		return false;
	}
	if (!hole)
		return len == before;
	const char *found = text + before;
	size_t found_len = len - before - after;
	if (memcmp(text + len - after, hole + 2, after) != 0 ||
		(hole[1] == 'h' ? !is_id(found, found_len) : found_len == 0))
		return false;
	match->id = found;
	match->id_len = found_len;
	return true;
}

// Compares PATTERN with the last components of PATH, LEN bytes.
static bool match_pattern(
	const char *pattern, const char *path, size_t len, struct runtime_match *match)
{
	size_t left = strlen(pattern);

	for (;;) {
		size_t from = last_component(pattern, left), at = last_component(path, len);
		if (!match_component(pattern + from, left - from, path + at, len - at, match))
			return false;
		if (from == 0)
			return true;
		if (at == 0)
			return false;
		left = from - 1;
		len = at - 1;
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// Compares all rows with the last components of PATH, LEN bytes.
static bool match_rows(const char *path, size_t len, struct runtime_match *match)
{
	size_t at = last_component(path, len);

	for (const struct runtime *row = runtimes; row->name; row++)
		for (const char *const *pattern = row->cgroups; pattern && *pattern; pattern++)
			if (match_pattern(*pattern, path, len, match)) {
				match->runtime = row;
				match->is_unit = ends_with(*pattern, ".scope") ||
						 ends_with(*pattern, ".service");
				return true;
			}
	if (!is_id(path + at, len - at))
		return false;
	*match = (struct runtime_match){.id = path + at, .id_len = len - at};
	return true;
}

// True when PATH, LEN bytes, has a component as the kubelet calls its cgroups.
static bool has_pod(const char *path, size_t len)
{
	static const char word[] = "kubepods";
	const size_t word_len = sizeof(word) - 1;

	for (size_t i = 0; i + word_len <= len; i++)
		if (memcmp(path + i, word, word_len) == 0 &&
			(i == 0 || path[i - 1] == '/' || path[i - 1] == '-'))
			return true;
	return false;
}

bool runtime_match(const char *path, size_t len, struct runtime_match *ret)
{
	for (size_t end = len; end > 0;) {
		struct runtime_match match = {0};
		size_t at = last_component(path, end);
		if (at < end && match_rows(path, end, &match)) {
			match.path_len = end;
			match.is_in_pod = has_pod(path, at);
			*ret = match;
			return true;
		}
		end = at > 0 ? at - 1 : 0;
	}
	return false;
}

bool runtime_pod_name(const char *name, char *ret, size_t size, bool *ret_is_sandbox)
{
	enum { KIND, CONTAINER, POD, SPACE, UID, ATTEMPT, PARTS };
	const char *parts[PARTS];
	size_t lens[PARTS];

	for (int i = 0; i < PARTS; i++) {
		parts[i] = name;
		lens[i] = strcspn(name, "_");
		if (lens[i] == 0 || memchr(name, '/', lens[i]) ||
			(name[lens[i]] == '\0') != (i == ATTEMPT))
			return false;
		name += lens[i] + (i != ATTEMPT);
	}
	if (lens[KIND] != 3 || memcmp(parts[KIND], "k8s", 3) != 0)
		return false;
	bool is_sandbox = lens[CONTAINER] == 3 && memcmp(parts[CONTAINER], "POD", 3) == 0;
	int len = snprintf(ret, size, "%.*s/%.*s%s%.*s", (int)lens[SPACE], parts[SPACE],
		(int)lens[POD], parts[POD], is_sandbox ? "" : "/",
		is_sandbox ? 0 : (int)lens[CONTAINER], parts[CONTAINER]);
	*ret_is_sandbox = is_sandbox;
	return len > 0 && (size_t)len < size;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool runtime_unescape_unit(const char *text, size_t len, char *ret, size_t size)
{
	size_t done = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '\\' && i + 3 < len && text[i + 1] == 'x' && hex_digit(text[i + 2]) >= 0 &&
			hex_digit(text[i + 3]) >= 0) {
			c = (char)(hex_digit(text[i + 2]) * 16 + hex_digit(text[i + 3]));
			i += 3;
		}
		if (c == '\0' || done + 1 >= size)
			return false;
		ret[done++] = c;
	}
	ret[done] = '\0';
	return true;
}

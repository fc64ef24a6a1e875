// SPDX-License-Identifier: GPL-2.0-or-later
// Words for what cgroups limit.
#include "ns_draft.h"

#include <string.h>

enum { WORD_SIZE = 32 };

static const char *bytes_word(uint64_t bytes, char word[static WORD_SIZE])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(word, WORD_SIZE, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
	return word;
}

// True when place I is the first with its path.
static bool is_first_with_path(const struct cgroup_limits *limits, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(limits->places[k].path, limits->places[i].path) == 0)
			return false;
	return true;
}

// Each path once, and which hierarchies have it; the root without these.
static void add_places(struct ns_draft *draft, const struct cgroup_limits *limits)
{
	FILE *out = ns_draft_begin(draft, "cgroup");
	const char *comma = "";

	for (size_t i = 0; out && i < limits->count; i++) {
		const char *path = limits->places[i].path, *space = "";
		if (!is_first_with_path(limits, i))
			continue;
		fputs(comma, out);
		ns_draft_put(out, path);
		comma = ", ";
		if (strcmp(path, "/") == 0)
			continue;
		fputs(" (", out);
		for (size_t k = i; k < limits->count; k++) {
			if (strcmp(limits->places[k].path, path) != 0)
				continue;
			fputs(space, out);
			ns_draft_put(out, limits->places[k].name);
			space = " ";
		}
		fputc(')', out);
	}
	ns_draft_end(draft);
}

static bool is_all_known(const struct cgroup_limits *limits)
{
	for (size_t i = 0; i < limits->count; i++)
		if (limits->places[i].why)
			return false;
	return true;
}

static void add_unknown(struct ns_draft *draft, const struct cgroup_limits *limits)
{
	FILE *out = ns_draft_begin(draft, "unknown_limits");
	const char *comma = "";

	for (size_t i = 0; out && i < limits->count; i++) {
		const struct cgroup_place *place = &limits->places[i];
		if (!place->why)
			continue;
		fputs(comma, out);
		ns_draft_put(out, place->name);
		fprintf(out, ": %s", place->why);
		comma = ", ";
	}
	ns_draft_end(draft);
}

// A limit of so MUCH, set by CGROUP.
static void add_limit(struct ns_draft *draft, const char *key, const char *much, const char *cgroup)
{
	FILE *out = ns_draft_begin(draft, key);

	if (out) {
		fprintf(out, "at most %s", much);
		if (cgroup) {
			fputs(", by ", out);
			ns_draft_put(out, cgroup);
		}
	}
	ns_draft_end(draft);
}

static void add_limits(struct ns_draft *draft, const struct cgroup_limits *limits)
{
	size_t before = draft->facts->count;
	char word[WORD_SIZE];

	if (limits->memory.is_known && limits->memory.max != CGROUP_UNLIMITED)
		add_limit(draft, "memory", bytes_word(limits->memory.max, word),
			limits->memory.cgroup);
	if (limits->pids.is_known && limits->pids.max != CGROUP_UNLIMITED) {
		snprintf(word, sizeof(word), "%llu", (unsigned long long)limits->pids.max);
		add_limit(draft, "tasks", word, limits->pids.cgroup);
	}
	if (limits->has_quota) {
		snprintf(word, sizeof(word), "%.2f CPUs",
			(double)limits->quota.quota_us / (double)limits->quota.period_us);
		add_limit(draft, "cpu", word, limits->quota_cgroup);
	}
	if (limits->cpus[0]) {
		FILE *out = ns_draft_begin(draft, "cpus");
		if (out)
			ns_draft_put(out, limits->cpus);
		ns_draft_end(draft);
	}
	if (draft->facts->count == before && is_all_known(limits))
		ns_draft_add(draft, "limits", "none of memory, tasks and processor time");
}

static void add_use(struct ns_draft *draft, const struct cgroup_limits *limits)
{
	FILE *out = ns_draft_begin(draft, "in_use");
	const char *comma = "";
	char word[WORD_SIZE];

	if (out && limits->memory.has_current) {
		fprintf(out, "%s of memory", bytes_word(limits->memory.current, word));
		comma = ", ";
	}
	if (out && limits->pids.has_current)
		fprintf(out, "%s%llu task%s", comma, (unsigned long long)limits->pids.current,
			limits->pids.current == 1 ? "" : "s");
	ns_draft_end(draft);
}

static void add_pressure(struct ns_draft *draft, const struct cgroup_limits *limits)
{
	static const char *const words[] = {
		[CGROUP_PRESSURE_CPU] = "cpu",
		[CGROUP_PRESSURE_MEMORY] = "memory",
		[CGROUP_PRESSURE_IO] = "io",
	};
	FILE *out = ns_draft_begin(draft, "pressure");
	const char *comma = "";

	for (size_t i = 0; out && i < sizeof(words) / sizeof(words[0]); i++) {
		uint32_t share = limits->pressure[i].some.avg10;
		if (!limits->has_pressure[i])
			continue;
		fprintf(out, "%s%s %u.%02u %%", comma, words[i], share / 100, share % 100);
		comma = ", ";
	}
	if (out && comma[0])
		fputs(" (some, 10 s)", out);
	ns_draft_end(draft);
}

void ns_draft_add_cgroups(struct ns_draft *draft, const struct cgroup_limits *limits)
{
	add_places(draft, limits);
	add_limits(draft, limits);
	add_unknown(draft, limits);
	if (limits->frozen) {
		FILE *out = ns_draft_begin(draft, "frozen");
		if (out) {
			fputs("by ", out);
			ns_draft_put(out, limits->frozen);
		}
		ns_draft_end(draft);
	}
	draft->is_passing = true;
	add_use(draft, limits);
	add_pressure(draft, limits);
	draft->is_passing = false;
}

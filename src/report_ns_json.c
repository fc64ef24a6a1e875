// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek ns --json`.
#include "capname.h"
#include "json_value.h"
#include "ns_facts.h"
#include "report_ns.h"

#include <errno.h>
#include <string.h>

// VALUE, or null where it is 0.
static json_t *number_or_null(uint64_t value)
{
	return value ? json_integer((json_int_t)value) : json_null();
}

// A limit, or null for none.
static json_t *limit(uint64_t value)
{
	return value == CGROUP_UNLIMITED ? json_null() : json_integer((json_int_t)value);
}

static json_t *bool_or_null(bool is_known, bool value)
{
	return is_known ? json_boolean(value) : json_null();
}

static json_t *map_of(bool is_known, const struct proc_idmap *map)
{
	if (!is_known)
		return json_null();
	json_t *rows = json_array();
	for (size_t i = 0; i < map->count; i++)
		json_array_append_new(rows,
			json_pack("{s:I, s:I, s:I}", "inside", (json_int_t)map->rows[i].inside,
				"outside", (json_int_t)map->rows[i].outside, "count",
				(json_int_t)map->rows[i].count));
	return rows;
}

static void put_user(json_t *row, const struct nsview *view)
{
	json_object_set_new(row, "uid_map", map_of(view->has_maps, &view->uid_map));
	json_object_set_new(row, "gid_map", map_of(view->has_maps, &view->gid_map));
	json_object_set_new(row, "setgroups",
		!view->has_setgroups ? json_null()
				     : json_string(view->setgroups_denied ? "deny" : "allow"));
	json_object_set_new(row, "made_by_uid",
		view->has_maker ? json_integer((json_int_t)view->maker) : json_null());
}

static json_t *offset_of(const struct timens_offset *offset)
{
	return json_pack("{s:I, s:I}", "seconds", (json_int_t)offset->seconds, "nanoseconds",
		(json_int_t)offset->nanoseconds);
}

static void put_clocks(json_t *row, const struct nsview *view)
{
	json_object_set_new(row, "clock_offsets",
		!view->has_offsets
			? json_null()
			: json_pack("{s:o, s:o}", "monotonic", offset_of(&view->offsets.monotonic),
				  "boottime", offset_of(&view->offsets.boottime)));
}

static json_t *row_of(const struct ns_subject *subject, const struct nsview_kind *kind)
{
	const struct nsview_row *row = nsview_row(&subject->view, kind);
	json_t *object = json_pack("{s:o, s:o, s:o, s:o}", "id", number_or_null(row->id),
		"owner_user_ns", number_or_null(row->owner), "parent", number_or_null(row->parent),
		"name", json_text(row->name));

	if (subject->word) {
		const char *join = ns_join_word(row);
		json_object_set_new(object, "same", bool_or_null(row->id != 0, row->same));
		json_object_set_new(object, "join", join ? json_string(join) : json_null());
		json_object_set_new(object, "reason", json_text(ns_row_reason(row)));
	}
	if (kind->type == NSTYPE_USER)
		put_user(object, &subject->view);
	if (kind->type == NSTYPE_TIME && kind->children)
		put_clocks(object, &subject->view);
	return object;
}

static json_t *namespaces_of(const struct ns_subject *subject)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	json_t *object = json_object();

	nsview_kinds(kinds);
	for (int i = 0; i < NSVIEW_KINDS; i++)
		json_object_set_new(object, kinds[i].name, row_of(subject, &kinds[i]));
	return object;
}

static json_t *caps_of(uint64_t set)
{
	json_t *list = json_array();

	for (int cap = 0; cap < 64; cap++) {
		char number[16];
		const char *name = capname_of(cap);
		if (!(set >> cap & 1))
			continue;
		snprintf(number, sizeof(number), "%d", cap);
		json_array_append_new(list, json_string(name ? name : number));
	}
	return list;
}

static json_t *labels_of(const struct constraints *constraints)
{
	const struct lsm_label *labels = constraints->labels.label;
	json_t *list = json_array();

	if (!constraints->has_labels) {
		json_decref(list);
		return json_null();
	}
	for (int i = 0; labels && i < LSM_LABELS; i++)
		if (labels[i].kind != LSM_NONE)
			json_array_append_new(list, json_text(labels[i].text));
	return list;
}

static json_t *masks_of(const struct constraints *constraints)
{
	static const char *const words[] = {[MASK_HIDDEN] = "hidden",
		[MASK_READ_ONLY] = "read-only",
		[MASK_REPLACED] = "replaced"};
	const struct masks *masks = &constraints->masks;

	if (!constraints->has_masks)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < masks->count; i++) {
		const struct mask *mask = &masks->items[i];
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:o}", "path", json_text(mask->point), "kind",
				      words[mask->kind], "type",
				      json_text(mask->type[0] ? mask->type : NULL)));
	}
	return list;
}

static json_t *use_of(const struct cgroup_use *use)
{
	if (!use->is_known)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "max", limit(use->max), "current",
		use->has_current ? json_integer((json_int_t)use->current) : json_null(), "cgroup",
		json_text(use->cgroup));
}

static json_t *stall_of(const struct cgroup_stall *stall)
{
	if (!stall->is_known)
		return json_null();
	return json_pack("{s:f, s:f, s:f, s:I}", "avg10", stall->avg10 / 100.0, "avg60",
		stall->avg60 / 100.0, "avg300", stall->avg300 / 100.0, "total_us",
		(json_int_t)stall->total_us);
}

static json_t *pressure_of(const struct cgroup_limits *limits, int i)
{
	if (!limits->has_pressure[i])
		return json_null();
	return json_pack("{s:o, s:o}", "some", stall_of(&limits->pressure[i].some), "full",
		stall_of(&limits->pressure[i].full));
}

static json_t *places_of(const struct cgroup_limits *limits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < limits->count; i++) {
		const struct cgroup_place *place = &limits->places[i];
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o}", "hierarchy", json_text(place->name), "path",
				json_text(place->path), "unknown", json_text(place->why)));
	}
	return list;
}

static json_t *quota_of(const struct cgroup_limits *limits)
{
	if (!limits->has_quota)
		return json_null();
	return json_pack("{s:I, s:I, s:o}", "quota_us", (json_int_t)limits->quota.quota_us,
		"period_us", (json_int_t)limits->quota.period_us, "cgroup",
		json_text(limits->quota_cgroup));
}

static json_t *cgroups_of(const struct constraints *constraints)
{
	const struct cgroup_limits *limits = &constraints->cgroups;

	if (!constraints->has_cgroups)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:b, s:o}", "paths",
		places_of(limits), "memory", use_of(&limits->memory), "pids", use_of(&limits->pids),
		"cpu", quota_of(limits), "cpus", json_text(limits->cpus[0] ? limits->cpus : NULL),
		"pressure", "cpu", pressure_of(limits, CGROUP_PRESSURE_CPU), "memory",
		pressure_of(limits, CGROUP_PRESSURE_MEMORY), "io",
		pressure_of(limits, CGROUP_PRESSURE_IO), "frozen", limits->frozen != NULL,
		"frozen_by", json_text(limits->frozen));
}

static json_t *seccomp_of(const struct constraints *constraints)
{
	static const char *const words[] = {[PROC_SECCOMP_NONE] = "none",
		[PROC_SECCOMP_STRICT] = "strict",
		[PROC_SECCOMP_FILTER] = "filter"};

	return constraints->has_seccomp ? json_string(words[constraints->seccomp]) : json_null();
}

static json_t *confinement_of(const struct constraints *constraints)
{
	const struct proc_status *status = &constraints->status;

	return json_pack("{s:I, s:I, s:{s:o, s:o, s:o, s:o, s:o}, s:o, s:o, s:b, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:o}",
		"uid", (json_int_t)status->uid[1], "gid", (json_int_t)status->gid[1],
		"capabilities", "effective", caps_of(status->cap_effective), "permitted",
		caps_of(status->cap_permitted), "inheritable", caps_of(status->cap_inheritable),
		"bounding", caps_of(status->cap_bounding), "ambient", caps_of(status->cap_ambient),
		"seccomp", seccomp_of(constraints), "seccomp_filters",
		number_or_null(constraints->filter_count), "no_new_privs", status->no_new_privs,
		"labels", labels_of(constraints), "root",
		json_text(constraints->root[0] ? constraints->root : NULL), "root_read_only",
		bool_or_null(constraints->has_masks, constraints->masks.root_read_only), "masks",
		masks_of(constraints), "masks_complete",
		bool_or_null(constraints->has_masks, !constraints->masks.more), "proc_options",
		json_text(constraints->masks.options[0] ? constraints->masks.options : NULL),
		"cgroups", cgroups_of(constraints));
}

static json_t *container_of(const struct container_name *name)
{
	if (!name->runtime && !name->id && !name->name)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "runtime", json_text(name->runtime), "id",
		json_text(name->id), "name", json_text(name->name));
}

static json_t *target_of(const struct ns_subject *subject)
{
	const struct target *target = &subject->named.target;

	return json_pack("{s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "target", json_text(subject->word),
		"pid", (json_int_t)target->pid, "tid", (json_int_t)target->tid, "comm",
		json_text(subject->constraints.status.name), "container",
		container_of(&subject->named.container), "namespaces", namespaces_of(subject),
		"confinement", confinement_of(&subject->constraints));
}

static json_t *differs(const struct ns_subject *a, const struct ns_subject *b)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	json_t *list = json_array();

	nsview_kinds(kinds);
	for (int i = 0; i < NSVIEW_KINDS; i++)
		if (!ns_is_same(a, b, &kinds[i]))
			json_array_append_new(list, json_string(kinds[i].name));
	return list;
}

// The keys of facts in which A and B differ, or NULL for want of memory.
static json_t *confinement_differs(const struct ns_subject *a, const struct ns_subject *b)
{
	auto_ns_facts struct ns_facts one = {0}, other = {0};
	json_t *list = json_array();
	size_t position = 0;

	if (ns_facts_make(a, &one) < 0 || ns_facts_make(b, &other) < 0) {
		json_decref(list);
		return NULL;
	}
	for (const char *key; (key = ns_facts_differ(&one, &other, &position));)
		json_array_append_new(list, json_string(key));
	return list;
}

int report_ns_json(FILE *out, const struct ns_report *report)
{
	struct ns_subject *const *subjects = report->subjects;
	bool is_pair = report->count == 2;
	json_t *targets = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(targets, target_of(subjects[i]));
	json_t *document = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "schema", "nspeek.ns/1",
		"self", namespaces_of(report->self), "self_confinement",
		confinement_of(&report->self->constraints), "targets", targets, "differs",
		is_pair ? differs(subjects[0], subjects[1]) : json_null(), "confinement_differs",
		is_pair ? confinement_differs(subjects[0], subjects[1]) : json_null());
	int r = document && json_array_size(targets) == report->count &&
				json_dumpf(document, out, JSON_COMPACT) == 0
			? 0
			: -ENOMEM;
	json_decref(document);
	fputc('\n', out);
	return r;
}

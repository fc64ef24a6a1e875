// SPDX-License-Identifier: GPL-2.0-or-later
// Words for what confines a process.
#include "ns_facts.h"

#include "capname.h"
#include "cleanup.h"
#include "ns_draft.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

enum { RANGES_SHOWN = 5, MISSING_SHOWN = 10 };

static void put_range(FILE *out, uint32_t first, uint32_t count)
{
	if (count > 1)
		fprintf(out, "%u-%u", first, first + (count - 1));
	else
		fprintf(out, "%u", first);
}

static bool is_full(const struct proc_idmap *map)
{
	return map->count == 1 && map->rows[0].inside == 0 && map->rows[0].outside == 0 &&
	       map->rows[0].count == UINT32_MAX;
}

static void add_map(struct ns_draft *draft, const char *key, const struct proc_idmap *map)
{
	FILE *out = ns_draft_begin(draft, key);

	if (out && map->count == 0)
		fputs("none: no id is mapped", out);
	else if (out && is_full(map))
		fputs("every id as it is", out);
	for (size_t i = 0; out && !is_full(map) && i < map->count && i < RANGES_SHOWN; i++) {
		const struct proc_idmap_row *row = &map->rows[i];
		fputs(i > 0 ? ", " : "", out);
		put_range(out, row->inside, row->count);
		fputs(" inside is ", out);
		put_range(out, row->outside, row->count);
	}
	if (out && map->count > RANGES_SHOWN)
		fprintf(out, ", and %zu more", map->count - RANGES_SHOWN);
	ns_draft_end(draft);
}

static void add_offset(FILE *out, const char *clock, const struct timens_offset *offset)
{
	long long seconds = offset->seconds;
	unsigned nanoseconds = offset->nanoseconds;
	bool is_negative = seconds < 0;

	// Nanoseconds are added to what may be negative.
	if (is_negative && nanoseconds > 0) {
		seconds++;
		nanoseconds = 1000000000 - nanoseconds;
	}
	fprintf(out, "%s %c%lld", clock, is_negative ? '-' : '+', is_negative ? -seconds : seconds);
	if (nanoseconds > 0)
		fprintf(out, ".%09u", nanoseconds);
	fputs(" s", out);
}

static void add_clocks(struct ns_draft *draft, const struct timens_offsets *offsets)
{
	FILE *out = ns_draft_begin(draft, "clocks");

	if (!out)
		return;
	add_offset(out, "monotonic", &offsets->monotonic);
	fputs(", ", out);
	add_offset(out, "boottime", &offsets->boottime);
	ns_draft_end(draft);
}

static bool has_offset(const struct timens_offset *offset)
{
	return offset->seconds != 0 || offset->nanoseconds != 0;
}

// What belongs to the user and time namespaces.
static void add_view(struct ns_draft *draft, const struct nsview *view)
{
	if (view->has_maps) {
		add_map(draft, "uid_map", &view->uid_map);
		add_map(draft, "gid_map", &view->gid_map);
	}
	if (view->has_setgroups && view->setgroups_denied)
		ns_draft_add(draft, "setgroups",
			"denied: supplementary groups cannot be changed inside");
	FILE *out = view->has_maker && view->maker != 0 ? ns_draft_begin(draft, "made_by") : NULL;
	if (out) {
		fprintf(out, "uid %u, whose user namespace it is", view->maker);
		ns_draft_end(draft);
	}
	if (view->has_offsets &&
		(has_offset(&view->offsets.monotonic) || has_offset(&view->offsets.boottime)))
		add_clocks(draft, &view->offsets);
}

// Writes the id INSIDE that OUTSIDE is by MAP, unless it is the same.
static void put_inside(FILE *out, const struct proc_idmap *map, uint32_t outside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct proc_idmap_row *row = &map->rows[i];
		uint32_t inside = row->inside + (outside - row->outside);
		if (outside < row->outside || outside - row->outside >= row->count)
			continue;
		if (inside != outside)
			fprintf(out, " (%u inside)", inside);
		return;
	}
	fputs(" (not mapped inside)", out);
}

// True when what counts inside the user namespace of VIEW is not what counts in ours.
static bool is_inside(const struct nsview *view)
{
	return view->types[NSTYPE_USER].id != 0 && !view->types[NSTYPE_USER].same;
}

static void add_ids(struct ns_draft *draft, const struct ns_subject *subject)
{
	const struct proc_status *status = &subject->constraints.status;
	const struct nsview *view = &subject->view;
	FILE *out = ns_draft_begin(draft, "ids");

	if (!out)
		return;
	fprintf(out, "uid %u", status->uid[1]);
	if (view->has_maps && is_inside(view))
		put_inside(out, &view->uid_map, status->uid[1]);
	fprintf(out, ", gid %u", status->gid[1]);
	if (view->has_maps && is_inside(view))
		put_inside(out, &view->gid_map, status->gid[1]);
	if (status->uid[0] != status->uid[1])
		fprintf(out, "; real uid %u", status->uid[0]);
	ns_draft_end(draft);
}

static void put_cap(FILE *out, int cap)
{
	const char *name = capname_of(cap);

	if (name)
		fputs(name + strlen("cap_"), out);
	else
		fprintf(out, "%d", cap);
}

static void put_caps(FILE *out, uint64_t set)
{
	const char *comma = "";

	for (int cap = 0; cap < 64; cap++) {
		if (!(set >> cap & 1))
			continue;
		fputs(comma, out);
		put_cap(out, cap);
		comma = ", ";
	}
}

// INSIDE: the set counts in another user namespace than ours.
static void add_caps(struct ns_draft *draft, const char *key, uint64_t set, bool inside)
{
	const uint64_t known = (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1;
	FILE *out = ns_draft_begin(draft, key);

	if (!out)
		return;
	int missing = __builtin_popcountll(known & ~set);
	if (set == 0) {
		fputs("none", out);
	} else if (missing == 0) {
		fputs("all", out);
	} else if (missing <= MISSING_SHOWN) {
		fputs("all but ", out);
		put_caps(out, known & ~set);
	} else {
		put_caps(out, set);
	}
	if (set != 0 && inside)
		fputs(" (over what its user namespace owns)", out);
	ns_draft_end(draft);
}

static void add_all_caps(struct ns_draft *draft, const struct ns_subject *subject)
{
	const struct proc_status *status = &subject->constraints.status;
	bool inside = is_inside(&subject->view);

	add_caps(draft, "capabilities", status->cap_effective, inside);
	if (status->cap_permitted != status->cap_effective)
		add_caps(draft, "permitted", status->cap_permitted, inside);
	if (status->cap_inheritable)
		add_caps(draft, "inheritable", status->cap_inheritable, inside);
	if (status->cap_ambient)
		add_caps(draft, "ambient", status->cap_ambient, inside);
	if (status->cap_bounding != status->cap_effective)
		add_caps(draft, "bounding", status->cap_bounding, inside);
}

static void add_seccomp(struct ns_draft *draft, const struct constraints *constraints)
{
	FILE *out = constraints->has_seccomp ? ns_draft_begin(draft, "seccomp") : NULL;

	if (!out)
		return;
	if (constraints->seccomp == PROC_SECCOMP_NONE)
		fputs("none", out);
	else if (constraints->seccomp == PROC_SECCOMP_STRICT)
		fputs("strict: read, write, exit and sigreturn only", out);
	else if (constraints->filter_count > 0)
		fprintf(out, "%u filter%s", constraints->filter_count,
			constraints->filter_count > 1 ? "s" : "");
	else
		fputs("filters", out);
	ns_draft_end(draft);
}

static void add_labels(struct ns_draft *draft, const struct constraints *constraints)
{
	const struct lsm_label *labels = constraints->labels.label;
	FILE *out = constraints->has_labels ? ns_draft_begin(draft, "label") : NULL;
	const char *comma = "";

	if (!out)
		return;
	for (int i = 0; labels && i < LSM_LABELS; i++) {
		if (labels[i].kind == LSM_NONE)
			continue;
		fputs(comma, out);
		ns_draft_put(out, labels[i].text);
		comma = ", ";
	}
	if (!comma[0])
		fputs("none", out);
	ns_draft_end(draft);
}

static void add_root(struct ns_draft *draft, const struct constraints *constraints)
{
	FILE *out = constraints->root[0] ? ns_draft_begin(draft, "root") : NULL;

	if (!out)
		return;
	ns_draft_put(out, constraints->root);
	if (strcmp(constraints->root, "/") != 0)
		fputs(", not the root of its mount namespace", out);
	if (constraints->has_masks && constraints->masks.root_read_only)
		fputs(", read-only", out);
	ns_draft_end(draft);
}

static void add_masks(
	struct ns_draft *draft, const char *key, const struct masks *masks, enum mask_kind kind)
{
	FILE *out = ns_draft_begin(draft, key);
	const char *comma = "";

	for (size_t i = 0; out && i < masks->count; i++) {
		const struct mask *mask = &masks->items[i];
		if (mask->kind != kind)
			continue;
		fputs(comma, out);
		ns_draft_put(out, mask->point);
		if (mask->type[0]) {
			fputs(" (", out);
			ns_draft_put(out, mask->type);
			fputc(')', out);
		}
		comma = ", ";
	}
	ns_draft_end(draft);
}

static void add_all_masks(struct ns_draft *draft, const struct masks *masks)
{
	add_masks(draft, "hidden", masks, MASK_HIDDEN);
	add_masks(draft, "read_only", masks, MASK_READ_ONLY);
	add_masks(draft, "replaced", masks, MASK_REPLACED);
	if (masks->more)
		ns_draft_add(draft, "more", "there are more such mounts below /proc and /sys");
	FILE *out = masks->options[0] ? ns_draft_begin(draft, "proc_options") : NULL;
	if (out) {
		ns_draft_put(out, masks->options);
		ns_draft_end(draft);
	}
}

int ns_facts_make(const struct ns_subject *subject, struct ns_facts *ret)
{
	auto_ns_facts struct ns_facts facts = {0};
	struct ns_draft draft = {.facts = &facts};
	const struct constraints *constraints = &subject->constraints;

	add_view(&draft, &subject->view);
	add_ids(&draft, subject);
	add_all_caps(&draft, subject);
	add_seccomp(&draft, constraints);
	ns_draft_add(&draft, "no_new_privs", constraints->status.no_new_privs ? "yes" : "no");
	add_labels(&draft, constraints);
	add_root(&draft, constraints);
	if (constraints->has_masks)
		add_all_masks(&draft, &constraints->masks);
	if (constraints->has_cgroups)
		ns_draft_add_cgroups(&draft, &constraints->cgroups);
	if (draft.failed)
		return -ENOMEM;
	*ret = facts;
	facts = (struct ns_facts){0};
	return 0;
}

const char *ns_facts_get(const struct ns_facts *facts, const char *key)
{
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->items[i].key, key) == 0)
			return facts->items[i].value;
	return NULL;
}

const char *ns_facts_differ(const struct ns_facts *a, const struct ns_facts *b, size_t *position)
{
	while (*position < a->count + b->count) {
		size_t at = (*position)++;
		bool is_first = at < a->count;
		const struct ns_fact *fact = is_first ? &a->items[at] : &b->items[at - a->count];
		const char *other = ns_facts_get(is_first ? b : a, fact->key);
		// What both have was compared with the first.
		if (fact->is_passing || (!is_first && other))
			continue;
		if (!other || strcmp(fact->value, other) != 0)
			return fact->key;
	}
	return NULL;
}

void ns_facts_fini(struct ns_facts *facts)
{
	for (size_t i = 0; i < facts->count; i++)
		free(facts->items[i].value);
	facts->count = 0;
}

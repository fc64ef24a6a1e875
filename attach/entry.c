// SPDX-License-Identifier: GPL-2.0-or-later
// Opening what entering needs: the supervisor's part.
#include "entry.h"

#include "entry_check.h"

#include <stdlib.h>

// Reads the confinement that is to be copied, from a target that stays the one that was checked.
static int read_confinement(struct entry *entry, struct error *err)
{
	const struct confinement_request *confine = &entry->request->confine;
	const struct target *target = entry->target;

	if (!confine->as_target && !confine->join_cgroup)
		return 0;
	entry->confinement = calloc(1, sizeof(*entry->confinement));
	if (!entry->confinement)
		return fail_sys(err, ENOMEM, "reading", "the target's confinement");
	int r = confinement_read(confine, target, entry->notice, entry->confinement, err);
	return r < 0 ? entry_blame_exit(target, r, err) : target_verify(target, err);
}

static int open_all(struct entry *entry, struct error *err)
{
	const struct entry_request *request = entry->request;
	const struct nsset_request *wanted = &request->namespaces;
	const struct target *target = entry->target;
	bool keeps_caps = request->identity.caps.choice == CAPS_KEEP;
	int r = nsset_open(wanted, target, entry->notice, &entry->nsset, err);

	if (r == 0 && target && entry->inside && !wanted->files[NSTYPE_MNT])
		r = rootdir_open(target, &entry->rootdir, err);
	if (r == 0 && target && entry->inside && !entry->view && !keeps_caps)
		r = lsm_read(target, &entry->labels, err);
	if (r < 0)
		return entry_blame_exit(target, r, err);
	return target ? target_verify(target, err) : 0;
}

int entry_open(const struct entry_request *request, const struct target *target,
	const struct notice *notice, struct entry *ret, struct error *err)
{
	auto_entry struct entry entry = ENTRY_EMPTY;
	int r;

	entry.request = request;
	entry.target = target;
	entry.notice = notice;
	entry.inside = request->namespaces.chosen & 1u << NSTYPE_MNT;
	entry.view = entry.inside && request->tools == TOOLS_HOST;
	if ((r = entry_check_request(&entry, err)) < 0 || (r = open_all(&entry, err)) < 0 ||
		(r = identity_init(&request->identity, target, entry_joins_user(&entry),
			 !entry.inside, &entry.identity, err)) < 0 ||
		(r = entry_check_confinement(&entry, err)) < 0 ||
		(r = read_confinement(&entry, err)) < 0)
		return r;
	if (!entry.inside)
		entry_warn_visible(&entry, false, entry_joins_user(&entry));
	*ret = entry;
	entry = ENTRY_EMPTY;
	return 0;
}

void entry_request_fini(struct entry_request *request)
{
	idlist_fini(&request->identity.groups.list);
	environ_request_fini(&request->environment);
}

void entry_release(struct entry *entry)
{
	nsset_fini(&entry->nsset);
	rootdir_fini(&entry->rootdir);
}

void entry_fini(struct entry *entry)
{
	entry_release(entry);
	lsm_labels_fini(&entry->labels);
	if (entry->confinement)
		confinement_fini(entry->confinement);
	free(entry->confinement);
	entry->confinement = NULL;
}

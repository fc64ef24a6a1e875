// SPDX-License-Identifier: GPL-2.0-or-later
// Supplementary groups.
#include "groups.h"

#include "cleanup.h"
#include "fd.h"
#include "idmap.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

enum {
	STATUS_MAX = 1 << 20,
	OVERFLOW_ID = 65534, // stands for an id that is not mapped
};

// Reads the groups of TARGET, normalized.
static int read_groups(const struct target *target, struct idlist *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(target->task_fd, "status", STATUS_MAX, &text, &len);

	if (r == 0)
		r = idlist_parse_status(text, len, ret);
	if (r < 0)
		return fail_sys(err, -r, "read", "the groups of process %d", target->pid);
	idlist_normalize(ret);
	return 0;
}

int groups_read_target(
	const struct target *target, int self_fd, struct idlist *ret, struct error *err)
{
	auto_idlist struct idlist list = {0};
	struct proc_idmap map;
	int r = idmap_read(self_fd, &idmap_gid, &map, err);

	if (r < 0 || (r = read_groups(target, &list, err)) < 0)
		return r;
	if (idlist_has(&list, OVERFLOW_ID) && !idmap_is_full(&map)) {
		fail(err, ERROR_SYSTEM, EINVAL,
			"a group of process %d is not mapped in the user namespace of the command",
			target->pid);
		return error_hint(err, "--groups=LIST names groups");
	}
	*ret = list;
	list = (struct idlist){0};
	return 0;
}

// Reads our own groups, normalized.
static int own_groups(struct idlist *ret)
{
	auto_idlist struct idlist list = {0};
	int count = getgroups(0, NULL);

	if (count < 0)
		return -errno;
	list.ids = calloc((size_t)count + 1, sizeof(*list.ids));
	if (!list.ids)
		return -ENOMEM;
	count = getgroups(count, list.ids);
	if (count < 0)
		return -errno;
	list.count = (size_t)count;
	idlist_normalize(&list);
	*ret = list;
	list = (struct idlist){0};
	return 0;
}

// True when our groups are just LIST, which is normalized.
static bool are_ours(const struct idlist *list)
{
	auto_idlist struct idlist ours = {0};

	return own_groups(&ours) == 0 && idlist_equals(&ours, list);
}

// Copies TARGET's groups as ids of ours. Returns 1, or 0 when that cannot be.
static int copy_groups(const struct target *target, int self_fd, struct error *err)
{
	auto_idlist struct idlist list = {0};
	struct proc_idmap map;
	int r = idmap_read(self_fd, &idmap_gid, &map, err);

	if (r < 0 || (r = read_groups(target, &list, err)) < 0)
		return r;
	if (idlist_has(&list, OVERFLOW_ID) && !idmap_is_full(&map))
		return 0;
	return are_ours(&list) || setgroups(list.count, list.ids) == 0;
}

int groups_leave(const struct groups_request *request, const struct target *target, int self_fd,
	struct error *err)
{
	if (request->choice == GROUPS_TARGET) {
		int r = copy_groups(target, self_fd, err);
		if (r != 0)
			return r;
	}
	setgroups(0, NULL); // what it could not do is seen after the join
	return 0;
}

// True when our user namespace forbids setgroups(2) to everybody in it: by its file, or for want
// of a gid_map.
static bool is_setgroups_denied(int self_fd)
{
	char text[16], map[16];
	ssize_t map_len = fd_read_small_at(self_fd, "gid_map", map, sizeof(map));

	return map_len == 0 || (fd_read_small_at(self_fd, "setgroups", text, sizeof(text)) > 0 &&
				       strncmp(text, "deny", 4) == 0);
}

// Removes those from LIST that our user namespace does not map. Returns how many.
static int remove_unmapped(struct idlist *list, int self_fd, struct error *err)
{
	struct proc_idmap map;
	size_t kept = 0;
	int r = idmap_read(self_fd, &idmap_gid, &map, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->count; i++)
		if (proc_idmap_has_inside(&map, list->ids[i]))
			list->ids[kept++] = list->ids[i];
	int removed = (int)(list->count - kept);
	list->count = kept;
	return removed;
}

static void say_groups(const struct groups_wanted *wanted, const struct notice *notice)
{
	char text[400] = "none";
	size_t len = 0;

	for (size_t i = 0; i < wanted->list->count; i++) {
		int n = snprintf(
			text + len, sizeof(text) - len, "%s%u", i ? "," : "", wanted->list->ids[i]);
		if (n < 0 || (size_t)n >= sizeof(text) - len) {
			snprintf(text + sizeof(text) - 4, 4, "...");
			break;
		}
		len += (size_t)n;
	}
	notice_step(notice, "groups: %s (%s)", text, wanted->whose);
}

// What is to be said of groups that stay what they are because WHY.
static int keep_groups(const struct groups_wanted *wanted, const char *why,
	const struct notice *notice, struct error *err)
{
	if (wanted->strict) {
		fail(err, ERROR_SYSTEM, EPERM, "the command's groups cannot be set: %s", why);
		return error_hint(err, "without --groups they stay those of nspeek");
	}
	if (wanted->list->count > idlist_has(wanted->list, wanted->primary))
		notice_warning(notice, "groups of %s are left out: %s", wanted->whose, why);
	notice_step(notice, "groups: kept, %s", why);
	return 0;
}

static int set_groups(const struct groups_wanted *wanted, int self_fd, const struct notice *notice,
	struct error *err)
{
	const struct idlist *list = wanted->list;

	if ((list->count == 0 && getgroups(0, NULL) == 0) ||
		setgroups(list->count, list->ids) == 0) {
		say_groups(wanted, notice);
		return 0;
	}
	int errnum = errno;
	if (errnum == EPERM && is_setgroups_denied(self_fd))
		return keep_groups(wanted, "the user namespace denies setgroups", notice, err);
	if (errnum == EPERM && wanted->powerless)
		return keep_groups(wanted, "we are no root", notice, err);
	fail_sys(err, errnum, "setgroups", "the command's groups");
	return errnum == EPERM ? error_hint(err, "it needs CAP_SETGID, and no seccomp filter or "
						 "security module that forbids it")
			       : -errnum;
}

int groups_take(const struct groups_wanted *wanted, int self_fd, const struct notice *notice,
	struct error *err)
{
	if (wanted->strict) {
		for (size_t i = 0; i < wanted->list->count; i++) {
			int r = idmap_require(self_fd, &idmap_gid, wanted->list->ids[i], err);
			if (r < 0)
				return r;
		}
		return set_groups(wanted, self_fd, notice, err);
	}
	int removed = remove_unmapped(wanted->list, self_fd, err);
	if (removed > 0)
		notice_warning(notice,
			"%d groups of %s are left out: the user namespace does not map them",
			removed, wanted->whose);
	return removed < 0 ? removed : set_groups(wanted, self_fd, notice, err);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Taking the command's identity.
#include "identity.h"

#include "cleanup.h"
#include "idmap.h"

#include <string.h>
#include <sys/prctl.h>

// What setresuid(2) and setresgid(2) take for "unchanged".
static const uint32_t KEEP_ID = UINT32_MAX;

bool identity_is_chosen(const struct identity_request *request)
{
	return request->has_uid || request->has_gid || request->as ||
	       request->groups.choice != GROUPS_DEFAULT;
}

static int check_request(const struct identity *identity, struct error *err)
{
	const struct identity_request *request = identity->request;
	const char *what = request->groups.choice == GROUPS_TARGET ? "--groups=target"
			   : request->caps.choice == CAPS_TARGET   ? "--caps=target"
								   : NULL;

	if (request->as && (request->has_uid || request->has_gid))
		return fail(err, ERROR_USAGE, EINVAL,
			"--as names the user and the group, --setuid and --setgid do too");
	if (request->as && identity->ours) {
		fail(err, ERROR_USAGE, EINVAL,
			"--as needs the container's /etc/passwd, and the mount namespace is not "
			"joined (-m)");
		return error_hint(err, "-S and -G take numbers");
	}
	return what && !identity->target ? fail(err, ERROR_USAGE, EINVAL, "%s needs a TARGET", what)
					 : 0;
}

int identity_init(const struct identity_request *request, const struct target *target,
	bool user_joined, bool ours, struct identity *ret, struct error *err)
{
	struct identity identity = {
		.request = request,
		.target = target,
		.user_joined = user_joined,
		.ours = ours,
		.own_uid = geteuid(),
		.own_gid = getegid(),
		.uid = KEEP_ID,
		.gid = KEEP_ID,
	};
	int r = check_request(&identity, err);

	if (r == 0)
		*ret = identity;
	return r;
}

int identity_leave(struct identity *identity, int self_fd, struct error *err)
{
	if (identity->ours && !identity->user_joined && !identity_is_chosen(identity->request))
		return 0;
	int r = groups_leave(&identity->request->groups, identity->target, self_fd, err);
	identity->groups_taken = r > 0;
	return r < 0 ? r : 0;
}

// One of the two ids.
struct id {
	const struct idmap_kind *kind;
	bool is_asked;
	uint32_t asked;
	uint32_t own;            // outside
	uint32_t target_outside; // as seen before the join
	uint32_t (*inside)(const struct proc_status *status);
};

static uint32_t status_uid(const struct proc_status *status)
{
	return status->uid[1];
}

static uint32_t status_gid(const struct proc_status *status)
{
	return status->gid[1];
}

// The id that is the target's, where 0 is not mapped. Its status is read again, since procfs
// shows ids as the reader's user namespace has them.
static int choose_targets_id(const struct identity *identity, const struct id *id,
	const struct proc_idmap *map, uint32_t *ret, struct error *err)
{
	const struct target *target = identity->target;
	const char *word = id->kind->word;
	struct proc_status status;

	if (target && id->target_outside == id->own && map->count == 0) {
		// Nobody has written the map: we are the target's id unmapped.
		*ret = KEEP_ID;
		return 0;
	}
	if (!target)
		return fail(err, ERROR_SYSTEM, EINVAL,
			"%s 0 is not mapped in the user namespace that was given", word);
	int r = target_read_status(target, target->tid, &status);
	if (r < 0)
		return fail_sys(err, -r, "read", "status of process %d", target->pid);
	*ret = id->inside(&status);
	if (proc_idmap_has_inside(map, *ret))
		return 0;
	return fail(err, ERROR_SYSTEM, EINVAL,
		"neither %s 0 nor that of process %d is mapped in its user namespace", word,
		target->pid);
}

static int choose_id(const struct identity *identity, const struct id *id, int self_fd,
	uint32_t *ret, struct error *err)
{
	struct proc_idmap map;

	if (id->is_asked) {
		*ret = id->asked;
		return idmap_require(self_fd, id->kind, id->asked, err);
	}
	if (!identity->user_joined) {
		*ret = identity->own_uid == 0 && !identity->ours ? 0 : id->own;
		return 0;
	}
	int r = idmap_read(self_fd, id->kind, &map, err);
	if (r < 0)
		return r;
	if (!proc_idmap_has_inside(&map, 0)) {
		r = choose_targets_id(identity, id, &map, ret, err);
		return r < 0 && map.count > 0 ? error_hint(err, "-S and -G name ids that are") : r;
	}
	*ret = 0;
	return 0;
}

static int fail_set_id(const char *call, const char *kind, uint32_t id, struct error *err)
{
	int errnum = errno;

	fail_sys(err, errnum, call, "%s %d", kind, (int)id);
	return errnum == EPERM ? error_hint(err,
					 "it needs CAP_SET%cID, and no seccomp filter or "
					 "security module that forbids it",
					 kind[0] - 'a' + 'A')
			       : -errnum;
}

// True when UID and GID are all of our ids, where they are to be changed at all.
static bool has_ids(uint32_t uid, uint32_t gid)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if ((uid != KEEP_ID && uids[i] != uid) || (gid != KEEP_ID && gids[i] != gid))
			return false;
	return true;
}

// Sets all ids. What is permitted stays so; what is effective need not.
static int set_ids(bool user_joined, uint32_t uid, uint32_t gid, struct error *err)
{
	// An id that is not mapped shows as another, so only those that cannot be one are believed.
	if (!user_joined && uid == 0 && gid == 0 && has_ids(uid, gid))
		return 0;
	if (setresgid(gid, gid, gid) < 0)
		return fail_set_id("setresgid", "gid", gid, err);
	// Where that is refused, capabilities are lost and are missed later.
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(uid, uid, uid) < 0)
		return fail_set_id("setresuid", "uid", uid, err);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (has_ids(uid, gid))
		return 0;
	return fail(
		err, ERROR_SYSTEM, EPERM, "the ids %d:%d did not take effect", (int)uid, (int)gid);
}

// True when the command is a program of ours, and nothing is to change.
static bool is_unchanged(const struct identity *identity)
{
	return identity->ours && !identity->user_joined && !identity_is_chosen(identity->request) &&
	       identity->request->caps.choice == CAPS_DEFAULT;
}

int identity_begin(struct identity *identity, int self_fd, struct error *err)
{
	const struct identity_request *request = identity->request;
	const struct target *target = identity->target;
	struct id uid = {&idmap_uid, request->has_uid, request->uid, identity->own_uid,
		target ? target->status.uid[1] : KEEP_ID, status_uid};
	struct id gid = {&idmap_gid, request->has_gid, request->gid, identity->own_gid,
		target ? target->status.gid[1] : KEEP_ID, status_gid};
	int r;

	if (is_unchanged(identity))
		return 0;
	if ((r = choose_id(identity, &uid, self_fd, &identity->uid, err)) < 0 ||
		(r = choose_id(identity, &gid, self_fd, &identity->gid, err)) < 0 ||
		(r = set_ids(identity->user_joined, identity->uid, identity->gid, err)) < 0)
		return r;
	return caps_rest(err);
}

int identity_find_login(const struct identity *identity, struct login *ret, struct error *err)
{
	const struct identity_request *request = identity->request;

	if (identity->ours) {
		*ret = (struct login){0};
		return 0;
	}
	if (!request->as)
		return login_read(geteuid(), ret, err);
	return login_find(request->as, request->groups.choice == GROUPS_DEFAULT, ret, err);
}

// The ids in the end: those of --as, and a user's own group.
static int choose_final_ids(const struct identity *identity, const struct login *login, int self_fd,
	uint32_t ret[static 2], struct error *err)
{
	const struct identity_request *request = identity->request;
	bool by_row = !request->has_gid && (request->as || request->has_uid) && login->has_gid;
	int r = 0;

	ret[0] = request->as ? login->uid : identity->uid;
	ret[1] = by_row ? login->gid : identity->gid;
	if (request->as)
		r = idmap_require(self_fd, &idmap_uid, ret[0], err);
	if (r == 0 && by_row)
		r = idmap_require(self_fd, &idmap_gid, ret[1], err);
	return r;
}

// The groups that are to be taken now, into LIST, which the caller owns; and whose they are.
static int choose_groups(const struct identity *identity, const struct login *login, uint32_t gid,
	struct idlist *list, struct error *err)
{
	const struct groups_request *groups = &identity->request->groups;
	const struct idlist *from = groups->choice == GROUPS_LIST ? &groups->list : &login->groups;
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->count; i++)
		r = idlist_add(list, from->ids[i]);
	// As initgroups(3) does: else a set-group-ID program would lose what the group may not.
	if (r == 0 && identity->request->as && groups->choice == GROUPS_DEFAULT)
		r = idlist_add(list, gid);
	if (r < 0)
		return fail_sys(err, -r, "setgroups", "the command's groups");
	idlist_normalize(list);
	return 0;
}

static int take_groups(const struct identity *identity, const struct login *login, int self_fd,
	uint32_t gid, const struct notice *notice, struct error *err)
{
	const struct identity_request *request = identity->request;
	enum groups_choice choice = request->groups.choice;
	auto_idlist struct idlist list = {0};
	const struct groups_wanted wanted = {
		.list = &list,
		.strict = choice != GROUPS_DEFAULT,
		.powerless = !identity->user_joined && identity->own_uid != 0,
		.primary = gid,
		.whose = choice == GROUPS_LIST     ? "as asked for"
			 : choice == GROUPS_TARGET ? "the target's"
			 : request->as             ? request->as
						   : "ours are dropped",
	};

	if (identity->groups_taken) {
		notice_step(notice, "groups: the target's");
		return 0;
	}
	if (identity->ours && !identity->user_joined && !identity_is_chosen(identity->request))
		return 0;
	int r = choice == GROUPS_TARGET ? groups_read_target(identity->target, self_fd, &list, err)
					: choose_groups(identity, login, gid, &list, err);
	return r < 0 ? r : groups_take(&wanted, self_fd, notice, err);
}

static void say_ids(const struct identity *identity, const struct notice *notice)
{
	const struct identity_request *request = identity->request;
	uid_t uid = geteuid();
	const char *rule = request->as || request->has_uid     ? "as asked for"
			   : uid == 0 && identity->user_joined ? "root of the joined user namespace"
			   : identity->user_joined ? "the target's, since 0 is not mapped"
			   : uid == 0              ? "root, as we are"
						   : "our own, since we are no root";

	notice_step(notice, "identity rule %s: uid %u gid %u (%s)",
		identity->ours ? "2, a program of the host" : "1, a program of the container", uid,
		getegid(), rule);
}

static int take_caps(
	const struct identity *identity, const struct notice *notice, struct error *err)
{
	const struct identity_request *request = identity->request;
	const struct target *target = identity->target;
	bool is_root = geteuid() == 0;
	bool is_user = !is_root && (request->as || request->has_uid);
	enum caps_choice choice = request->caps.choice;
	struct caps_plan plan = {
		.no_new_privs = !identity->ours && target && target->status.no_new_privs};

	if (choice == CAPS_DEFAULT)
		choice = identity->ours ? CAPS_KEEP : CAPS_TARGET;
	if (choice == CAPS_KEEP && !is_user)
		return caps_keep(identity->user_joined && !is_root, notice, err);
	if (choice == CAPS_KEEP) {
		plan = (struct caps_plan){
			.bounding = UINT64_MAX, .reason = "none for a user that is not root"};
	} else if (choice == CAPS_LIST) {
		plan.bounding = plan.keep = request->caps.list;
		plan.ambient = !is_root || !caps_root_is_special();
		plan.required = true;
		plan.reason = "what was asked for";
	} else {
		plan.bounding = target->status.cap_bounding;
		plan.keep = is_root ? plan.bounding : 0;
		plan.reason = "the target's bounding set";
	}
	return caps_cut(&plan, notice, err);
}

int identity_take(const struct identity *identity, const struct login *login, int self_fd,
	const struct notice *notice, struct error *err)
{
	uint32_t ids[2];
	int r;

	if (is_unchanged(identity)) {
		notice_step(notice, "identity rule 2, a program of the host: ours, unchanged");
		return 0;
	}
	if ((r = choose_final_ids(identity, login, self_fd, ids, err)) < 0 ||
		(r = caps_wake(err)) < 0 ||
		(r = take_groups(identity, login, self_fd, ids[1], notice, err)) < 0 ||
		(r = set_ids(identity->user_joined, ids[0], ids[1], err)) < 0 ||
		(r = caps_wake(err)) < 0)
		return r;
	say_ids(identity, notice);
	return take_caps(identity, notice, err);
}

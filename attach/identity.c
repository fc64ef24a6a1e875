// SPDX-License-Identifier: GPL-2.0-or-later
// Taking the identity of a program of the container.
#include "identity.h"

#include "cleanup.h"
#include "fd.h"

#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { ID_MAP_MAX = 64 << 10 };

// What setresuid(2) and setresgid(2) take for "unchanged".
static const uint32_t KEEP_ID = UINT32_MAX;

struct caps {
	uint64_t permitted, effective, inheritable;
};

void identity_init(const struct target *target, bool user_joined, bool ours, bool privileged,
	struct identity *ret)
{
	*ret = (struct identity){
		.target = target,
		.user_joined = user_joined,
		.ours = ours,
		.privileged = privileged,
		.own_uid = geteuid(),
		.own_gid = getegid(),
	};
}

static int caps_get(struct caps *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret = (struct caps){
		.permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
		.effective = (uint64_t)data[1].effective << 32 | data[0].effective,
		.inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
	};
	return 0;
}

static int caps_set(const struct caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i] = (struct __user_cap_data_struct){
			.permitted = (uint32_t)(caps->permitted >> (32 * i)),
			.effective = (uint32_t)(caps->effective >> (32 * i)),
			.inheritable = (uint32_t)(caps->inheritable >> (32 * i)),
		};
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

// What is below /proc/PID of a map, and which of the target's ids it belongs to.
struct id_kind {
	const char *word;
	const char *map;
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

static int read_map(int self_fd, const char *name, struct proc_idmap *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(self_fd, name, ID_MAP_MAX, &text, &len);

	if (r == 0)
		r = proc_idmap_parse(text, len, ret);
	return r < 0 ? fail_sys(err, -r, "read", "%s of the joined user namespace", name) : 0;
}

// The id that is the target's, where 0 is not mapped. Its status is read again, since procfs
// shows ids as the reader's user namespace has them.
static int choose_targets_id(const struct identity *identity, const struct id_kind *kind,
	const struct proc_idmap *map, uint32_t *ret, struct error *err)
{
	struct proc_status status;

	if (identity->target && kind->target_outside == kind->own &&
		map->count == 0) { // nobody has written the map: we are the target's id unmapped
		*ret = KEEP_ID;
		return 0;
	}
	if (!identity->target)
		return fail(err, ERROR_SYSTEM, EINVAL,
			"%s 0 is not mapped in the user namespace that was given", kind->word);
	int r = target_read_status(identity->target, identity->target->tid, &status);
	if (r < 0)
		return fail_sys(err, -r, "read", "status of process %d", identity->target->pid);
	*ret = kind->inside(&status);
	if (proc_idmap_has_inside(map, *ret))
		return 0;
	return fail(err, ERROR_SYSTEM, EINVAL,
		"neither %s 0 nor that of process %d is mapped in its user namespace", kind->word,
		identity->target->pid);
}

static int choose_id(const struct identity *identity, const struct id_kind *kind, int self_fd,
	uint32_t *ret, struct error *err)
{
	struct proc_idmap map;

	if (!identity->user_joined) {
		*ret = identity->own_uid == 0 ? 0 : kind->own;
		return 0;
	}
	int r = read_map(self_fd, kind->map, &map, err);
	if (r < 0)
		return r;
	if (!proc_idmap_has_inside(&map, 0))
		return choose_targets_id(identity, kind, &map, ret, err);
	*ret = 0;
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

void identity_drop_groups(const struct identity *identity)
{
	if (!identity->ours || identity->user_joined)
		setgroups(0, NULL);
}

static int check_groups(const struct identity *identity, int self_fd, const struct notice *notice,
	struct error *err)
{
	if (getgroups(0, NULL) == 0 || setgroups(0, NULL) == 0)
		return 0;
	int errnum = errno;
	if (errnum == EPERM && is_setgroups_denied(self_fd)) {
		notice_step(notice, "groups: kept, the user namespace denies setgroups");
		return 0;
	}
	if (errnum == EPERM && !identity->user_joined && identity->own_uid != 0) {
		notice_step(notice, "groups: kept, we are no root");
		return 0;
	}
	fail_sys(err, errnum, "setgroups", "the command's groups");
	return errnum == EPERM ? error_hint(err, "it needs CAP_SETGID, and no seccomp filter or "
						 "security module that forbids it")
			       : -errnum;
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

static int set_ids(uid_t uid, gid_t gid, struct error *err)
{
	uid_t uids[3];
	gid_t gids[3];

	if (setresgid(gid, gid, gid) < 0)
		return fail_set_id("setresgid", "gid", gid, err);
	if (setresuid(uid, uid, uid) < 0)
		return fail_set_id("setresuid", "uid", uid, err);
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return fail_sys(err, errno, "getresuid", "the command's ids");
	for (int i = 0; i < 3; i++)
		if ((uid != KEEP_ID && uids[i] != uid) || (gid != KEEP_ID && gids[i] != gid))
			return fail(err, ERROR_SYSTEM, EPERM, "the ids %d:%d did not take effect",
				(int)uid, (int)gid);
	return 0;
}

// Lowers the bounding set to KEEP. Fails with -EPERM without CAP_SETPCAP when something had to go.
static int lower_bounding(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		int is_set = prctl(PR_CAPBSET_READ, cap);
		if (is_set < 0)
			break; // past the last capability of this kernel
		if (is_set && !(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	}
	return 0;
}

static bool is_bounded(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		int is_set = prctl(PR_CAPBSET_READ, cap);
		if (is_set < 0)
			break;
		if (is_set && !(keep >> cap & 1))
			return false;
	}
	return true;
}

static int lower_caps(uint64_t bounding, struct error *err)
{
	struct caps caps = {0};
	uint64_t keep = geteuid() == 0 ? bounding : 0;
	int r = caps_get(&caps);

	if (r < 0)
		return fail_sys(err, -r, "capget", "nspeek");
	caps.permitted &= keep;
	caps.effective &= keep;
	caps.inheritable =
		0; // a file of the container with inheritable capabilities could raise ours
	// A kernel before 4.3 has no ambient set to clear.
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return fail_sys(err, errno, "prctl", "the ambient capabilities");
	r = caps_set(&caps);
	return r < 0 ? fail_sys(err, -r, "capset", "the command's capabilities") : 0;
}

// Cuts the capabilities to the target's bounding set and copies its no_new_privs.
static int confine(const struct identity *identity, const struct notice *notice, struct error *err)
{
	uint64_t bounding = identity->target->status.cap_bounding;
	bool no_new_privs = identity->target->status.no_new_privs;
	struct caps caps = {0};

	int r = lower_bounding(bounding);
	if (r < 0 && r != -EPERM)
		return fail_sys(err, -r, "prctl", "the bounding set");
	if (r < 0) {
		no_new_privs = true;
		notice_step(notice, "the bounding set cannot be lowered without CAP_SETPCAP: "
				    "no_new_privs is set instead");
	}
	if ((r = lower_caps(bounding, err)) < 0)
		return r;
	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_sys(err, errno, "prctl", "no_new_privs");

	if ((r = caps_get(&caps)) < 0)
		return fail_sys(err, -r, "capget", "nspeek");
	if (((caps.permitted | caps.effective | caps.inheritable) & ~bounding) != 0 ||
		(!is_bounded(bounding) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1))
		return fail(err, ERROR_SYSTEM, EPERM,
			"the command's capabilities could not be cut to the target's");
	notice_step(notice, "capabilities: cut to the target's bounding set %016llx%s",
		(unsigned long long)bounding, no_new_privs ? ", no_new_privs" : "");
	return 0;
}

// In a user namespace that was joined as another uid than 0, execve(2) drops all capabilities but
// the ambient ones.
static int keep_caps(
	const struct identity *identity, const struct notice *notice, struct error *err)
{
	struct caps caps = {0};
	int r = caps_get(&caps);

	if (r < 0)
		return fail_sys(err, -r, "capget", "nspeek");
	if (identity->user_joined && geteuid() != 0) {
		caps.inheritable = caps.permitted;
		if ((r = caps_set(&caps)) < 0)
			return fail_sys(err, -r, "capset", "the inheritable capabilities");
		for (unsigned long cap = 0; cap < 64; cap++)
			if (caps.permitted >> cap & 1 &&
				prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
				return fail_sys(err, errno, "prctl", "ambient capability %lu", cap);
	}
	notice_step(
		notice, "capabilities: ours are kept, %016llx", (unsigned long long)caps.permitted);
	return 0;
}

static void say_ids(const struct identity *identity, uint32_t uid, const struct notice *notice)
{
	const char *rule = uid == 0 && identity->user_joined ? "root of the joined user namespace"
			   : identity->user_joined           ? "the target's, since 0 is not mapped"
			   : uid == 0                        ? "root, as we are"
							     : "our own, since we are no root";

	notice_step(notice, "identity rule %s: uid %u gid %u (%s)",
		identity->ours ? "2, a program of the host" : "1, a program of the container",
		geteuid(), getegid(), rule);
}

int identity_take(const struct identity *identity, int self_fd, const struct notice *notice,
	struct error *err)
{
	const struct target *target = identity->target;
	struct id_kind uid_kind = {"uid", "uid_map", identity->own_uid,
		target ? target->status.uid[1] : KEEP_ID, status_uid};
	struct id_kind gid_kind = {"gid", "gid_map", identity->own_gid,
		target ? target->status.gid[1] : KEEP_ID, status_gid};
	uint32_t uid, gid;
	int r;

	if (identity->ours && !identity->user_joined) {
		notice_step(notice, "identity rule 2, a program of the host: ours, unchanged");
		return 0;
	}
	if ((r = choose_id(identity, &uid_kind, self_fd, &uid, err)) < 0 ||
		(r = choose_id(identity, &gid_kind, self_fd, &gid, err)) < 0 ||
		(r = check_groups(identity, self_fd, notice, err)) < 0 ||
		(r = set_ids(uid, gid, err)) < 0)
		return r;
	say_ids(identity, uid, notice);
	return identity->privileged || identity->ours || !target ? keep_caps(identity, notice, err)
								 : confine(identity, notice, err);
}

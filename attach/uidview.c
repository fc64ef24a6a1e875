// SPDX-License-Identifier: GPL-2.0-or-later
// Ids of users inside.
#include "uidview.h"

#include "cleanup.h"
#include "fd.h"
#include "idmap.h"
#include "number.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { ID_MAP_MAX = 64 << 10, OVERFLOW_DEFAULT = 65534 };

static uint32_t read_overflow(void)
{
	char text[32];
	ssize_t len =
		fd_read_small_at(AT_FDCWD, "/proc/sys/kernel/overflowuid", text, sizeof(text));
	uint32_t id;

	if (len > 0 && number_parse_id(text, strcspn(text, "\n"), &id) == 0)
		return id;
	return OVERFLOW_DEFAULT;
}

static int read_uids(const struct target *target, struct proc_idmap *ret)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(target->task_fd, idmap_uid.file, ID_MAP_MAX, &text, &len);

	return r < 0 ? r : proc_idmap_parse(text, len, ret);
}

int uidview_read(const struct target *target, struct uidview *ret, struct error *err)
{
	auto_fd int self_fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat own, its;
	int r;

	if (self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");
	*ret = (struct uidview){.overflow = read_overflow()};
	if ((r = idmap_read(self_fd, &idmap_uid, &ret->uids, err)) < 0)
		return r;
	ret->has_overflow = !idmap_is_full(&ret->uids);
	if (fstatat(self_fd, "ns/user", &own, 0) < 0) {
		ret->is_ours = errno == ENOENT; // a kernel without them
		return ret->is_ours ? 0 : fail_sys(err, errno, "stat", "our user namespace");
	}
	if (fstatat(target->task_fd, "ns/user", &its, 0) < 0)
		return fail_sys(
			err, errno, "stat", "the user namespace of process %d", target->pid);
	ret->is_ours = own.st_ino == its.st_ino && own.st_dev == its.st_dev;
	r = ret->is_ours ? 0 : read_uids(target, &ret->uids);
	return r < 0 ? fail_sys(err, -r, "read", "uid_map of process %d", target->pid) : 0;
}

bool uidview_is_known(const struct uidview *view, uint32_t uid)
{
	return !view->has_overflow || uid != view->overflow;
}

int uidview_inside(const struct uidview *view, uint32_t uid, uint32_t *ret)
{
	if (!uidview_is_known(view, uid))
		return -ENOENT;
	if (!view->is_ours)
		return proc_idmap_to_inside(&view->uids, uid, ret);
	*ret = uid;
	return 0;
}

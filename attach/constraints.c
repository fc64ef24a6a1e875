// SPDX-License-Identifier: GPL-2.0-or-later
// Reading what confines a process.
#include "constraints.h"

#include "cleanup.h"
#include "entry_check.h"
#include "fd.h"

#include <fcntl.h>
#include <string.h>

enum { STATUS_MAX = 2 << 20, MOUNTINFO_MAX = 16 << 20 };

static int read_status(int dir_fd, struct constraints *ret, struct error *err)
{
	auto_free char *text = NULL;
	struct proc_confined confined = {0};
	size_t len;
	int r = fd_read_file_at(dir_fd, "status", STATUS_MAX, &text, &len);

	if (r == 0)
		r = proc_status_parse(text, len, &ret->status);
	if (r == 0 && (r = proc_confined_parse(text, len, &confined)) == 0) {
		ret->has_seccomp = true;
		ret->seccomp = confined.seccomp;
		ret->filter_count = confined.filter_count;
		proc_confined_fini(&confined);
	}
	return r < 0 ? fail_sys(err, -r, "read", "the status of the process") : 0;
}

static void read_link(int dir_fd, const char *name, char ret[static PATH_MAX])
{
	ssize_t len = readlinkat(dir_fd, name, ret, PATH_MAX - 1);

	ret[len > 0 ? len : 0] = '\0';
}

static int read_masks(int dir_fd, struct constraints *ret)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(dir_fd, "mountinfo", MOUNTINFO_MAX, &text, &len);

	ret->has_masks = r == 0 && masks_parse(text, len, &ret->masks) == 0;
	return r == -ENOMEM ? r : 0;
}

static int read_all(int dir_fd, struct constraints *ret, struct error *err)
{
	struct error why = {0};
	int r = read_status(dir_fd, ret, err);

	if (r < 0)
		return r;
	read_link(dir_fd, "root", ret->root);
	if ((r = read_masks(dir_fd, ret)) < 0)
		return fail_sys(err, -r, "read", "the mounts of the process");
	ret->has_labels = lsm_read_at(dir_fd, &ret->labels) == 0;
	ret->has_cgroups = cgroup_limits_read(dir_fd, &ret->cgroups, &why) == 0;
	return 0;
}

int constraints_read(const struct target *target, struct constraints *ret, struct error *err)
{
	auto_constraints struct constraints constraints = {0};
	auto_fd int self_fd =
		target ? -EBADF : open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (!target && self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");
	r = read_all(target ? target->task_fd : self_fd, &constraints, err);
	if (r == 0 && target)
		r = target_verify(target, err);
	if (r < 0)
		return entry_blame_exit(target, r, err);
	*ret = constraints;
	constraints = (struct constraints){0};
	return 0;
}

void constraints_fini(struct constraints *constraints)
{
	lsm_labels_fini(&constraints->labels);
	cgroup_limits_fini(&constraints->cgroups);
	*constraints = (struct constraints){0};
}

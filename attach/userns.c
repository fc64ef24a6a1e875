// SPDX-License-Identifier: GPL-2.0-or-later
// Ownership of namespaces.
#include "userns.h"

#include "caps.h"
#include "cleanup.h"

#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int userns_self_init(struct userns_self *ret)
{
	struct userns_self self = {0};
	struct caps caps;

	if (stat("/proc/self/ns/user", &self.user_ns) < 0) {
		if (errno != ENOENT)
			return -errno;
		self.is_only = true;
	}
	int r = caps_get(&caps);
	if (r < 0)
		return r;
	self.sys_admin = caps.effective >> CAP_SYS_ADMIN & 1;
	*ret = self;
	return 0;
}

bool userns_may_administer(const struct userns_self *self, int user_fd)
{
	auto_fd int held = -EBADF; // the ancestor we stand on, when it is not USER_FD itself
	int fd = user_fd;

	for (;;) {
		struct stat st, parent_st;
		uid_t owner;
		if (fstat(fd, &st) < 0)
			return false;
		if (is_same(&st, &self->user_ns))
			return self->sys_admin;
		auto_fd int parent = ioctl(fd, NS_GET_PARENT);
		if (parent < 0 || fstat(parent, &parent_st) < 0)
			return false;
		if (is_same(&parent_st, &self->user_ns) &&
			ioctl(fd, NS_GET_OWNER_UID, &owner) == 0 && owner == geteuid())
			return true;
		close_fd(&held);
		fd = held = take_fd(&parent);
	}
}

bool userns_may_join(const struct userns_self *self, int ns_fd)
{
	if (self->is_only)
		return self->sys_admin;
	auto_fd int owner = ioctl(ns_fd, NS_GET_USERNS);

	return owner >= 0 && userns_may_administer(self, owner);
}

unsigned long long userns_owner_id(int ns_fd)
{
	auto_fd int owner = ioctl(ns_fd, NS_GET_USERNS);
	struct stat st;

	return owner >= 0 && fstat(owner, &st) == 0 ? st.st_ino : 0;
}

int userns_owner_depth(int ns_fd)
{
	auto_fd int fd = ioctl(ns_fd, NS_GET_USERNS);
	int depth = 0;

	while (fd >= 0) {
		int parent = ioctl(fd, NS_GET_PARENT);
		close_fd(&fd);
		fd = parent;
		if (fd >= 0)
			depth++;
	}
	return depth;
}

bool userns_is_owned_within(int ns_fd, const struct stat *user)
{
	auto_fd int fd = ioctl(ns_fd, NS_GET_USERNS);
	struct stat st;

	while (fd >= 0 && fstat(fd, &st) == 0) {
		if (is_same(&st, user))
			return true;
		int parent = ioctl(fd, NS_GET_PARENT);
		close_fd(&fd);
		fd = parent;
	}
	return false;
}

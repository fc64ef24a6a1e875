// SPDX-License-Identifier: GPL-2.0-or-later
// Who owns a namespace, and whether our credentials reach it: the kernel's cap_capable() by hand,
// for choosing an order and for explaining a refusal. It decides nothing by itself.
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

// Our own side of the question.
struct userns_self {
	struct stat user_ns; // our user namespace
	bool is_only;        // this kernel has no other
	bool sys_admin;      // CAP_SYS_ADMIN is effective in it
};

// Fills *RET for the calling process, which has a procfs. Fails with -errno of stat(2) or
// capget(2).
int userns_self_init(struct userns_self *ret);

// True when the calling process has CAP_SYS_ADMIN over the user namespace USER_FD: it is ours and
// the capability is effective, or it descends from ours and the capability is effective, or its
// ancestor whose parent is ours was made by our effective uid. Source: user_namespaces(7),
// ioctl_ns(2), security/commoncap.c.
bool userns_may_administer(const struct userns_self *self, int user_fd);

// As userns_may_administer(), for the user namespace that owns NS_FD, a namespace of another type.
bool userns_may_join(const struct userns_self *self, int ns_fd);

// The inode number of the user namespace that owns NS_FD, or 0 where it is out of our reach.
unsigned long long userns_owner_id(int ns_fd);

// How many user namespaces within our reach are above the one that owns NS_FD: 0 for ours, or for
// one that is out of reach.
int userns_owner_depth(int ns_fd);

// True when NS_FD is owned by the user namespace USER, or by one below it.
bool userns_is_owned_within(int ns_fd, const struct stat *user);

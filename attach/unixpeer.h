// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a unix socket, by sock_diag(7).
#pragma once

#include <stdint.h>

// The inode of the socket that the unix socket INODE, of the calling process's network namespace,
// is connected to, by a netlink socket NETLINK_FD of the family NETLINK_SOCK_DIAG; 0: it is not, or
// that cannot be told.
uint64_t unixpeer_of(int netlink_fd, uint64_t inode);

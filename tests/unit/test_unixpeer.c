// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"
#include "unixpeer.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t inode_of(int fd)
{
	struct stat st;

	check_int(fstat(fd, &st), 0);
	return st.st_ino;
}

Test(unixpeer, pairs)
{
	int pair[2], netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);

	check_true(netlink >= 0);
	check_int(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	check_u64(unixpeer_of(netlink, inode_of(pair[0])), inode_of(pair[1]));
	check_u64(unixpeer_of(netlink, inode_of(pair[1])), inode_of(pair[0]));
	close(pair[1]);
	check_u64(unixpeer_of(netlink, inode_of(pair[0])), 0);
	check_u64(unixpeer_of(netlink, UINT64_MAX), 0);
	check_u64(unixpeer_of(netlink, 1), 0);
	check_u64(unixpeer_of(-1, inode_of(pair[0])), 0);
	close(pair[0]);
	close(netlink);
}

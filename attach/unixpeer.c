// SPDX-License-Identifier: GPL-2.0-or-later
// One question to the kernel.
#include "unixpeer.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

// The peer in the attributes of a socket, LEN bytes, or 0.
static uint32_t peer_in(const char *bytes, size_t len)
{
	struct rtattr attribute;
	uint32_t peer = 0;

	while (len >= sizeof(attribute)) {
		memcpy(&attribute, bytes, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > len)
			break;
		if (attribute.rta_type == UNIX_DIAG_PEER &&
			attribute.rta_len >= sizeof(attribute) + sizeof(peer))
			memcpy(&peer, bytes + sizeof(attribute), sizeof(peer));
		size_t step = RTA_ALIGN((size_t)attribute.rta_len);
		if (step > len)
			break;
		bytes += step;
		len -= step;
	}
	return peer;
}

uint64_t unixpeer_of(int netlink_fd, uint64_t inode)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} question = {.head = {.nlmsg_len = sizeof(question),
			      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			      .nlmsg_flags = NLM_F_REQUEST},
		.body = {.sdiag_family = AF_UNIX,
			.udiag_ino = (uint32_t)inode,
			.udiag_show = UDIAG_SHOW_PEER,
			.udiag_cookie = {UINT32_MAX, UINT32_MAX}}};
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} answer;

	if (inode > UINT32_MAX ||
		send(netlink_fd, &question, sizeof(question), 0) != sizeof(question))
		return 0;
	ssize_t len = recv(netlink_fd, &answer, sizeof(answer), 0);
	if (len < 0 || !NLMSG_OK(&answer.head, (size_t)len) ||
		answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	const size_t body = NLMSG_LENGTH(sizeof(struct unix_diag_msg));
	const struct unix_diag_msg *msg = NLMSG_DATA(&answer.head);
	if (answer.head.nlmsg_len < body || msg->udiag_ino != (uint32_t)inode)
		return 0;
	return peer_in(answer.bytes + body, answer.head.nlmsg_len - body);
}

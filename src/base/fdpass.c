// SPDX-License-Identifier: GPL-2.0-or-later
// Fds beside packets.
#include "fdpass.h"

#include "cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

// Room for the control message of one fd.
union fd_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int fdpass_send(int socket, struct iovec pieces[2], int fd)
{
	union fd_control control = {0};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

// The one fd that came along into *RET_FD. Returns false when there were more; they are closed.
static bool take_passed_fd(struct msghdr *message, int *ret_fd)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fds[2]; // the control buffer's padding has room for a second one

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return true;
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(header), (count < 2 ? count : 2) * sizeof(int));
	if (count == 1) {
		*ret_fd = fds[0];
		return true;
	}
	for (size_t i = 0; i < count && i < 2; i++)
		close_fd(&fds[i]);
	return false;
}

ssize_t fdpass_receive(int socket, void *bytes, size_t size, int *ret_fd)
{
	struct iovec iov = {bytes, size};
	union fd_control control = {0};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	*ret_fd = -EBADF;
	while ((n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return -errno;
	if (take_passed_fd(&message, ret_fd) && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return n;
	close_fd(ret_fd);
	return -EPROTO;
}

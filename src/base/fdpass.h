// SPDX-License-Identifier: GPL-2.0-or-later
// Packets with an fd beside them, over a sequenced-packet socket. unix(7), SCM_RIGHTS.
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

// Sends the two PIECES as one packet on SOCKET, with FD beside it unless FD is negative; no signal
// comes when the other end is closed. Returns 0 or -errno of sendmsg(2).
int fdpass_send(int socket, struct iovec pieces[2], int fd);

// Receives a packet of at most SIZE bytes from SOCKET into BYTES, and the O_CLOEXEC fd beside it
// into *RET_FD (-EBADF: none; the caller's). Returns its length, 0 when the other end is closed,
// -errno of recvmsg(2), or -EPROTO when the packet was longer or had more than one fd; no fd is
// left then.
ssize_t fdpass_receive(int socket, void *bytes, size_t size, int *ret_fd);

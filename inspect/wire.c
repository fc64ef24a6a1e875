// SPDX-License-Identifier: GPL-2.0-or-later
// Encoding and checking of records.
#include "wire.h"

#include "cleanup.h"
#include "clock.h"
#include "fdpass.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>

static_assert(offsetof(struct wire_record, len) == 0, "a record begins with its length");
static_assert(sizeof(struct wire_record) <= WIRE_PACKET_MAX, "a packet has room for any record");

static bool has_text(uint32_t type)
{
	return type == WIRE_MODULE || type == WIRE_SYMBOL || type == WIRE_THREAD ||
	       type == WIRE_VERIFY || type == WIRE_REQUEST || type == WIRE_GOROUTINES ||
	       type == WIRE_GOROUTINE;
}

// The bytes of RECORD that are sent.
static size_t record_len(const struct wire_record *record)
{
	size_t len = offsetof(struct wire_record, text);

	if (has_text(record->type))
		len += strnlen(record->text, WIRE_TEXT_MAX - 1) + 1;
	else if (record->type == WIRE_FRAMES)
		len += record->count * sizeof(record->frames[0]);
	else if (record->type == WIRE_SAME)
		len += record->count * sizeof(record->threads[0]);
	else if (record->type == WIRE_READ)
		len += record->count * sizeof(record->ranges[0]);
	else if (record->type == WIRE_PARTS)
		len += record->count * sizeof(record->parts[0]);
	else if (record->type == WIRE_POSITIONS)
		len += record->count * sizeof(record->positions[0]);
	else if (record->type == WIRE_OTHERS)
		len += record->count * sizeof(record->ids[0]);
	else if (record->type == WIRE_REGISTERS)
		len += sizeof(record->registers);
	else if (record->type == WIRE_BYTES)
		len += record->count;
	return len;
}

int wire_flush(struct wire_out *out)
{
	struct iovec packet[2] = {{out->bytes, out->len}};

	out->len = 0;
	return packet[0].iov_len > 0 ? fdpass_send(out->socket, packet, -EBADF) : 0;
}

int wire_put(struct wire_out *out, const struct wire_record *record)
{
	uint32_t len = (uint32_t)record_len(record);
	int r = len > sizeof(out->bytes) - out->len ? wire_flush(out) : 0;

	if (r < 0)
		return r;
	memcpy(out->bytes + out->len, record, len);
	memcpy(out->bytes + out->len, &len, sizeof(len));
	out->len += len;
	return 0;
}

int wire_send(int socket, const struct wire_record *record, int fd)
{
	uint32_t len = (uint32_t)record_len(record);
	struct iovec pieces[2] = {{&len, sizeof(len)},
		{(unsigned char *)(uintptr_t)record + sizeof(len), len - sizeof(len)}};

	return fdpass_send(socket, pieces, fd);
}

// True when LEN bytes of RECORD are a whole record of its type.
static bool is_well_formed(const struct wire_record *record, size_t len)
{
	size_t head = offsetof(struct wire_record, text);

	if (len < head || record->type < WIRE_MODULE || record->type > WIRE_ROOM ||
		record->build_id.len > BUILDID_MAX)
		return false;
	if (has_text(record->type))
		return len > head && len - head <= WIRE_TEXT_MAX &&
		       memchr(record->text, '\0', len - head) == record->text + (len - head - 1);
	if (record->type == WIRE_FRAMES)
		return record->count <= WIRE_FRAMES_MAX &&
		       len - head == record->count * sizeof(record->frames[0]);
	if (record->type == WIRE_SAME)
		return record->count <= WIRE_THREADS_MAX &&
		       len - head == record->count * sizeof(record->threads[0]);
	if (record->type == WIRE_READ)
		return record->count <= MEMORY_RANGES_MAX &&
		       len - head == record->count * sizeof(record->ranges[0]);
	if (record->type == WIRE_PARTS)
		return record->count <= FILE_PARTS_MAX &&
		       len - head == record->count * sizeof(record->parts[0]);
	if (record->type == WIRE_POSITIONS)
		return record->count <= WIRE_POSITIONS_MAX &&
		       len - head == record->count * sizeof(record->positions[0]);
	if (record->type == WIRE_OTHERS)
		return record->count <= WIRE_OTHERS_MAX &&
		       len - head == record->count * sizeof(record->ids[0]);
	if (record->type == WIRE_REGISTERS)
		return len - head == sizeof(record->registers);
	if (record->type == WIRE_BYTES)
		return record->count <= WIRE_BYTES_MAX && len - head == record->count;
	return len == head;
}

void wire_spin(const struct wire_in *in, uint32_t us)
{
	const uint64_t end_us = clock_now_us() + us;
	struct msghdr message = {0};

	while (recvmsg(in->socket, &message, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN &&
		clock_now_us() < end_us)
		;
}

// Receives the next packet of IN. As wire_receive().
static int next_packet(struct wire_in *in)
{
	ssize_t n;

	in->len = in->at = 0;
	// ECONNRESET is said once, of a sender that ended without reading all that it was sent:
	// what it has sent itself still is to be had.
	do
		n = fdpass_receive(in->socket, in->bytes, sizeof(in->bytes), &in->fd);
	while (n == -ECONNRESET);
	if (n <= 0) {
		close_fd(&in->fd);
		return (int)n;
	}
	in->len = (size_t)n;
	return 1;
}

int wire_receive(struct wire_in *in, struct wire_record *ret, int *ret_fd)
{
	int r = wire_has_more(in) ? 1 : next_packet(in);
	uint32_t len;

	*ret_fd = -EBADF;
	if (r <= 0)
		return r;
	size_t left = in->len - in->at;
	if (left >= sizeof(len)) {
		memcpy(&len, in->bytes + in->at, sizeof(len));
		if (len <= left && len <= sizeof(*ret)) {
			memcpy(ret, in->bytes + in->at, len);
			in->at += len;
			*ret_fd = in->fd;
			in->fd = -EBADF;
			if (is_well_formed(ret, len))
				return 1;
		}
	}
	// What would follow is not looked at.
	in->at = in->len;
	close_fd(&in->fd);
	close_fd(ret_fd);
	return -EPROTO;
}

// Room for the control message of a packet of files.
union files_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(WIRE_FILES_MAX * sizeof(int))];
};

static int send_files(int socket, const int *fds, size_t count)
{
	char byte = 0;
	struct iovec iov = {&byte, 1};
	union files_control control = {0};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int wire_send_files(int socket, const int *fds, size_t count)
{
	int r = 0;

	for (size_t done = 0; r == 0 && done < count; done += WIRE_FILES_MAX)
		r = send_files(socket, fds + done,
			count - done < WIRE_FILES_MAX ? count - done : WIRE_FILES_MAX);
	return r;
}

// Receives one packet of at most MAX fds into FDS, and their number into *RET_COUNT, also when it
// fails. As wire_receive_files().
static int receive_packet(int socket, int *fds, size_t max, size_t *ret_count)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union files_control control = {0};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	int passed[WIRE_FILES_MAX + 1]; // the control buffer's padding has room for one more
	size_t count = 0;
	ssize_t n;

	*ret_count = 0;
	while ((n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return -errno;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(passed, CMSG_DATA(header), count * sizeof(int));
	}
	bool too_many = count > max;
	for (; count > max; count--)
		close_fd(&passed[count - 1]);
	memcpy(fds, passed, count * sizeof(int));
	*ret_count = count;
	if (n == 0)
		return 0;
	return count > 0 && !too_many && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ? 1
											 : -EPROTO;
}

int wire_receive_files(int socket, int *fds, size_t count)
{
	size_t done = 0, got;
	int r = 1;

	while (r > 0 && done < count) {
		r = receive_packet(socket, fds + done, count - done, &got);
		done += got;
	}
	for (size_t i = 0; r <= 0 && i < done; i++)
		close_fd(&fds[i]);
	return r;
}

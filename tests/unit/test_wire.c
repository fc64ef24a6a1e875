// SPDX-License-Identifier: GPL-2.0-or-later
// The worker's records: what is sent arrives, and nothing else is taken.
#include "unit.h"
#include "wire.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = offsetof(struct wire_record, text) };

static struct wire_record sent, got;
static struct wire_out out;
static struct wire_in in;
static int ends[2], passed = -1;

static void open_socket(void)
{
	cr_assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	memset(&sent, 0, sizeof(sent));
	memset(&got, 0x5a, sizeof(got));
	wire_out_init(&out, ends[0]);
	wire_in_init(&in, ends[1]);
}

static void pass(void)
{
	check_int(wire_send(ends[0], &sent, -1), 0);
	check_int(wire_receive(&in, &got, &passed), 1);
	check_int(passed, -EBADF);
	sent.len = got.len;
	check_int(memcmp(&got, &sent, HEAD), 0);
}

Test(wire, texts_of_every_type, .init = open_socket)
{
	static const uint32_t types[] = {WIRE_MODULE, WIRE_SYMBOL, WIRE_THREAD, WIRE_VERIFY,
		WIRE_REQUEST, WIRE_GOROUTINES, WIRE_GOROUTINE};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		sent.type = types[i];
		sent.index = 7;
		sent.status = 2;
		sent.value = UINT64_MAX;
		sent.build_id.len = BUILDID_MAX;
		memset(sent.build_id.bytes, 0xab, BUILDID_MAX);
		strcpy(sent.text, "some text \xff");
		pass();
		check_str(got.text, sent.text);
		sent.text[0] = '\0';
		pass();
		check_str(got.text, "");
	}
}

Test(wire, the_longest_text, .init = open_socket)
{
	sent.type = WIRE_SYMBOL;
	memset(sent.text, 's', WIRE_TEXT_MAX - 1);
	pass();
	check_u64(strlen(got.text), WIRE_TEXT_MAX - 1);
	// One without an end is ended, or not sent; it never takes what stands behind.
	memset(sent.text, 's', sizeof(sent.text));
	if (wire_send(ends[0], &sent, -1) == 0) {
		int r = wire_receive(&in, &got, &passed);
		check_true(r == -EPROTO || (r == 1 && strlen(got.text) < WIRE_TEXT_MAX));
	}
}

Test(wire, frames, .init = open_socket)
{
	sent.type = WIRE_FRAMES;
	for (uint32_t count = 0; count <= WIRE_FRAMES_MAX; count++) {
		sent.count = count;
		if (count > 0)
			sent.frames[count - 1] = (struct wire_frame){.pc = count, .symbol = -1};
		pass();
		check_int(memcmp(got.frames, sent.frames, count * sizeof(sent.frames[0])), 0);
	}
}

Test(wire, threads, .init = open_socket)
{
	sent.type = WIRE_SAME;
	for (uint32_t count = 0; count <= WIRE_THREADS_MAX; count += 128) {
		sent.count = count;
		if (count > 0)
			sent.threads[count - 1] = count;
		pass();
		check_int(memcmp(got.threads, sent.threads, count * sizeof(sent.threads[0])), 0);
	}
}

Test(wire, goroutines, .init = open_socket)
{
	sent.type = WIRE_OTHERS;
	for (uint32_t count = 0; count <= WIRE_OTHERS_MAX; count += 128) {
		sent.count = count;
		if (count > 0)
			sent.ids[count - 1] = UINT64_MAX - count;
		pass();
		check_int(memcmp(got.ids, sent.ids, count * sizeof(sent.ids[0])), 0);
	}
	sent.type = WIRE_REGISTERS;
	sent.status = 1;
	sent.registers = (struct wire_registers){UINT64_MAX, 2, 3};
	pass();
	check_int(memcmp(&got.registers, &sent.registers, sizeof(sent.registers)), 0);
	sent.type = WIRE_BYTES;
	for (uint32_t count = 0; count <= WIRE_BYTES_MAX; count += 1024) {
		sent.count = count;
		if (count > 0)
			sent.bytes[count - 1] = (unsigned char)(count / 1024);
		pass();
		check_int(memcmp(got.bytes, sent.bytes, count), 0);
	}
}

Test(wire, without_a_body, .init = open_socket)
{
	sent.type = WIRE_DONE;
	pass();
	sent.type = WIRE_FILE;
	pass();
}

Test(wire, passes_an_fd, .init = open_socket)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	sent.type = WIRE_FILE;
	check_int(wire_send(ends[0], &sent, null), 0);
	check_int(wire_receive(&in, &got, &passed), 1);
	check_true(passed >= 0 && passed != null);
	check_true(fcntl(passed, F_GETFD) & FD_CLOEXEC);
	close(passed);
	close(null);
}

Test(wire, end, .init = open_socket)
{
	close(ends[0]);
	check_int(wire_receive(&in, &got, &passed), 0);
	check_int(passed, -EBADF);
	check_int(wire_send(ends[1], &sent, -1), -EPIPE);
}

// Whoever ends without reading what was sent to it has sent what it has sent.
Test(wire, end_without_reading, .init = open_socket)
{
	sent.type = WIRE_DONE;
	check_int(wire_send(ends[1], &sent, -1), 0);
	check_int(wire_send(ends[0], &sent, -1), 0);
	close(ends[0]);
	check_int(wire_receive(&in, &got, &passed), 1);
	check_int(got.type, WIRE_DONE);
	check_int(wire_receive(&in, &got, &passed), 0);
}

// Sends LEN bytes of `sent` as they are; they must be refused, whatever they say.
static void check_refused(size_t len)
{
	sent.len = (uint32_t)len;
	check_int(send(ends[0], &sent, len, MSG_NOSIGNAL), len);
	int r = wire_receive(&in, &got, &passed);
	cr_assert(r == -EPROTO, "%zu bytes of type %u, count %u give %d", len, sent.type,
		sent.count, r);
	check_int(passed, -EBADF);
}

Test(wire, every_wrong_length, .init = open_socket)
{
	for (uint32_t type = WIRE_MODULE; type <= WIRE_ROOM; type++) {
		sent.type = type;
		for (size_t len = 1; len < HEAD; len++)
			check_refused(len);
	}
	sent.type = WIRE_DONE;
	check_refused(HEAD + 1);
	sent.type = WIRE_FILE;
	check_refused(sizeof(sent));
	sent.type = WIRE_SYMBOL;
	strcpy(sent.text, "abc");
	check_refused(HEAD);
	check_refused(HEAD + 3); // without its NUL
	check_refused(HEAD + 5); // with something behind it
	memset(sent.text, 'x', sizeof(sent.text));
	check_refused(HEAD + WIRE_TEXT_MAX);
	memset(sent.frames, 'x', sizeof(sent.frames));
	check_refused(HEAD + WIRE_TEXT_MAX + 1);
}

Test(wire, wrong_types, .init = open_socket)
{
	static const uint32_t types[] = {0, WIRE_ROOM + 1, 1000, INT32_MAX, UINT32_MAX};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		sent.type = types[i];
		check_refused(HEAD);
		check_refused(HEAD + 1);
	}
}

Test(wire, wrong_counts, .init = open_socket)
{
	static const uint32_t counts[] = {2, WIRE_FRAMES_MAX, WIRE_FRAMES_MAX + 1, 0x04000001,
		0x10000001, 0x20000001, 0x40000001, 0x80000001, UINT32_MAX};

	sent.type = WIRE_FRAMES;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		sent.count = counts[i];
		check_refused(HEAD);
		check_refused(HEAD + sizeof(sent.frames[0]));
		check_refused(HEAD + sizeof(sent.frames[0]) + 1);
	}
	sent.count = 1;
	check_refused(HEAD + sizeof(sent.frames[0]) - 1);
	sent.count = 0;
	check_refused(HEAD + 1);

	sent.type = WIRE_SAME;
	check_refused(HEAD + 4);
	sent.count = WIRE_THREADS_MAX + 1;
	sent.count = 0x40000001;
	check_refused(HEAD + 4);
	sent.count = 2;
	check_refused(HEAD + 4);
	check_refused(HEAD + 7);
	check_refused(HEAD + 12);
}

// More records than one packet can have, of every length: they come in their order, in few packets.
Test(wire, many_in_a_packet, .init = open_socket)
{
	enum { COUNT = 40 };

	for (uint32_t i = 0; i < COUNT; i++) {
		sent.type = i % 3 == 2 ? WIRE_FRAMES : WIRE_SYMBOL;
		sent.index = i;
		sent.count = i % 3 == 2 ? i * 10 : 0;
		memset(sent.text, i % 3 == 2 ? 0 : 'n', sizeof(sent.text));
		sent.text[i * 30] = '\0';
		check_int(wire_put(&out, &sent), 0);
		check_true(out.len <= sizeof(out.bytes));
	}
	check_int(wire_flush(&out), 0);
	check_int(wire_flush(&out), 0); // there is nothing left
	size_t packets = 0;
	for (uint32_t i = 0; i < COUNT; i++) {
		packets += !wire_has_more(&in);
		check_int(wire_receive(&in, &got, &passed), 1);
		check_u64(got.index, i);
		check_u64(got.type, i % 3 == 2 ? WIRE_FRAMES : WIRE_SYMBOL);
		if (got.type == WIRE_SYMBOL)
			check_u64(strlen(got.text), i * 30);
		else
			check_u64(got.len, HEAD + got.count * sizeof(got.frames[0]));
	}
	check_true(!wire_has_more(&in));
	check_true(packets > 1 && packets < 8);
}

// An fd belongs to the first record of its packet.
Test(wire, fd_beside_a_packet, .init = open_socket)
{
	sent.type = WIRE_FILE;
	check_int(wire_put(&out, &sent), 0);
	check_int(wire_send(ends[0], &sent, ends[0]), 0);
	check_int(wire_flush(&out), 0);
	check_int(wire_receive(&in, &got, &passed), 1);
	check_true(passed >= 0);
	close(passed);
	check_int(wire_receive(&in, &got, &passed), 1);
	check_int(passed, -EBADF);
}

// The length that a record says is not the one that came: also of the second in a packet.
Test(wire, lengths_that_lie, .init = open_socket)
{
	static const uint32_t lies[] = {0, 1, 3, HEAD - 1, HEAD + 1, 2 * HEAD - 1, 2 * HEAD + 1,
		sizeof(sent), sizeof(sent) + 1, INT32_MAX, UINT32_MAX};
	unsigned char bytes[2 * HEAD];

	sent.type = WIRE_DONE;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		for (int at = 0; at < 2; at++) {
			sent.len = HEAD;
			memcpy(bytes, &sent, HEAD);
			memcpy(bytes + HEAD, &sent, HEAD);
			memcpy(bytes + at * HEAD, &lies[i], sizeof(lies[i]));
			check_int(send(ends[0], bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
			if (at == 1)
				check_int(wire_receive(&in, &got, &passed), 1);
			check_int(wire_receive(&in, &got, &passed), -EPROTO);
			check_true(!wire_has_more(&in));
		}
}

Test(wire, ranges, .init = open_socket)
{
	sent.type = WIRE_READ;
	sent.count = MEMORY_RANGES_MAX;
	for (size_t i = 0; i < MEMORY_RANGES_MAX; i++)
		sent.ranges[i] = (struct memory_range){i, UINT64_MAX - i};
	pass();
	check_int(memcmp(got.ranges, sent.ranges, sizeof(sent.ranges)), 0);
	sent.count = 0;
	pass();
	sent.count = MEMORY_RANGES_MAX + 1;
	check_refused(sizeof(sent));
	sent.count = 2;
	check_refused(HEAD + 16);
	check_refused(HEAD + 33);
}

Test(wire, wrong_build_id, .init = open_socket)
{
	sent.type = WIRE_REQUEST;
	sent.build_id.len = BUILDID_MAX + 1;
	check_refused(HEAD + 1);
	sent.build_id.len = SIZE_MAX;
	check_refused(HEAD + 1);
}

// A packet longer than any is cut by the kernel, and refused.
Test(wire, too_long, .init = open_socket)
{
	static char bytes[WIRE_PACKET_MAX + 100];

	sent.type = WIRE_DONE;
	sent.len = HEAD;
	memcpy(bytes, &sent, HEAD);
	check_int(send(ends[0], bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	check_int(wire_receive(&in, &got, &passed), -EPROTO);
}

static int count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 1000; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

// An fd beside a refused record, or more fds than one, stay open nowhere.
Test(wire, leaks_no_fd, .init = open_socket)
{
	struct iovec iov = {&sent, 3};
	int fds[2] = {ends[0], ends[1]}, before = count_fds();
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = {0};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};

	for (size_t count = 1; count <= 2; count++) {
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, count * sizeof(int));
		check_true(sendmsg(ends[0], &message, MSG_NOSIGNAL) >= 0);
		check_int(wire_receive(&in, &got, &passed), -EPROTO);
		check_int(passed, -EBADF);
		check_int(count_fds(), before);
	}
}

Test(wire, parts, .init = open_socket)
{
	sent.type = WIRE_PARTS;
	for (uint32_t count = 0; count <= FILE_PARTS_MAX; count++) {
		sent.count = count;
		if (count > 0)
			sent.parts[count - 1] = (struct file_part){count, UINT64_MAX};
		pass();
		check_int(memcmp(got.parts, sent.parts, count * sizeof(sent.parts[0])), 0);
	}
	static const uint32_t counts[] = {0, 2, FILE_PARTS_MAX + 1, 0x10000001, UINT32_MAX};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		sent.count = counts[i];
		check_refused(HEAD + sizeof(sent.parts[0]));
	}
	sent.count = FILE_PARTS_MAX + 1;
	check_refused(HEAD + sizeof(sent.parts));
}

Test(wire, positions, .init = open_socket)
{
	sent.type = WIRE_POSITIONS;
	for (uint32_t count = 0; count <= WIRE_POSITIONS_MAX; count++) {
		sent.count = count;
		if (count > 0)
			sent.positions[count - 1] =
				(struct wire_position){(int32_t)count, -1, count};
		pass();
		check_int(memcmp(got.positions, sent.positions, count * sizeof(sent.positions[0])),
			0);
	}
	static const uint32_t counts[] = {0, 2, WIRE_POSITIONS_MAX + 1, 0x15555556, UINT32_MAX};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		sent.count = counts[i];
		check_refused(HEAD + sizeof(sent.positions[0]));
	}
	sent.count = WIRE_POSITIONS_MAX + 1;
	check_refused(HEAD + sizeof(sent.positions) + sizeof(sent.positions[0]));
}

Test(wire, files, .init = open_socket)
{
	enum { COUNT = 3 * WIRE_FILES_MAX };
	static int fds[COUNT], others[COUNT];
	struct stat a, b;
	int before = count_fds();

	fds[0] = memfd_create("first", MFD_CLOEXEC);
	for (int i = 1; i < COUNT; i++)
		fds[i] = i == COUNT - 1 ? memfd_create("last", MFD_CLOEXEC) : dup(fds[0]);
	static const size_t counts[] = {0, 1, 2, WIRE_FILES_MAX, WIRE_FILES_MAX + 1, COUNT};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t count = counts[i];
		check_int(wire_send_files(ends[0], fds, count), 0);
		check_int(wire_receive_files(ends[1], others, count), 1);
		for (size_t j = 0; j < count; j++) {
			check_true(fcntl(others[j], F_GETFD) & FD_CLOEXEC);
			check_true(fstat(fds[j], &a) == 0 && fstat(others[j], &b) == 0);
			check_u64(a.st_ino, b.st_ino);
			close(others[j]);
		}
	}
	// More than were to come, a record, and the end: nothing is left open.
	check_int(wire_send_files(ends[0], fds, 3), 0);
	check_int(wire_receive_files(ends[1], others, 1), -EPROTO);
	check_int(wire_send_files(ends[0], fds, 2), 0);
	sent.type = WIRE_DONE;
	check_int(wire_send(ends[0], &sent, -1), 0);
	check_int(wire_receive_files(ends[1], others, 3), -EPROTO);
	check_int(wire_send_files(ends[0], fds, 2), 0);
	close(ends[0]);
	check_int(wire_receive_files(ends[1], others, 3), 0);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	check_int(count_fds(), before - 1); // ends[0]
}

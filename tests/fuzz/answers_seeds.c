// SPDX-License-Identifier: GPL-2.0-or-later
// answers_seeds FOLDER: makes the corpus of fuzz_answers there: what a worker says when all is
// well, in today's form of it. Fails when it is refused.
#include "answers_seeds.h"

#include "cleanup.h"
#include "wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, SEED_SIZE = 1 << 16 };

// clang-format off
#define FIRST_FRAME {.pc = 0x401010, .vaddr = 0x1010}
#define LAST_FRAME \
	{.pc = 0x7f0000002020, .vaddr = 0x2020, .module = 1, .symbol = -1, .location = 1, .signal = 1, .via = 1}
#define MADE_FRAME \
	{.pc = 0x7e0000000010, .vaddr = 0x7e0000000010, .module = -1, .symbol = 1, .location = 2}
// clang-format on

// All types of records, with what it takes for them to be taken.
static const struct wire_record whole[] = {
	{.type = WIRE_MODULE, .index = 1, .text = "note"},
	{.type = WIRE_SYMBOL, .value = 0x1000, .text = "f"},
	{.type = WIRE_SYMBOL, .value = 0x7e0000000000, .text = "made"},
	{.type = WIRE_FRAMES, .index = 0, .count = 2, .frames = {FIRST_FRAME, LAST_FRAME}},
	{.type = WIRE_THREAD, .index = 0, .status = STACK_COMPLETE},
	{.type = WIRE_SAME, .index = 0, .count = 1, .threads = {2}},
	{.type = WIRE_GOROUTINES, .status = 1, .value = 2},
	{.type = WIRE_OTHERS, .count = 2, .kind = 1, .ids = {9, 10}},
	{.type = WIRE_GOROUTINE, .value = 7, .status = GOROUTINE_WAITING, .text = "select"},
	{.type = WIRE_SINCE, .value = 77},
	{.type = WIRE_OTHERS, .count = 1, .ids = {11}},
	{.type = WIRE_FRAMES, .index = 3, .count = 1, .frames = {MADE_FRAME}},
	{.type = WIRE_THREAD, .index = 3, .status = STACK_PARTIAL, .text = "why"},
	{.type = WIRE_REGISTERS, .index = 3, .status = 1, .registers = {0xc000001000, 0x401010, 0}},
	{.type = WIRE_BYTES, .index = 3, .count = 16, .bytes = "0123456789abcde"},
	{.type = WIRE_VERIFY, .index = 0, .status = STACK_VERIFY_SAME, .count = 2},
	{.type = WIRE_VERIFY, .index = 2, .status = STACK_VERIFY_DIFFERS, .count = 1},
	{.type = WIRE_SYMBOL, .text = "inlined"},
	{.type = WIRE_SYMBOL, .text = "/src/f.c"},
	{.type = WIRE_POSITIONS, .index = 0, .count = 2, .positions = {{2, 3, 10}, {-1, 3, 20}}},
	{.type = WIRE_MODULE, .index = 1},
};

static const struct wire_record partly[] = {
	{.type = WIRE_SANDBOX, .status = SANDBOX_FILTER + 1},
	{.type = WIRE_FRAMES, .index = 2, .count = 1, .frames = {LAST_FRAME}},
	{.type = WIRE_THREAD, .index = 2, .status = STACK_PARTIAL, .text = "why"},
	{.type = WIRE_VERIFY, .index = 2, .status = STACK_VERIFY_PARTLY, .text = "gave up"},
	{.type = WIRE_GOROUTINES, .text = "they are of another version"},
};

// Encodes the COUNT RECORDS as packets, each behind its length, into SEED. Returns the length.
static size_t encode(const struct wire_record *records, size_t count, uint8_t seed[SEED_SIZE])
{
	static struct wire_out out;
	int sockets[2];
	size_t at = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) < 0)
		return 0;
	auto_fd int from = sockets[0];
	auto_fd int to = sockets[1];
	wire_out_init(&out, to);
	for (size_t i = 0; i < count; i++)
		if (wire_put(&out, &records[i]) < 0 || (i % 4 == 0 && wire_flush(&out) < 0))
			return 0;
	if (wire_flush(&out) < 0)
		return 0;
	for (;;) {
		uint16_t size;
		ssize_t len = at + sizeof(size) + WIRE_PACKET_MAX <= SEED_SIZE
				      ? recv(from, seed + at + sizeof(size), WIRE_PACKET_MAX,
						MSG_DONTWAIT)
				      : -1;
		if (len <= 0)
			return at;
		size = (uint16_t)len;
		memcpy(seed + at, &size, sizeof(size));
		at += sizeof(size) + size;
	}
}

// Writes the COUNT RECORDS as the file NAME of FOLDER.
static bool make(
	const char *folder, const char *name, const struct wire_record *records, size_t count)
{
	static uint8_t seed[SEED_SIZE];
	char path[PATH_SIZE];
	size_t len = encode(records, count, seed);

	if (len == 0 || !answers_accept(seed, len)) {
		fprintf(stderr, "%s is refused\n", name);
		return false;
	}
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	bool written = file && fwrite(seed, 1, len, file) == len;
	return (!file || fclose(file) == 0) && written;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	mkdir(argv[1], 0755);
	return !make(argv[1], "whole", whole, sizeof(whole) / sizeof(whole[0])) ||
	       !make(argv[1], "partly", partly, sizeof(partly) / sizeof(partly[0]));
}

// SPDX-License-Identifier: GPL-2.0-or-later
// .debug_frame alone, compressed or not, hostile ones included.
#include "debugframe.h"

#include "cleanup.h"
#include "debug_frame.h"
#include "section_image.h"

#include <zlib.h>
#include <zstd.h>

enum { START = 0x1000, SIZE = 64 };

// Opens a file whose section NAME with FLAGS is the LEN bytes of DATA. Returns the CFA's offset at
// START + 1; -1: nothing is known.
static int look(const char *name, Elf64_Xword flags, const void *data, size_t len)
{
	const struct section_row rows[] = {
		{.name = name, .data = data, .len = len, .flags = flags}};
	struct section_image image = section_image_with(rows, 1, 0);
	struct debugframe frame;
	Dwarf_Frame *found = NULL;
	Dwarf_Op *ops;
	size_t count;
	int offset = -1;

	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)image.bytes, image.len);
	debugframe_open(&frame, elf);
	if (frame.cfi && dwarf_cfi_addrframe(frame.cfi, START + 1, &found) == 0 &&
		dwarf_frame_cfa(found, &ops, &count) == 0 && count == 1)
		offset = (int)ops[0].number2;
	free(found);
	debugframe_fini(&frame);
	elf_end(elf);
	free(image.bytes);
	return offset;
}

Test(debugframe, plain)
{
	struct debug_frame frame = debug_frame_of(START, SIZE, 24);

	check_int(look(".debug_frame", 0, &frame, sizeof(frame)), 24);
	check_int(look(".debug_other", 0, &frame, sizeof(frame)), -1);
	check_int(look(".debug_frame", 0, NULL, 0), -1);
	check_no_leak();
}

// The first FDE is of a function that the linker has left out: it does not cover what is there.
Test(debugframe, a_function_that_was_left_out)
{
	struct debug_frame live = debug_frame_of(START, SIZE, 24),
			   dead = debug_frame_of(0, START + SIZE, 99);
	unsigned char bytes[sizeof(dead) + sizeof(live.fde)];

	memcpy(bytes, &dead, sizeof(dead));
	memcpy(bytes + sizeof(dead), &live.fde, sizeof(live.fde));
	check_int(look(".debug_frame", 0, bytes, sizeof(bytes)), 24);
	check_int(look(".debug_frame", 0, &dead, sizeof(dead)), -1);
}

struct compressed {
	Elf64_Chdr header;
	unsigned char bytes[256];
	size_t len; // of all
};

static struct compressed compress_frame(void)
{
	struct debug_frame frame = debug_frame_of(START, SIZE, 24);
	struct compressed to = {.header = {ELFCOMPRESS_ZLIB, 0, sizeof(frame), 8}, .len = 256};

	check_int(compress(to.bytes, &to.len, (const Bytef *)&frame, sizeof(frame)), Z_OK);
	to.len += sizeof(to.header);
	return to;
}

Test(debugframe, compressed_by_zstd)
{
	enum { TYPE_ZSTD = 2 };
	struct debug_frame frame = debug_frame_of(START, SIZE, 24);
	struct compressed data = {.header = {TYPE_ZSTD, 0, sizeof(frame), 8}};
	size_t len = ZSTD_compress(data.bytes, sizeof(data.bytes), &frame, sizeof(frame), 3);

	check_true(!ZSTD_isError(len));
	len += sizeof(data.header);
	check_int(look(".debug_frame", SHF_COMPRESSED, &data, len), 24);
	for (size_t cut = 0; cut < len; cut++)
		check_int(look(".debug_frame", SHF_COMPRESSED, &data, cut), -1);
	for (int more = -1; more <= 1; more += 2) {
		data.header.ch_size = sizeof(frame) + (size_t)more;
		check_int(look(".debug_frame", SHF_COMPRESSED, &data, len), -1);
	}
	check_no_leak();
}

Test(debugframe, compressed)
{
	struct compressed data = compress_frame();

	check_int(look(".debug_frame", SHF_COMPRESSED, &data, data.len), 24);
	for (size_t len = 0; len < data.len; len++)
		check_int(look(".debug_frame", SHF_COMPRESSED, &data, len), -1);
	check_no_leak();
}

// Sizes that are claimed and not there: nothing of the kind is allocated.
Test(debugframe, compressed_lies)
{
	static const Elf64_Xword sizes[] = {0, 1, sizeof(struct debug_frame) - 1,
		sizeof(struct debug_frame) + 1, 64 << 20, (64 << 20) + 1, UINT32_MAX, UINT64_MAX};
	struct compressed data = compress_frame();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		data.header.ch_size = sizes[i];
		check_int(look(".debug_frame", SHF_COMPRESSED, &data, data.len), -1);
	}
	data = compress_frame();
	data.header.ch_type = ELFCOMPRESS_ZLIB + 1; // it is by zlib
	check_int(look(".debug_frame", SHF_COMPRESSED, &data, data.len), -1);
	data.header.ch_type = 77;
	check_int(look(".debug_frame", SHF_COMPRESSED, &data, data.len), -1);
}

// The older form: "ZLIB", the size, the highest byte first, the data.
Test(debugframe, compressed_as_gnu_did)
{
	struct compressed data = compress_frame();
	unsigned char bytes[300] = {'Z', 'L', 'I', 'B', [11] = sizeof(struct debug_frame)};
	size_t len = 12 + data.len - sizeof(data.header);

	memcpy(bytes + 12, data.bytes, data.len - sizeof(data.header));
	check_int(look(".zdebug_frame", 0, bytes, len), 24);
	for (size_t cut = 0; cut < len; cut++)
		check_int(look(".zdebug_frame", 0, bytes, cut), -1);
	bytes[4] = 0xff;
	check_int(look(".zdebug_frame", 0, bytes, len), -1);
}

Test(debugframe, damaged)
{
	struct debug_frame frame = debug_frame_of(START, SIZE, 24);
	unsigned char *bytes = (unsigned char *)&frame;

	for (size_t len = 0; len < sizeof(frame); len++)
		look(".debug_frame", 0, &frame, len);
	for (size_t at = 0; at < sizeof(frame); at++)
		for (int value = 0; value < 256; value++) {
			unsigned char saved = bytes[at];
			bytes[at] = (unsigned char)value;
			look(".debug_frame", 0, &frame, sizeof(frame));
			bytes[at] = saved;
		}
	check_no_leak();
}

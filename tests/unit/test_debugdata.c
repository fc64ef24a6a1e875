// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacking .gnu_debugdata, hostile ones included.
#include "cleanup.h"
#include "debugdata.h"
#include "section_image.h"

#include <lzma.h>

enum { PACKED_MAX = 1 << 20, MAX = 8 << 20, BOMB = 64 << 20 };

static unsigned char packed[PACKED_MAX];
static size_t packed_len;

static void pack(const void *bytes, size_t len)
{
	packed_len = 0;
	check_int(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, bytes, len, packed,
			  &packed_len, sizeof(packed)),
		LZMA_OK);
}

// debugdata_unpack() of an ELF file whose .gnu_debugdata is LEN packed bytes.
static int unpack(size_t len, size_t max, unsigned char **ret, size_t *ret_len)
{
	const struct section_row rows[] = {
		{.name = ".text"}, {.name = ".gnu_debugdata", .data = packed, .len = len}};
	struct section_image image = section_image_with(rows, 2, 0);

	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)image.bytes, image.len);
	check_true(elf != NULL);
	int r = debugdata_unpack(elf, max, ret, ret_len);
	elf_end(elf);
	free(image.bytes);
	return r;
}

// What cannot be unpacked leaves nothing.
static int refuse(size_t len, size_t max)
{
	unsigned char *bytes = NULL;
	size_t bytes_len = 0;
	int r = unpack(len, max, &bytes, &bytes_len);

	check_true(r < 0 && !bytes);
	return r;
}

Test(debugdata, comes_out_as_it_went_in)
{
	static unsigned char text[300000];
	unsigned char *bytes;
	size_t len;

	srandom(1);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(random() % 4);
	pack(text, sizeof(text));
	check_int(unpack(packed_len, MAX, &bytes, &len), 0);
	check_int(len, sizeof(text));
	check_int(memcmp(bytes, text, len), 0);
	free(bytes);
	// Exactly as large as it may be, and one more than that.
	check_int(unpack(packed_len, sizeof(text), &bytes, &len), 0);
	check_int(len, sizeof(text));
	free(bytes);
	check_int(refuse(packed_len, sizeof(text) - 1), -EFBIG);
	check_no_leak();
}

Test(debugdata, an_empty_one)
{
	unsigned char *bytes;
	size_t len = 1;

	pack("", 0);
	check_int(unpack(packed_len, MAX, &bytes, &len), 0);
	check_int(len, 0);
	free(bytes);
	check_int(refuse(0, MAX), -EINVAL);
}

Test(debugdata, none)
{
	struct section_image image = section_image_with(NULL, 0, 0);
	unsigned char *bytes;
	size_t len;

	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)image.bytes, image.len);
	check_int(debugdata_unpack(elf, MAX, &bytes, &len), -ENOENT);
	check_int(debugdata_unpack(NULL, MAX, &bytes, &len), -ENOENT);
	elf_end(elf);
	free(image.bytes);
}

Test(debugdata, truncated_anywhere)
{
	pack("some bytes, some bytes, some other bytes", 40);
	for (size_t len = 0; len < packed_len; len++)
		check_int(refuse(len, MAX), -EINVAL);
}

Test(debugdata, each_bit_damaged)
{
	pack("some bytes, some bytes, some other bytes", 40);
	for (size_t bit = 0; bit < packed_len * 8; bit++) {
		unsigned char *bytes = NULL;
		size_t len = 0;
		packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		// All of it is behind some check, but that of a check's kind.
		if (unpack(packed_len, MAX, &bytes, &len) == 0)
			check_int(len, 40);
		free(bytes);
		packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

Test(debugdata, a_bomb_goes_off_nowhere)
{
	unsigned char *zeros = calloc(1, BOMB);

	pack(zeros, BOMB);
	free(zeros);
	check_true(packed_len < 20000);
	check_int(refuse(packed_len, MAX), -EFBIG);
	check_int(refuse(packed_len, 0), -EFBIG);
	check_no_leak();
}

// The header of the first block says how large a dictionary is: 4 GiB.
Test(debugdata, a_dictionary_that_takes_all_memory)
{
	pack("some bytes, some bytes, some other bytes", 40);
	unsigned char *header = packed + 12;
	size_t header_len = (header[0] + 1u) * 4;
	size_t at = 2;
	while (header[at] != 0x21 || header[at + 1] != 1) // LZMA2, one byte of properties
		check_true(++at < header_len);
	header[at + 2] = 40;
	uint32_t crc = lzma_crc32(header, header_len - 4, 0);
	memcpy(header + header_len - 4, &crc, sizeof(crc));
	check_int(refuse(packed_len, MAX), -EFBIG);
}

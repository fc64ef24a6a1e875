// SPDX-License-Identifier: GPL-2.0-or-later
// Heads of compressed sections, and the libraries that unpack.
#include "packed.h"

#include <elf.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
	OLD_HEAD = 12, // "ZLIB" and the size, big endian
	TYPE_NONE = 0, // of a section that was not kept
	TYPE_ZSTD = 2, // ELFCOMPRESS_ZSTD, which older headers lack
};

static struct packed_head read_old(const unsigned char *bytes, size_t len)
{
	struct packed_head head = {.method = PACKED_ZLIB};

	if (len < OLD_HEAD || memcmp(bytes, "ZLIB", 4) != 0)
		return head;
	for (int i = 4; i < OLD_HEAD; i++)
		head.len = head.len << 8 | bytes[i];
	head.head = OLD_HEAD;
	return head;
}

struct packed_head packed_read_head(const void *bytes, size_t len, bool is_old)
{
	struct packed_head head = {.method = PACKED_ZLIB};
	Elf64_Chdr chdr;

	if (is_old)
		return read_old(bytes, len);
	if (len < sizeof(chdr))
		return head;
	memcpy(&chdr, bytes, sizeof(chdr));
	if (chdr.ch_type == TYPE_NONE)
		return head;
	head.method = chdr.ch_type == ELFCOMPRESS_ZLIB ? PACKED_ZLIB
		      : chdr.ch_type == TYPE_ZSTD      ? PACKED_ZSTD
						       : PACKED_UNKNOWN;
	head.len = chdr.ch_size;
	head.head = sizeof(chdr);
	return head;
}

bool packed_unpack(const struct packed_head *head, const void *bytes, size_t len, void *to)
{
	const unsigned char *from = (const unsigned char *)bytes + head->head;
	size_t from_len = len - head->head;
	uLongf got = head->len;

	switch (head->method) {
	case PACKED_ZLIB:
		return uncompress(to, &got, from, from_len) == Z_OK && got == head->len;
	case PACKED_ZSTD:
		return ZSTD_decompress(to, head->len, from, from_len) == head->len;
	case PACKED_UNKNOWN:
		break;
	}
	return false;
}

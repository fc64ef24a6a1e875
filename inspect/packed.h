// SPDX-License-Identifier: GPL-2.0-or-later
// Compressed sections of ELF files: by zlib or zstd with the header that ELF has for it
// (Elf64_Chdr; ELF gABI, "Section Compression"), or by zlib as GNU tools did before (.zdebug_*).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packed_method { PACKED_ZLIB, PACKED_ZSTD, PACKED_UNKNOWN };

// What the head of a compressed section says.
struct packed_head {
	enum packed_method method;
	uint64_t len; // bytes of what comes out, which may be a lie; 0: nothing is there
	size_t head;  // bytes of the head itself
};

// Reads the head of a section of LEN bytes at BYTES; IS_OLD: as GNU tools did.
struct packed_head packed_read_head(const void *bytes, size_t len, bool is_old);

// Unpacks the section of LEN bytes at BYTES, whose head is HEAD, to TO, of HEAD's len bytes.
// Returns false when it does not become exactly as many; TO is then anything.
bool packed_unpack(const struct packed_head *head, const void *bytes, size_t len, void *to);

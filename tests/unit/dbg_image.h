// SPDX-License-Identifier: GPL-2.0-or-later
// Debug information written by hand, for the tests of what reads it.
#pragma once

#include "dbgunit.h"
#include "unit.h"

#include <dwarf.h>

enum { DBG_IMAGE_MAX = 1 << 16 };

// Bytes that grow.
struct dbg_writer {
	unsigned char bytes[DBG_IMAGE_MAX];
	size_t len;
};

static inline void put_bytes(struct dbg_writer *to, const void *bytes, size_t len)
{
	cr_assert(to->len + len <= sizeof(to->bytes));
	memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

static inline void put_number(struct dbg_writer *to, uint64_t value, size_t len)
{
	put_bytes(to, &value, len);
}

static inline void put_uleb(struct dbg_writer *to, uint64_t value)
{
	do {
		put_number(to, (value & 0x7f) | (value > 0x7f ? 0x80 : 0), 1);
		value >>= 7;
	} while (value > 0);
}

static inline void put_string(struct dbg_writer *to, const char *text)
{
	put_bytes(to, text, strlen(text) + 1);
}

// Room for a length of 4 bytes, which end_length() fills in.
static inline size_t begin_length(struct dbg_writer *to)
{
	put_number(to, 0, 4);
	return to->len;
}

static inline void end_length(struct dbg_writer *to, size_t start)
{
	uint32_t len = (uint32_t)(to->len - start);

	memcpy(to->bytes + start - 4, &len, 4);
}

// A row of a table of abbreviations: pairs of attribute and form, 0 behind the last.
#define put_abbrev(to, code, tag, children, ...)                                   \
	do {                                                                       \
		const unsigned specs_[] = {__VA_ARGS__ __VA_OPT__(, ) 0, 0};       \
		put_uleb(to, code);                                                \
		put_uleb(to, tag);                                                 \
		put_number(to, children, 1);                                       \
		for (size_t i_ = 0; i_ < sizeof(specs_) / sizeof(specs_[0]); i_++) \
			put_uleb(to, specs_[i_]);                                  \
	} while (0)

// The head of a unit of DWARF 4 with addresses of 8 bytes and the abbreviations at 0.
static inline size_t begin_unit(struct dbg_writer *to)
{
	size_t start = begin_length(to);

	put_number(to, 4, 2);
	put_number(to, 0, 4);
	put_number(to, 8, 1);
	return start;
}

struct dbg_image {
	struct dbg_writer info, abbrev, line, aranges, ranges, index;
	size_t budget;
	struct dbg_limits limits;
	struct dbg_file file;
};

static inline struct dbg_image *dbg_image_new(void)
{
	struct dbg_image *image = calloc(1, sizeof(*image));

	cr_assert(image);
	image->limits = (struct dbg_limits){.unpack_budget = &image->budget, .steps = 1 << 20};
	image->file.limits = &image->limits;
	return image;
}

// The file that IMAGE is; what is written later is not in it.
static inline struct dbg_file *dbg_image_file(struct dbg_image *image)
{
	const struct dbg_writer *writers[DBG_SECTION_COUNT] = {[DBG_INFO] = &image->info,
		[DBG_ABBREV] = &image->abbrev,
		[DBG_LINE] = &image->line,
		[DBG_ARANGES] = &image->aranges,
		[DBG_RANGES] = &image->ranges,
		[DBG_CU_INDEX] = &image->index};

	for (int i = 0; i < DBG_SECTION_COUNT; i++)
		if (writers[i])
			image->file.packed[i].bytes =
				(struct dbg_bytes){writers[i]->bytes, writers[i]->len};
	return &image->file;
}

// The unit at OFFSET of IMAGE.
static inline struct dbg_unit dbg_image_unit(struct dbg_image *image, uint64_t offset)
{
	struct dbg_unit unit;

	cr_assert(dbg_unit_read(dbg_image_file(image), offset, NULL, NULL, &unit));
	return unit;
}

static inline void dbg_image_free(struct dbg_image *image)
{
	dbg_file_fini(&image->file);
	free(image);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers of a kept snapshot: which, in which order, how wide, within which bounds. Writing and
// reading go by the same tables.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A number of a structure.
struct kept_field {
	const char *name; // "a thread's status"
	uint16_t offset;  // in the structure
	uint8_t size;     // bytes of it there
	uint8_t width;    // bytes of it in the file
	uint64_t min, max;
};

// The numbers of one kind of structure.
struct kept_table {
	const struct kept_field *fields;
	size_t count;
};

extern const struct kept_table kept_process_table, kept_module_table, kept_parts_table,
	kept_part_table, kept_debug_table, kept_map_table, kept_memory_table, kept_thread_table,
	kept_file_table, kept_peer_table, kept_parked_table;

// The bytes in the file of the numbers of TABLE.
size_t kept_table_len(const struct kept_table *table);

// The number that FIELD is in STRUCTURE, and setting it. An int that is negative is the number of
// the same 32 bits.
uint64_t kept_field_get(const struct kept_field *field, const void *structure);
void kept_field_set(const struct kept_field *field, void *structure, uint64_t value);

// True when LEN bytes at OFFSET are in stacks of STACKS_LEN bytes.
static inline bool kept_is_in_stacks(uint64_t offset, uint64_t len, uint64_t stacks_len)
{
	return len <= stacks_len && offset <= stacks_len - len;
}

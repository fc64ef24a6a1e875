// SPDX-License-Identifier: GPL-2.0-or-later
// One ELF object of a snapshot, opened: segments, call frame information, build id. elf(5), LSB
// "Exception Frames" for .eh_frame_hdr.
#pragma once

#include "buildid.h"
#include "ehframe.h"
#include "extra.h"
#include "gopclntab.h"
#include "snapshot.h"

#include <libelf.h>

enum { MODULE_NOTE_SIZE = 160 };

struct module_segment {
	uint64_t vaddr, offset, file_len; // of a PT_LOAD
	bool executable, writable;
};

// What others find out of a module is kept with it, as long as it is: one thing of each kind.
enum module_part {
	MODULE_CFI,
	MODULE_ENTRIES,
	MODULE_NAMES,
	MODULE_POSITIONS,
	MODULE_PART_COUNT,
};

struct jitnames;

// Code that is in no file, at the target's addresses.
struct made_code {
	const struct snapshot *snapshot; // its parts are what was copied of it
	const struct jitnames *names;
	// As module_code(), for all code of the process: it goes on in files, too.
	const unsigned char *(*find)(void *arg, uint64_t addr, size_t *ret_len);
	void *arg;
};

struct module {
	const struct snapshot_module *source;
	const struct made_code *made; // instead of a source
	bool opened;                  // module_open() was tried
	Elf *elf;                     // NULL: see note
	const unsigned char *image;   // the file's bytes, owned by elf
	size_t image_len;
	struct module_segment *segments;
	size_t segment_count;
	uint64_t entry; // where the program begins, ELF virtual address
	bool fixed;     // it can only be mapped at its ELF virtual addresses
	// The search table for call frame information: of .eh_frame_hdr, or made of .eh_frame.
	uint64_t eh_base;            // what its rows are relative to, ELF virtual address
	uint64_t eh_row_count;       // 0: there is none
	struct ehframe_row *eh_rows; // NULL: it is in the file, behind the header at eh_base
	struct gopclntab gopclntab;  // of a Go program
	struct buildid build_id;
	char note[MODULE_NOTE_SIZE];      // what is missing, and why; empty: nothing
	bool damaged;                     // that is because something of it is broken
	struct extra extras[EXTRA_COUNT]; // what there is beside it, as far as it was looked for
	struct {
		void *data;
		void (*fini)(void *data);
	} parts[MODULE_PART_COUNT]; // see module_part()
};

// Opens the object of SOURCE into *MODULE, unless it was tried before. A module that cannot be used
// has no elf and a note. SOURCE must outlive MODULE.
void module_open(struct module *module, const struct snapshot_module *source);

// Notes TEXT, that something of MODULE is damaged, and has cost what was asked for, unless
// something is noted already.
void module_damage(struct module *module, const char *text);

// The LEN bytes of PART that are kept with MODULE: zeroed the first time, when FINI is remembered,
// which releases what they hold at the end of MODULE. Returns NULL when there is no memory.
void *module_part(
	struct module *module, enum module_part part, size_t len, void (*fini)(void *data));

// Makes *MODULE that of MADE, which must outlive it. It has no elf, and its ELF virtual addresses
// are the target's addresses.
void module_open_made(struct module *module, const struct made_code *made);

// Looks for what MODULE has in its .gnu_debugdata, the first time. Takes from *BUDGET as
// extra_unpack() does. Returns true when it was found now; what cannot be used leaves a note.
bool module_unpack(struct module *module, size_t *budget);

// Takes FD as a separate debug file of MODULE, EXTRA_FILE or EXTRA_INFO by KIND, as
// extra_take_file() does.
bool module_add_debug_file(struct module *module, enum extra_kind kind,
	const struct debuglink *link, int fd, size_t *budget);

// The difference between addresses in the target and ELF virtual addresses of MODULE, for the
// mapping MAP of it, into *RET. Fails with -ENOENT when no segment fits the mapping.
int module_bias(const struct module *module, const struct snapshot_map *map, uint64_t *ret);

// True when what the file has at OFFSET belongs to a writable segment.
bool module_is_written(const struct module *module, uint64_t offset);

// Copies LEN bytes at OFFSET of the file to BUFFER, or fails with -EFAULT.
int module_read(const struct module *module, uint64_t offset, void *buffer, size_t len);

// The bytes of SEGMENT of MODULE from OFFSET in it on, *RET_LEN of them to its end in the file, or
// NULL when there are none.
const unsigned char *module_bytes(const struct module *module, const struct module_segment *segment,
	uint64_t offset, size_t *ret_len);

// The code of MODULE at ELF virtual address VADDR, *RET_LEN bytes to the end of its segment, or
// NULL when there is none.
const unsigned char *module_code(const struct module *module, uint64_t vaddr, size_t *ret_len);

// The same for what the program cannot change and does not execute: constants.
const unsigned char *module_constants(const struct module *module, uint64_t vaddr, size_t *ret_len);

// True when there is code of MODULE at VADDR.
bool module_is_code(const struct module *module, uint64_t vaddr);

// Closes what MODULE opened (not its source's fd). Accepts a zeroed one.
void module_fini(struct module *module);

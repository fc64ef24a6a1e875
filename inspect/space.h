// SPDX-License-Identifier: GPL-2.0-or-later
// The target's address space as far as a snapshot and the mapped files tell it.
#pragma once

#include "jitnames.h"
#include "memrange.h"
#include "module.h"
#include "snapshot.h"

struct codewalk;
struct space_map; // what is known of one mapping beyond the snapshot

struct space {
	const struct snapshot *snapshot;
	struct module **modules;         // parallel to the snapshot's, opened when first asked for;
					 // and one more, see space_made()
	struct module *own;              // where they are, when they are the space's own
	bool *moved;                     // parallel: code of it was moved to other memory
	struct space_map *maps;          // parallel to the snapshot's
	const struct snapshot_map *last; // the mapping found last
	volatile uint32_t *at;           // where to note the module that is used last, or NULL
	struct codewalk **walked;        // where what is found of code is kept for other
					 // snapshots with these modules, or NULL
	size_t extra_budget;             // what may still be spent on what is beside modules
	// Opens what may be the separate debug file of module INDEX, which may have a LINK, at
	// place *PLACE or a later one, and says at which: a read-only fd for the caller, or -errno,
	// -EINVAL when something else is there in its place. NULL: there are none.
	int (*open_debug)(void *arg, int index, const struct debuglink *link, unsigned *place);
	void *open_debug_arg;
	int ahead; // the module whose debug file was asked for before it was needed, or
		   // SNAPSHOT_NO_MODULE
	// Opens what may be the perf map of the process, at place *PLACE or a later one. As
	// open_debug, and with its argument.
	int (*open_perfmap)(void *arg, unsigned *place);
	// Reads the COUNT RANGES of the process's memory as it is now to BYTES, one behind the
	// other; sets the length of one that could not be read as a whole to 0. Fails with -errno.
	// NULL: there is no process.
	int (*read_memory)(
		void *arg, struct memory_range *ranges, size_t count, unsigned char *bytes);
	// A stack that was read beside the snapshot, if any.
	uint64_t beside_start;
	const unsigned char *beside;
	size_t beside_len;
	struct made_code made;     // code that is in no file
	struct module made_module; // which is a module too
	struct jitnames names;     // of that
	bool named;                // they were looked for
};

// Where an address lies.
struct location {
	int module;     // index, or SNAPSHOT_NO_MODULE, or space_made()
	uint64_t vaddr; // in the module: ELF virtual address
	uint64_t bias;  // address - vaddr
};

// Prepares SPACE for SNAPSHOT, which must outlive it. Fails with -ENOMEM.
int space_init(struct space *space, const struct snapshot *snapshot);

// The same with MODULES, which are taken over but not what they point to: modules that are kept for
// other snapshots too, and have their source already, with room for one more. They are freed also
// on failure.
int space_init_with(struct space *space, const struct snapshot *snapshot, struct module **modules);

// Closes the modules that are SPACE's own. Accepts a zeroed one.
void space_fini(struct space *space);

// The index of the module, behind those of the snapshot, that is all code which was copied because
// it is in no file (attach/codecopy.h): ELF virtual addresses in it are addresses.
static inline int space_made(const struct space *space)
{
	return (int)space->snapshot->module_count;
}

// What is to be known of module INDEX in this process, or empty.
const char *space_note(const struct space *space, int index);

// The names of that code, by what its compilers have written down: in a file that they have mapped
// (jitdump.h), else in a perf map.
const struct jitnames *space_jit_names(struct space *space);

// The mapping that holds ADDR, or NULL.
const struct snapshot_map *space_find_map(struct space *space, uint64_t addr);

// Module INDEX, opened, and noted as the one that is being read.
struct module *space_module(struct space *space, int index);

// Looks for one more file that says more of module INDEX (extra.h): first in the module, then for a
// separate one. Returns true when one was found; it is then in the module's extras. Nothing is
// looked for twice.
bool space_extend(struct space *space, int index);

// Takes the separate debug file of module INDEX, if it is the one that was asked for ahead.
void space_take_ahead(struct space *space, int index);

// The object that has the debug information of module INDEX: itself, or a separate file, which, if
// SEEK, is looked for if it was not yet; a module that has all of its symbols, and names no such
// file, is taken for one that has none. NULL when there is none. Owned by the module.
Elf *space_debug_info(struct space *space, int index, bool seek);

// Where the code address ADDR lies. Without a usable module, module is SNAPSHOT_NO_MODULE.
struct location space_locate(struct space *space, uint64_t addr);

// Reads the 8 bytes at ADDR as THREAD would: of its copied stacks, of a mapping that only the file
// backs (not writable, now or in the beginning), or of the vDSO's copy. Fails with -EFAULT for all
// other memory: it was not copied.
int space_read_word(
	struct space *space, const struct snapshot_thread *thread, uint64_t addr, uint64_t *ret);

// SPDX-License-Identifier: GPL-2.0-or-later
// The table in which every Go program describes its functions to its own runtime: .gopclntab, which
// no stripping removes. Names, and how far the stack pointer of each function has gone at each of
// its instructions. Source: Go's runtime (symtab.go) and linker (pcln.go); golang.org/s/go12symtab.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

// The forms that the table had: each is that of its Go release and of those after it.
enum gopclntab_form {
	GOPCLNTAB_NONE,
	GOPCLNTAB_1_2,
	GOPCLNTAB_1_16,
	GOPCLNTAB_1_18,
	GOPCLNTAB_1_20
};

struct gopclntab {
	enum gopclntab_form form;   // GOPCLNTAB_NONE: there is no table
	const unsigned char *bytes; // from its first byte on, owned by the module
	size_t len;                 // to the end of what can be it
	uint64_t text;  // what offsets of functions are relative to, ELF virtual address
	uint64_t count; // of functions
	size_t names, depths, functions; // where they begin in bytes
	bool flagged;                    // functions say when they are no usual ones
};

// What a function does with the stack beyond growing and shrinking it.
enum gopclntab_kind {
	GOPCLNTAB_PLAIN,
	GOPCLNTAB_FIRST,    // nobody called it, or what did will never run on
	GOPCLNTAB_START,    // the first one of Go: whether C has called it, its stack shows
	GOPCLNTAB_CHILD,    // its caller goes on, and so does a thread that it has made
	GOPCLNTAB_SWITCHES, // it goes to another stack, and leaves the frame pointer
	GOPCLNTAB_TO_C,     // the same, for C code
	GOPCLNTAB_FROM_C,   // back to a goroutine's stack, for Go that C code calls
	GOPCLNTAB_GROW,     // the same, to make a goroutine's stack larger, or to have another run
	GOPCLNTAB_SCHEDULE, // plain, and the goroutine that its thread ran has left that
	GOPCLNTAB_INJECTED, // plain, but what it returns to was interrupted and made no call
};

struct gopclntab_function {
	uint64_t start, end; // ELF virtual addresses
	const char *name;    // in the table, at most GOPCLNTAB_NAME_MAX bytes
	enum gopclntab_kind kind;
	uint32_t depths; // where its depths are, from the table's; 0: it has none
};

enum { GOPCLNTAB_NAME_MAX = 65536 };

// Finds the table of MODULE, whose segments and sections are read: by its section's name, or, where
// there are no section headers or another linker than Go's was at work, by its first bytes. *RET is
// without form when there is none that can be used.
void gopclntab_open(struct gopclntab *ret, const struct module *module);

// Reads a table from the LEN BYTES of MODULE, which lie at ELF virtual address VADDR, into *RET.
// Returns false, with *RET untouched, when they are none: what is wrong with a function alone is
// found when that is looked up.
bool gopclntab_read(struct gopclntab *ret, const struct module *module, const unsigned char *bytes,
	size_t len, uint64_t vaddr);

// Looks up the function that covers ELF virtual address VADDR into *RET. Returns false when there
// is none, or what the table says of it cannot be.
bool gopclntab_find(const struct gopclntab *table, uint64_t vaddr, struct gopclntab_function *ret);

// Looks up the function called NAME into *RET, among all of them. Returns false when there is none.
bool gopclntab_find_name(
	const struct gopclntab *table, const char *name, struct gopclntab_function *ret);

// How many bytes FUNCTION, up to its instruction at VADDR, has put on the stack above the return
// address, into *RET. Returns false when the table does not say.
bool gopclntab_depth(const struct gopclntab *table, const struct gopclntab_function *function,
	uint64_t vaddr, int32_t *ret);

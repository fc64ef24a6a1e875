// SPDX-License-Identifier: GPL-2.0-or-later
// Names for addresses, out of .symtab and .dynsym, else Go's function table, or the PLT. elf(5),
// gABI "Symbol Table".
//
// Theory of operation. A process has few distinct pcs in a module and a module may have a million
// symbols. So the pcs are collected and sorted first, and each table is walked once: for each
// symbol the pcs that it covers are found by bisection, and each pc keeps the best name so far. No
// index is built, nothing is sorted but the pcs.
#pragma once

#include "module.h"

enum {
	SYMBOL_NAME_MAX = 4000,    // bytes of a name; a longer one is cut, with "..."
	SYMBOL_NAME_RAW = 1 << 16, // that are looked at, of one as it stands in the file
};

// An address that wants a name.
struct symbol_query {
	uint64_t vaddr; // ELF virtual address
	// What was found:
	const char *name; // in the module's string table; NULL: nothing that covers it
	bool plt;         // it is the code by which that function is called
	uint64_t start;   // where that symbol begins
	uint64_t size;    // 0: its size is not known
	unsigned rank;    // how good a name it is
	// Kept while a table is walked: the nearest symbol between the query before and this one,
	// of any size, and the best name without a size there.
	uint64_t nearest;
	const char *open_name;
	uint64_t open_start;
	unsigned open_rank, open_section;
};

// Names the COUNT QUERIES (ascending by vaddr), whatever was found of them before, from the symbol
// tables of MODULE and of its extras that are open (.dynsym only if no .symtab that has what it has
// names all of them); what those leave, from its gopclntab, or PLT. A
// symbol names an address only if its size covers it; one without a size only as far as the next
// symbol, in its own section.
void symbols_resolve(const struct module *module, struct symbol_query *queries, size_t count);

// True when each of the COUNT QUERIES has a name whose size covers it.
bool symbols_cover(const struct symbol_query *queries, size_t count);

// True when MODULE has a .symtab itself: names of functions that are not exported too.
bool symbols_are_complete(const struct module *module);

// True when there is a .symtab for MODULE, in whatever file.
bool symbols_are_there(const struct module *module);

// True when MODULE's file says that it has a symbol table which cannot be read.
bool symbols_are_broken(const struct module *module);

// NAME for people: without a version ("@@GLIBC_2.2.5") and, unless RAW, demangled (C++, Rust, D).
// Returns a new string that the caller owns, at most SYMBOL_NAME_MAX bytes, or NULL (no memory).
char *symbol_display_name(const char *name, bool raw);

// The same for the name of QUERY; "@plt" stands behind one that is in the PLT.
char *symbol_query_name(const struct symbol_query *query, bool raw);

// SPDX-License-Identifier: GPL-2.0-or-later
// Following code, for functions without call frame information: an unwind row from the
// instructions themselves.
//
// Theory of operation. Code is followed over all of its branches with symbolic registers: each is
// unknown, or the value that a register had at the beginning plus a constant, or what lies in
// memory there. Calls are stepped over: they give the stack pointer and the preserved registers
// back. Two questions are answered with that:
//  - forward: from a pc to each return instruction that can be reached. Where the stack pointer is
//    then, in terms of the registers at the pc, lies the return address;
//  - entry: from a function's first instruction to a pc. Where the stack pointer was at the
//    beginning, in terms of the registers at the pc.
// Both need nothing of the target but its code. Neither is a proof by itself: a path may go through
// code that is never reached. When both agree, or when the return address stands behind a call of
// the very function that was followed from its entry, it is one (forward.h).
#pragma once

#include "entries.h"
#include "insn.h"
#include "module.h"
#include "row.h"

struct codewalk;

enum {
	CODEWALK_RETURNS_MAX = 4, // different rows kept of one pc
};

// What followed from a pc.
struct codewalk_returns {
	struct row rows[CODEWALK_RETURNS_MAX];
	size_t count;
	bool more; // there were more different ones than fit
};

enum codewalk_reach {
	CODEWALK_NOT_REACHED,
	CODEWALK_REACHED,   // and the row is known
	CODEWALK_NO_ROW,    // reached, but the CFA follows from no register there
	CODEWALK_BEGINNING, // behind a system call that makes a thread with a new stack: no caller
	CODEWALK_EITHER, // that, or reached, and the row is known: who makes a thread goes on, too
	CODEWALK_LOST,   // not reached, but not all branches could be followed
};

// Makes a walker, or returns NULL (no memory).
struct codewalk *codewalk_open(void);

// Accepts NULL.
void codewalk_close(struct codewalk *walk);

// Makes WALK ready for another snapshot, in which the modules that it was asked of are where they
// were: what it has answered stays, and it may take as much again. Returns false when it is only to
// be closed: it was asked of code in no file, which is another one there.
bool codewalk_renew(struct codewalk *walk);

// Follows the code of MODULE from ELF virtual address PC to its returns. ENTRIES of that module
// tell where a call that does not return ends a path.
void codewalk_forward(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t pc, struct codewalk_returns *ret);

// Follows the code of MODULE from ENTRY to PC; to the call that ends at PC when BEHIND_CALL. With
// CODEWALK_REACHED or CODEWALK_EITHER, *RET is the row of PC.
enum codewalk_reach codewalk_entry(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry, uint64_t pc, bool behind_call,
	struct row *ret);

// The same, where the function has rounded the stack pointer down on the way: where the CFA of PC
// can be in terms of the stack pointer, and the rest of the row into *RET. Without, or when PC is
// not reached, the count is 0.
struct rounded codewalk_rounded(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry, uint64_t pc, bool behind_call,
	struct row *ret);

// True when the function of MODULE at ENTRY can jump to where only run time knows, with the stack
// as it was at its entry: who it has called by that returns to its own caller. So do the entries of
// procedure linkage tables.
bool codewalk_has_tail_jump(struct codewalk *walk, const struct module *module,
	const struct entries *entries, uint64_t entry);

// True when so much code was followed that no new question is answered any more: nothing hostile
// may take longer than the rest of the work. What was asked before still is.
bool codewalk_is_exhausted(const struct codewalk *walk);

// Decodes the instruction of MODULE at PC into *RET, by a cache. Returns its length or 0.
size_t codewalk_decode(
	struct codewalk *walk, const struct module *module, uint64_t pc, struct insn *ret);

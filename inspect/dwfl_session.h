// SPDX-License-Identifier: GPL-2.0-or-later
// libdwfl over a snapshot: its modules are the snapshot's, its memory is what was copied.
//
// Theory of operation. libdwfl is made for processes of the host: left alone it opens files by
// name, asks servers for debug files, and walks frame pointers where there is no call frame
// information, without saying so. So it is told of a module when a pc in it comes up, as an Elf
// that is open already, under a name that is no path; its callbacks for files have none to give;
// and before each step it is asked whether call frame information covers the pc, by its own tables:
// where none does, no step is made.
#pragma once

#include "row.h"

#include <elfutils/libdwfl.h>

// What libdwfl knows of the code at one pc.
struct dwfl_code {
	Dwarf_Frame *frame; // its call frame information; NULL: there is none
	bool debug;         // it is that of .debug_frame
	bool signal;        // what called this was interrupted: no call stands before its pc
	bool beginning;     // nobody called this
	bool plain;         // the return address stands near where a register points
};

struct dwfl_session;

// Makes a session for SPACE, which must outlive it, or returns NULL (no memory).
struct dwfl_session *dwfl_session_open(struct space *space);

// Accepts NULL.
void dwfl_session_close(struct dwfl_session *session);

// What the code at LOOKUP says (unwind_lookup_pc()), in *RET, which dwfl_code_fini() frees; to be
// asked before each step. Returns false when none may be made there: no call frame information that
// libdwfl can use covers LOOKUP.
bool dwfl_session_ask(struct dwfl_session *session, uint64_t lookup, struct dwfl_code *ret);

// Accepts a zeroed one.
void dwfl_code_fini(struct dwfl_code *code);

// Calls VISIT with ARG for the frame of THREAD whose registers are REGS, and for one caller after
// the other while it returns DWARF_CB_OK. VISIT must not return that where dwfl_session_ask() says
// false, and that must have been true once before.
void dwfl_session_walk(struct dwfl_session *session, const struct snapshot_thread *thread,
	const struct frame_regs *regs, int (*visit)(Dwfl_Frame *frame, void *arg), void *arg);

// Why the last step, which began at a frame of which CODE tells, led to no caller: returns true
// when that is because there is none, else false, with what was missing in *TROUBLE, as far as it
// is known.
bool dwfl_session_ended(const struct dwfl_session *session, const struct dwfl_code *code,
	struct row_trouble *trouble);

// One step from FRAME of THREAD, whose pc is a return address when BEHIND_CALL, to its caller in
// *RET. Returns 1, or 0 when the chain ends there. Fails with -ENOENT when no call frame
// information covers the pc, -EFAULT when memory was not copied (*TROUBLE says which), -ENODATA
// when the information cannot be used.
int dwfl_session_step(struct dwfl_session *session, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct frame_regs *ret,
	struct row_trouble *trouble);

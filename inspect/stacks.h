// SPDX-License-Identifier: GPL-2.0-or-later
// The result of inspecting a snapshot: what reports show.
#pragma once

#include "buildid.h"
#include "error.h"
#include "filepart.h"
#include "parkedrow.h"
#include "sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a frame was found.
enum frame_via {
	FRAME_VIA_REGISTERS, // the innermost frame: nothing had to be unwound
	FRAME_VIA_CFI,       // by the call frame information of the frame before it
	FRAME_VIA_DEBUG,     // by that of .debug_frame
	FRAME_VIA_FORWARD,   // by following the code of the frame before it
	FRAME_VIA_FP,        // the same, and the code keeps a frame pointer
	FRAME_VIA_SIGRETURN, // it was interrupted: by the kernel's signal frame
	FRAME_VIA_RBP,       // the frame pointer was not known, and followed from the code
	FRAME_VIA_GOPCLNTAB, // by the function table of Go programs
	FRAME_VIA_COUNT,
};

// The word for VIA in the JSON output ("cfi"), or NULL for the innermost frame.
const char *frame_via_name(enum frame_via via);

enum stack_status {
	STACK_FAILED,   // no frame at all
	STACK_PARTIAL,  // the chain stops before the thread's beginning: the reason says why
	STACK_COMPLETE, // the chain ends where the thread began
	STACK_STATUS_COUNT,
};

const char *stack_status_name(enum stack_status status);

enum { STACK_REASON_SIZE = 200, STACK_NO_INDEX = -1 };

// How a chain ended.
struct stack_end {
	enum stack_status status;
	char reason[STACK_REASON_SIZE]; // empty when complete
	uint64_t overflow_sp; // the stack has overflowed: the stack pointer there; 0: it has not
};

// What became of the comparison with a second engine.
enum stack_verify_result {
	STACK_VERIFY_PARTLY,  // one of them gave up before the end: the reason says which, and why
	STACK_VERIFY_SAME,    // both found the same frames, and ended alike
	STACK_VERIFY_DIFFERS, // from the first frame that is not the same on
	STACK_VERIFY_COUNT,
};

// The word for RESULT in the JSON output ("same").
const char *stack_verify_name(enum stack_verify_result result);

// The word for what has held the worker in the JSON output ("filter").
const char *stack_sandbox_name(enum sandbox_kind kind);

// What to say about it, or NULL.
const char *stack_sandbox_note(enum sandbox_kind kind);

struct stack_verify {
	enum stack_verify_result result;
	size_t same;        // frames that are, from the innermost on
	bool other_goes_on; // DIFFERS: the second engine has a frame there, else its chain ends
	uint64_t other_pc;  // of that frame
	char reason[STACK_REASON_SIZE + 16]; // PARTLY
};

struct stack_frame {
	uint64_t pc;
	uint64_t vaddr;   // ELF virtual address in the module
	int32_t module;   // index into the snapshot's modules, or STACK_NO_INDEX
	int32_t symbol;   // index into stacks->symbols, or STACK_NO_INDEX
	int32_t location; // number of what its code address is, or STACK_NO_INDEX (frameview.h)
	bool signal;      // a signal trampoline
	enum frame_via via;
};

struct stack {
	struct stack_end end;
	struct stack_frame *frames; // innermost first
	size_t frame_count;
	bool shared; // frames belong to another thread's stack, which is equal
};

struct stack_symbol {
	uint64_t vaddr; // where it begins, ELF virtual address; UINT64_MAX: not known
	char *name;     // demangled if asked for; any bytes
};

// A function at a code address, and where in its source that is.
struct stack_position {
	int32_t name;  // index into stacks->symbols, or STACK_NO_INDEX
	int32_t file;  // the same
	uint32_t line; // 0: not known
};

// The positions of one code address: so many from first on, of which the last is that of the
// function which the others are inlined into. Its name is for frames that have no symbol.
struct stack_location {
	uint32_t first, count;
};

struct stack_module {
	struct buildid build_id;
	char note[160]; // what is missing of it, and why; empty: nothing
	bool left_out;  // something was: it could not be read without harm, or in time, or is
			// damaged
	// Only where it was asked for: what is needed of its file to unwind it elsewhere.
	struct file_parts needed;
};

// The word for STATE in the JSON output ("waiting").
const char *goroutine_state_name(enum goroutine_state state);

struct goroutine {
	uint64_t id;
	enum goroutine_state state;
	char wait[GOROUTINE_WAIT_SIZE]; // what for, in the runtime's words; empty: not known
	uint64_t since_ns; // since about when, by the snapshot's clock; 0: not known (parkedrow.h)
	struct stack stack;
};

// The goroutines that no thread runs, of a process with Go's runtime.
struct goroutines {
	bool there;     // it has Go's runtime
	bool shown;     // they are known: else reason says why not
	uint64_t count; // how many there are, also beyond those in rows; UINT64_MAX: not known
	char reason[PARKED_REASON_SIZE];
	struct goroutine *rows;
	size_t row_count;
	// Only where it was asked for: those that are there beside them; and whether these are all.
	struct parked_other *others;
	size_t other_count;
	bool whole;
	// Only where it was asked for: what it takes to unwind them elsewhere, parallel to the
	// rows.
	struct parked copies;
};

// How long the worker says that it has taken, in microseconds: it is believed in nothing else.
struct stack_times {
	uint64_t unwinding_us, naming_us, positions_us;
};

struct stacks {
	struct stack *stacks; // parallel to the snapshot's threads
	size_t stack_count;
	size_t stacks_mapped;          // of hugepages_calloc()
	struct stack_verify *verifies; // parallel to stacks; NULL: nobody asked for a comparison
	struct stack_symbol *symbols;
	size_t symbol_count;
	struct stack_position *positions;
	size_t position_count;
	struct stack_location *locations; // by a frame's; those behind the last have no positions
	size_t location_count;
	struct stack_module *modules; // parallel to the snapshot's modules
	size_t module_count;
	struct goroutines goroutines;
	// The same of each file that the worker has asked for; those that it was refused, or did
	// not use, have no parts.
	struct debug_file *debugs;
	size_t debug_count;
	enum sandbox_kind sandbox; // what held the process that has read the files
	struct stack_times times;
};

// Allocates room for STACK_COUNT stacks (each STACK_FAILED, without a reason) and MODULE_COUNT
// modules. Fails with -ENOMEM, nothing is left then.
int stacks_init(struct stacks *stacks, size_t stack_count, size_t module_count);

// Allocates STACKS' verifies: each STACK_VERIFY_PARTLY, without a reason. Fails with -ENOMEM.
int stacks_add_verifies(struct stacks *stacks);

// Frees all. Accepts a zeroed one.
void stacks_fini(struct stacks *stacks);

#define auto_stacks __attribute__((cleanup(stacks_fini)))

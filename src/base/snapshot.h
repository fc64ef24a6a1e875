// SPDX-License-Identifier: GPL-2.0-or-later
// What was copied of a process: the one value between attach/, which takes it, and inspect/, which
// understands it. Const once it is taken. Addresses are the target's, never ours.
#pragma once

#include "arch.h"
#include "context.h"
#include "parkedrow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	SNAPSHOT_NAME_SIZE = 68,
	SNAPSHOT_NOTE_SIZE = 120,
	SNAPSHOT_NO_MODULE = -1,
};

// Where the file of a module came from. Recorded, because names are only as right as the file.
enum snapshot_source {
	SNAPSHOT_SOURCE_NONE,      // no file: frames in it stay without names
	SNAPSHOT_SOURCE_MAP_FILES, // /proc/PID/map_files: the very file that is mapped
	SNAPSHOT_SOURCE_ROOT,   // by path inside the target's root, its build id equal to memory's
	SNAPSHOT_SOURCE_MEMORY, // copied out of the target's memory (the vDSO)
	SNAPSHOT_SOURCE_HOST,   // a kept snapshot has not got it: at its path here, of its build id
};

// One ELF object: adjacent mappings of one file, or the vDSO.
struct snapshot_module {
	char *path;          // as in /proc/PID/maps, any bytes
	uint64_t start, end; // from its first to its last mapping
	enum snapshot_source source;
	int fd;               // of the file, read-only, or -EBADF
	unsigned char *image; // SNAPSHOT_SOURCE_MEMORY: the object itself
	size_t image_len;
	char note[SNAPSHOT_NOTE_SIZE]; // SNAPSHOT_SOURCE_NONE: why
};

struct snapshot_map {
	uint64_t start, end, offset;
	int module; // index, or SNAPSHOT_NO_MODULE
	bool writable, executable;
};

// A part of the target's memory that was copied beside the stacks: code that is in no file.
struct snapshot_part {
	uint64_t start;     // its address
	size_t offset, len; // bytes in the snapshot's stacks
};

enum { SNAPSHOT_PARTS_MAX = 1 << 12 };

enum snapshot_thread_status {
	SNAPSHOT_THREAD_LISTED,   // known, nothing captured yet
	SNAPSHOT_THREAD_CAPTURED, // registers and stack are here
	SNAPSHOT_THREAD_GONE,     // it exited meanwhile
	SNAPSHOT_THREAD_TIMEOUT,  // it did not stop, or could not be read, in time
	SNAPSHOT_THREAD_DENIED,   // reading or ptrace was refused: errnum says why
	SNAPSHOT_THREAD_MOVING,   // it ran whenever it was looked at, and was not to be stopped
	SNAPSHOT_THREAD_KERNEL,   // it never runs code of the program (an io_uring worker)
};

// How a thread was held while it was copied.
enum snapshot_method {
	SNAPSHOT_METHOD_NONE,     // nothing is captured
	SNAPSHOT_METHOD_ITERATOR, // not stopped: the kernel's task iterator, proven not to have run
	SNAPSHOT_METHOD_PROC,     // not stopped: /proc, proven not to have run
	SNAPSHOT_METHOD_STOP,     // stopped by ptrace(2)
};

struct snapshot_thread {
	pid_t tid, ns_tid;             // in our and in the target's PID namespace (0: unknown)
	char name[SNAPSHOT_NAME_SIZE]; // any bytes
	char state;                    // as in /proc/PID/stat, before it was stopped
	enum snapshot_thread_status status;
	int errnum;
	enum snapshot_method method;
	bool eintr;  // the stop ended its system call with EINTR
	bool spared; // it was not stopped, because that would have ended its system call with EINTR
	bool in_syscall;
	uint64_t syscall_nr, syscall_args[6];
	uint64_t regs_known; // bit N: regs[N] holds DWARF register N; never guessed
	uint64_t regs[ARCH_REG_COUNT];
	size_t stack_offset, stack_len; // bytes in the snapshot's stacks, from the stack pointer up
	bool stack_cut;                 // the stack goes on, the copy does not
	// The stack that a signal handler on an alternate one, or Go, has left: from its stack
	// pointer up, or from somewhere below that.
	uint64_t left_sp;
	size_t left_offset, left_len; // bytes in the snapshot's stacks; 0: none was copied
	uint32_t pause_us;
	uint64_t switches; // context switches so far, if it was not stopped; 0: not known, not kept
	bool as_told;      // as it was when it was not proven yet, and somebody was told; not kept
	struct context_wait wait;
};

struct snapshot {
	pid_t pid, ns_pid;
	char name[SNAPSHOT_NAME_SIZE];
	char *exe; // the executable's path as the target sees it, any bytes; NULL: unknown
	struct snapshot_module *modules;
	size_t module_count;
	struct snapshot_map *maps; // ascending
	size_t map_count;
	struct snapshot_thread *threads;
	size_t thread_count;
	size_t threads_mapped; // bytes of the mapping that threads are; 0: they are from malloc(3)
	unsigned char *stacks;
	size_t stacks_len;
	struct snapshot_part *parts; // ascending, apart
	size_t part_count;
	size_t parts_mapped; // they are a mapping of so many bytes; 0: from malloc(3)
	// Whose memory stacks is: somebody else's, a mapping of so many bytes, or from malloc(3).
	bool stacks_borrowed;
	size_t stacks_mapped;
	// Why the task iterator was not there; 0: it was, ENOPKG: not built, EBADF: not asked for.
	int iterator_errnum;
	uint64_t paused_us; // wall time from the first stop to the last resume
	uint64_t window_us; // wall time from the first read to the last
	struct context context;
	uint64_t clock_ns; // what CLOCK_MONOTONIC was for it then; 0: not known, or of no interest
	struct parked parked; // only where they were kept: else they are read when they are wanted
};

// True when the registers and the stack of THREAD were copied, and it is not known yet whether it
// has run between the two.
static inline bool snapshot_is_unproven(const struct snapshot_thread *thread)
{
	return thread->status == SNAPSHOT_THREAD_MOVING && thread->stack_len > 0;
}

// A thread's regs_known when all are.
static const uint64_t SNAPSHOT_ALL_REGS = (UINT64_C(1) << ARCH_REG_COUNT) - 1;

// The mapping that holds ADDR, or NULL.
const struct snapshot_map *snapshot_find_map(const struct snapshot *snapshot, uint64_t addr);

// The part that holds the LEN bytes at ADDR, or NULL.
const struct snapshot_part *snapshot_find_part(
	const struct snapshot *snapshot, uint64_t addr, size_t len);

// The system call that THREAD, which is in one, is in; of one that was restarted, if it is known,
// the one that goes on.
uint64_t snapshot_call_nr(const struct snapshot_thread *thread);

// The copied bytes, *RET_LEN, of what argument INDEX of THREAD's system call points to.
const unsigned char *snapshot_call_bytes(const struct snapshot *snapshot,
	const struct snapshot_thread *thread, size_t index, size_t *ret_len);

// Drops what was copied of SNAPSHOT, but what the arguments of system calls point to. Fails with
// -ENOMEM, and drops nothing then.
int snapshot_drop_stacks(struct snapshot *snapshot);

// Closes and frees all that SNAPSHOT holds and leaves it empty. Accepts an empty one ({0}).
void snapshot_fini(struct snapshot *snapshot);

#define auto_snapshot __attribute__((cleanup(snapshot_fini)))

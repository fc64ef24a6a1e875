// SPDX-License-Identifier: GPL-2.0-or-later
// What is to be captured of a process, and how far that has come, for a capture's helper and its
// parent (see helper.h). Each way of capturing (stop.h, nostop.h, taskiter.h) takes a plan and
// fills rows of it.
//
// Theory of operation. A row is the helper's until it is SNAPSHOT_THREAD_CAPTURED, which is set
// last, after all else of the row and its stack. So when the helper is killed, at any instruction,
// what is marked as captured is whole, and all else is marked as not.
#pragma once

#include "snapshot.h"
#include "target.h"

#include <time.h>

// What is known of a row beyond the snapshot.
struct plan_row {
	bool whole; // all registers are wanted: its unwinding has shown that less is too little
	bool stop_tried;    // it was to be stopped already, whatever came of it
	bool stuck;         // a helper was killed while it read this thread's memory
	bool finished_late; // its stack was not whole when that of others was (stackcopy.h)
	int copy_errnum;    // why nothing of its stack could be copied, the last time; 0: it could
	uint64_t thread_pointer; // as the last attempt has seen it; 0: it has not
	uint64_t left_sp; // of the stack that its copied one says a signal handler has left, or 0
	size_t room;      // bytes reserved for its stack, at stack_offset
	size_t left_room; // and for the one that it has left, at left_offset
	size_t call_room; // and for what its system call's arguments point to, at wait.offset
};

struct capture_listener;
struct copier;
struct policy;
struct taskiter_program;

// Memory that a helper borrows.
struct plan_borrowed {
	unsigned char *start;
	size_t len, used;
	size_t dirty; // bytes that were borrowed before: they are not zero any more
};

// Stacks that are copied together, see copier.h.
struct copier_batch {
	size_t first, count; // of the threads' indices
	size_t copied;       // bytes that are there, of one stack after the other
	bool done;           // nobody copies it any more
};

struct plan {
	const struct target *target;
	int task_dir_fd;                   // /proc/PID/task
	int memory_fd;                     // see memory.h, may be negative
	int iterator_fd;                   // see taskiter.h, may be negative
	struct taskiter_program *iterator; // the parent's: its fds are not a helper's
	pid_t pid;
	const struct snapshot *snapshot;         // its maps are read
	const struct policy *policy;             // see policy.h
	const struct capture_listener *listener; // whom to tell of what is not proven yet, or NULL
	const pid_t *whole; // threads of which all registers are wanted, ascending
	size_t whole_count;
	size_t named_count;   // threads that the caller names: no others are looked for; 0: all
	uint32_t deadline_ms; // for all threads to stop
	struct snapshot_thread *threads;
	struct plan_row *rows; // parallel to threads, and in their memory
	size_t thread_count, thread_capacity;
	unsigned char *stacks;
	size_t stacks_len, stacks_capacity;
	size_t threads_mapped, stacks_mapped, parts_mapped; // bytes of the mappings; 0: malloc(3)
	bool stacks_borrowed;                               // they are in the caller's memory
	int stacks_file;             // that this memory is a mapping of, or negative
	bool is_mapped;              // all of the file is there, so that the mapping can be used
	bool by_file;                // stacks that are copied now are written to it
	struct snapshot_part *parts; // beside the stacks, ascending; NULL: there is no code to copy
	size_t part_count;
	bool code_tried;  // code that is in no file was looked for, whatever came of it
	size_t stack_max; // bytes copied of one stack at most
	// What comes out:
	bool threads_missed; // there are more threads than room, or they kept coming
	uint64_t first_read_us, last_read_us;
	uint64_t first_stop_us;
	uint64_t paused_us;        // from the first stop to the last resume
	size_t held_from, held_to; // the threads that may be stopped just now
	// Between the helper and its parent:
	size_t rung;          // the way of capturing that is in use
	bool listed;          // all threads are listed
	size_t at;            // the thread that is being read, or SIZE_MAX
	bool one_by_one;      // read one thread at a time: reading many at once got stuck
	bool probed;          // what the policy's ways need from the beginning was opened
	bool needs_probe;     // the way in use needs something that it could not open in a helper
	uint64_t kill_at_us;  // when the helper is killed, if it has not come further
	uint64_t deadline_us; // of all
	timer_t killer;       // of this helper, if has_killer
	bool has_killer;
	struct plan_borrowed borrowed;
	struct copier *copier;        // that has a thread of the helper, see copier.h; or NULL
	struct copier_batch *batches; // of the stacks that are being copied
	struct copier_batch batch;    // if it is one stack
	size_t batch_count;
	size_t copying_from; // of what is borrowed: what stackcopy_take() needs begins there
};

// True when thread INDEX still is to be captured.
static inline bool plan_wants(const struct plan *plan, size_t index)
{
	const struct snapshot_thread *thread = &plan->threads[index];

	return thread->status != SNAPSHOT_THREAD_CAPTURED &&
	       thread->status != SNAPSHOT_THREAD_GONE && thread->status != SNAPSHOT_THREAD_KERNEL &&
	       !plan->rows[index].stuck;
}

// Adds thread TID. Returns its row, or NULL when there is no room, which PLAN then says.
struct snapshot_thread *plan_add(struct plan *plan, pid_t tid);

// Adds the threads in /proc that PLAN has not yet. Returns how many.
size_t plan_add_new(struct plan *plan);

// How many threads the kernel counts of PLAN's process; 0: it is not known.
size_t plan_count_threads(const struct plan *plan);

// True when the kernel counts no more threads than PLAN has.
bool plan_has_all(const struct plan *plan);

// Takes what the status file says of thread INDEX, if that is not known yet; one that has no such
// file is SNAPSHOT_THREAD_GONE, unless it was captured. STATUS is what was read, if not NULL.
void plan_describe(struct plan *plan, size_t index, const struct proc_status *status);

// Records that thread INDEX refused to be stopped or read, by ERRNUM.
void plan_refused(struct plan *plan, size_t index, int errnum);

// Sets up what kills the calling process. Returns 0 or -errno.
int plan_set_timer(struct plan *plan);

// Moves the moment when the helper is killed to MS from now, but not behind PLAN's deadline.
void plan_allow(struct plan *plan, uint32_t ms);

// COUNT elements of SIZE bytes, zero, until plan_give_back(). NULL when so much is not there.
void *plan_borrow(struct plan *plan, size_t count, size_t size);

// Gives back all that was borrowed since plan->borrowed.used was USED.
void plan_give_back(struct plan *plan, size_t used);

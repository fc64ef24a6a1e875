// SPDX-License-Identifier: GPL-2.0-or-later
// From a snapshot to named stacks, by a worker process without privileges.
//
// Theory of operation. An inspection is opened before anything of the process is known, so that its
// worker starts meanwhile; it is told the modules before threads are captured, so that it opens
// their files; then the threads, before the last is known of them: many are unwound while it is not
// proven yet that they stood still, and those that did not are unwound once more. When it does not
// come to its end, another one is started that is not to read what it broke over (leftout.h). Each
// may take three quarters of the time that is left, and the last, which names nothing, all of it. A
// worker that has come to its end can be told the modules of another process, and so on: what
// several of them have mapped it opens, indexes and names once (shelf.h). Processes of one
// container may share a worker so: whoever deceives it deceives it about itself.
#pragma once

#include "error.h"
#include "memrange.h"
#include "snapshot.h"
#include "stacks.h"
#include "wire.h"
#include "work.h"
#include "worker.h"

// A file that the worker asks for. Hostile: whoever opens it checks it.
struct inspect_request {
	enum wire_request_kind kind;
	uint32_t module;                // whose file it is, beside its own: an index
	const char *path;               // and that module's path
	int fd;                         // and its file, or -EBADF
	const struct buildid *build_id; // that it has, or of length 0
	const char *link; // the file's name by a debug link or debug information, or empty
	unsigned place;   // the first place to look at, from 0
};

struct inspect_options {
	struct worker_options worker;
	uint32_t timeout_ms;
	// Opens what REQUEST asks for: a read-only fd, which is then the callee's, or -errno,
	// -EINVAL when something else is there in its place; at which place, to *RET_PLACE.
	int (*open_file)(void *arg, const struct inspect_request *request, unsigned *ret_place);
	// Reads COUNT RANGES of the target's memory as memoryfile_read() does (attach/): an fd,
	// which is then the callee's, or -errno. NULL: there is no target.
	int (*read_memory)(void *arg, const struct memory_range *ranges, size_t count);
	void *open_file_arg;     // of both
	const uint64_t *lent_us; // NULL, or time so far, spent in there, that is not the timeout's
	// Told of the file, any bytes, in which names are looked for, if the worker tells.
	void (*on_naming)(const char *path);
	// What the worker's process does: worker_live(), or becoming the program that does it.
	// Returns the exit status.
	int (*live)(const struct work *work);
};

struct inspection;

// Opens an inspection with OPTIONS, which must outlive it, and starts its worker; for
// inspect_close(). Fails with ERROR_SYSTEM; no process is left then.
int inspect_open(const struct inspect_options *options, struct inspection **ret, struct error *err);

// Its worker's process, or 0. If it ever had a CPU it had one at or after *RET_SINCE_US, by
// clock_now_us().
pid_t inspect_worker(const struct inspection *inspection, uint64_t *ret_since_us);

// Memory into which stacks can be copied so that they need not be copied again, *RET_LEN bytes;
// page-aligned, and there until inspect_close().
unsigned char *inspect_room(struct inspection *inspection, size_t *ret_len);

// The file that this is a mapping of, from its beginning on, or -EBADF: INSPECTION's. It has to be
// made as long as the room before the mapping is used.
int inspect_room_file(const struct inspection *inspection);

// Says that the stacks of about THREAD_COUNT threads will come, if there are many, after the next
// modules: then the worker, which has little to do yet, makes memory for them present, as that
// takes as long as copying them, or, if there are very many, the room becomes that of a file, whose
// pages are made when they are written; and inspect_modules() makes that present which is told of
// threads beside. What is in the room before is lost then.
void inspect_expect(struct inspection *inspection, size_t thread_count);

// Forgets what INSPECTION was told and was not finished, if anything, with its worker; another one
// is started. What fails is said by inspect_finish().
void inspect_begin(struct inspection *inspection);

// Tells INSPECTION the modules and maps of SNAPSHOT, once after inspect_open(), inspect_begin() or
// inspect_finish().
// What fails is said by inspect_finish().
void inspect_modules(struct inspection *inspection, const struct snapshot *snapshot);

// Tells INSPECTION the threads of SNAPSHOT, whose modules it knows, that are not proven yet
// (snapshot_is_unproven()): its worker unwinds them, if it may be of use, and inspect_threads()
// says which of them hold (as_told). Their stacks are in the room, and those that hold stay as they
// are. Allocates nothing.
void inspect_unproven(struct inspection *inspection, const struct snapshot *snapshot);

// Tells INSPECTION the threads of SNAPSHOT too, whose modules it knows: its worker begins. What
// fails is said by inspect_finish().
void inspect_threads(struct inspection *inspection, const struct snapshot *snapshot);

// What else there is to do, once: not long, and to nothing that a worker looks at.
struct inspect_meanwhile {
	void (*run)(void *arg);
	void *arg;
};

// Unwinds and names all captured threads of SNAPSHOT, which INSPECTION knows, into *RET, and does
// MEANWHILE, which may be NULL, while the worker is busy: when it has got the first file that it
// asks for, or has asked for none for a while, or at the end. What workers could not do,
// because they crashed, hung or lied, is missing there, with the reason in each module that is to
// blame, or in each stack; that is no failure (one that did well with other snapshots before is not
// believed the first time: another one tries again before anything is left out). Fails with
// ERROR_SYSTEM when there is no memory or no worker could be started; *RET is then empty.
int inspect_finish(struct inspection *inspection, const struct snapshot *snapshot,
	const struct inspect_meanwhile *meanwhile, struct stacks *ret, struct error *err);

// Has INSPECTION's worker end, which takes it some time: for when there is something else to do.
// Only inspect_close() is left then. Accepts NULL.
void inspect_release(struct inspection *inspection);

// The same, and waits until it is gone.
void inspect_end(struct inspection *inspection);

// Ends INSPECTION: no process is left. Accepts NULL.
void inspect_close(struct inspection *inspection);

static inline void inspect_cleanup(struct inspection **inspection)
{
	inspect_close(*inspection);
}

#define auto_inspection __attribute__((cleanup(inspect_cleanup)))

// All of it for SNAPSHOT, which was taken already.
int inspect_run(const struct snapshot *snapshot, const struct inspect_options *options,
	struct stacks *ret, struct error *err);

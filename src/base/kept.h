// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots in a file: what `stack --save` writes and `stack --load` reads, on any host of the same
// machine, without the files that the process had mapped.
//
// Theory of operation. The file is one sequence of numbers and bytes, in the order of the tables in
// kept_fields.c, which writing and reading share. Numbers are little endian and of a fixed width; a
// string is its length (32 bits) and its bytes. It begins with a magic, the version, the ELF
// machine and where and when it was written; then comes a 32-bit tag before each process, and one
// that says that it was the last. Nothing follows. Of each file that the process had mapped there
// are the parts that unwinding and naming need, as the unprivileged worker has chosen them
// (inspect/needed.h); of the rest of it only the length. When it is read they are put at their own
// offsets into a sealed file in memory, which everything else then uses as if it were the file.
// What is read is hostile: each number is compared with the bounds in its table, each count also
// with what the file has left, before it is used, and what is allocated is bounded by the file's
// own length. The whole file is looked through before the first process of it is given out.
#pragma once

#include "error.h"
#include "filepart.h"
#include "snapshot.h"

#define KEPT_MAGIC "nspeek\032\n"

enum {
	KEPT_VERSION = 4,
	KEPT_PAUSE_SIZE = 16,
	KEPT_HOST_SIZE = 65,
	KEPT_PATH_MAX = 8192,     // bytes of a path
	KEPT_IMAGE_MAX = 1 << 20, // of an object that was copied out of memory
};

// Of one process: bytes of all parts of files; lengths of these files, for whoever reads may need
// so much memory; bytes of stacks.
static const uint64_t KEPT_PARTS_MAX = UINT64_C(256) << 20;
static const uint64_t KEPT_FILES_MAX = UINT64_C(4) << 30;
static const uint64_t KEPT_STACKS_MAX = UINT64_C(1) << 30;

// Where and when the file was written.
struct kept_origin {
	uint64_t time_s; // since 1970
	char host[KEPT_HOST_SIZE];
};

// A process. What is written is borrowed; what was read is owned.
struct kept_process {
	struct snapshot snapshot;
	char pause[KEPT_PAUSE_SIZE]; // the policy: lower case letters
	bool threads_missed;         // there were more threads than could be listed
	bool all_threads;            // not only some that were asked for
	struct file_parts *files;    // parallel to the snapshot's modules
	struct debug_file *debugs;   // that of the module behind the last is the perf map
	size_t debug_count;
};

struct kept_writer;

// Begins a file on FD, which is borrowed, with ORIGIN. Returns a writer that the caller owns, or
// NULL when there is no memory. Between calls everything is written: a child can make them.
struct kept_writer *kept_write_begin(int fd, const struct kept_origin *origin);

// Writes PROCESS. What cannot be read any more of a file of it is written as zeros. Fails with
// -EFBIG when it is larger than may be read again, or -errno of write(2), which every further call
// returns too.
int kept_write_process(struct kept_writer *writer, const struct kept_process *process);

// Ends the file. As kept_write_process().
int kept_write_end(struct kept_writer *writer);

// Frees WRITER. Accepts NULL.
void kept_write_free(struct kept_writer *writer);

struct kept_reader;

// Opens PATH, a regular file, and looks through all of it. Returns a reader that the caller owns.
// Fails with -errno of opening or reading it, or -EBADMSG when it is no sound file of this version
// and machine; NULL is returned then.
struct kept_reader *kept_read_open(const char *path, struct error *err);

const struct kept_origin *kept_read_origin(const struct kept_reader *reader);

// Reads the next process into *RET, for kept_process_fini(). A file of which parts were kept has a
// sealed fd; a module whose file was not kept has none, source SNAPSHOT_SOURCE_NONE and a note, and
// its build id in the files. Returns 1, 0 behind the last, or fails as kept_read_open() does.
int kept_read_process(struct kept_reader *reader, struct kept_process *ret, struct error *err);

// Closes READER. Accepts NULL.
void kept_read_free(struct kept_reader *reader);

// Frees a process that was read. Accepts one that is {0}.
void kept_process_fini(struct kept_process *process);

// SPDX-License-Identifier: GPL-2.0-or-later
// What the worker and nspeek say to each other: records over a sequenced-packet socket, so that a
// length is always known before anything is read. Several records go in one packet, because each
// packet that somebody waits for costs a change of processes. Both sides are one program, but the
// worker has read hostile files: everything that comes from it is checked here.
#pragma once

#include "filepart.h"
#include "memrange.h"
#include "stacks.h"

#include <sys/types.h>

enum wire_type {
	WIRE_MODULE = 1, // worker: build id and note of a module
	WIRE_SANDBOX,    // worker, before all else: it is held by less than it should be
	WIRE_SYMBOL,     // worker: a name; they are numbered as they come
	WIRE_FRAMES,     // worker: further frames of a thread
	WIRE_THREAD,     // worker: how a thread's chain ended
	WIRE_SAME,       // worker: further threads with the same stack
	WIRE_VERIFY,     // worker: what a second engine found of a thread whose chain has ended
	WIRE_REQUEST,    // worker: asks for a file; answered by WIRE_FILE
	WIRE_READ,       // worker: asks for memory of the target; answered by WIRE_FILE
	WIRE_GOROUTINES, // worker: what is known of the goroutines that no thread runs
	WIRE_GOROUTINE,  // worker: one of them; they are numbered as they come, behind the threads
	WIRE_SINCE,      // worker: since when the last one waits
	WIRE_OTHERS,     // worker: further ones that are there, but whose stacks are not
	WIRE_REGISTERS,  // worker: of a goroutine, to keep it
	WIRE_BYTES,      // worker: further bytes of its stack
	WIRE_PARTS,      // worker: what is needed of a file, to keep it
	WIRE_POSITIONS,  // worker: functions, files and lines of a code address
	WIRE_NAMING,     // worker: begins to look for names in a module
	WIRE_DONE,       // worker: that was all
	WIRE_FILE,       // nspeek: a file, as an fd beside the record, or none
	WIRE_MODULES,    // nspeek: modules and maps are in the work; their files follow alone
	WIRE_UNPROVEN,   // nspeek: threads and stacks are there, to be told again
	WIRE_THREADS,    // nspeek: threads and stacks are there
	WIRE_ROOM,       // nspeek: stacks will come; may come before anything else
};

enum {
	WIRE_PACKET_MAX = 32 << 10,
	WIRE_TEXT_MAX = 4096,  // bytes of a name or note with its NUL
	WIRE_FRAMES_MAX = 512, // in one record
	WIRE_THREADS_MAX = 4096,
	WIRE_POSITIONS_MAX = 512,
	WIRE_OTHERS_MAX = 2048,
	WIRE_BYTES_MAX = 16 << 10,
	WIRE_LOCATIONS_MAX = 1 << 22, // different code addresses of all frames
	WIRE_FILES_MAX = 128,         // files in one packet; the kernel takes 253 (SCM_MAX_FD)

	WIRE_REQUESTS_MAX = 1 << 12, // of one worker
	WIRE_READS_MAX = 1024,       // the same
};

enum wire_request_kind {
	WIRE_REQUEST_DEBUG,   // what may be the separate debug file of a module
	WIRE_REQUEST_PACKAGE, // the package (.dwp) of its split units
	WIRE_REQUEST_SPLIT,   // the file (.dwo) of one of them
	WIRE_REQUEST_ALT,     // the one that dwz has put what is common into
	WIRE_REQUEST_PERFMAP, // what may be the perf map of the process
	WIRE_REQUEST_KINDS,
};

// True when a file of KIND is kept with the snapshot; what has debug information only is not.
static inline bool wire_is_kept(uint32_t kind)
{
	return kind == WIRE_REQUEST_DEBUG || kind == WIRE_REQUEST_PERFMAP;
}

// Which file parts are about.
enum wire_parts_kind {
	WIRE_PARTS_MODULE, // the file of a module
	WIRE_PARTS_ASKED,  // one that was asked for, by its number among those that are kept
	WIRE_PARTS_KINDS,
};

struct wire_frame {
	uint64_t pc, vaddr;
	int32_t module, symbol, location;
	uint8_t signal, via;
	uint8_t pad[2];
};

struct wire_position {
	int32_t name, file;
	uint32_t line;
};

// Where a goroutine goes on.
struct wire_registers {
	uint64_t sp, pc, bp;
};

// One record. What each type uses:
//   SANDBOX: status (enum sandbox_kind)
//   MODULE: index, build_id, text (the note), status (1: that is damage, and has cost something)
//   SYMBOL: value (its start), text (the name)
//   FRAMES: index (the thread), count, frames  THREAD: index, status, value (the stack
//   pointer of an overflow), text (the reason)
//   SAME: index (the thread whose stack is known), count, threads
//   VERIFY: index, status (the result), count (frames that are the same), kind (1: the second
//   engine has a frame there), value (its pc), text (the reason)
//   READ: count, ranges
//   GOROUTINES: status (whether they can be shown), value (how many there are), kind (1: they and
//   the others are all that there are), text (the reason)
//   GOROUTINE: value (its id), status, text (what it waits for)
//   SINCE: value (nanoseconds)
//   OTHERS: kind (1: they ran, 0: they are too many), count, ids
//   REGISTERS: index (its number), status (1: its stack is not copied as a whole), registers
//   BYTES: index (the same), count, bytes
//   PARTS: kind, index (the module, or the request), build_id, count, parts
//   POSITIONS: index (the location), count, positions
//   REQUEST: kind, index (the module; of a perf map the one behind the last), build_id, text (the
//   name that its debug link, or its debug information, gives), count (the first place to look at)
//   FILE: count (the place it is from), status (1: none, but something else is there)
//   ROOM: value (their bytes, about), beside it work_take_file()'s file, or none
//   NAMING: index (the module)                 MODULES, UNPROVEN, THREADS: nothing
//   DONE: value, index, count (microseconds of unwinding, naming, positions)
struct wire_record {
	uint32_t len; // in bytes, of all that its type uses: whoever sends it fills it in
	uint32_t type;
	uint32_t index, count, status, kind;
	uint64_t value;
	struct buildid build_id;
	union {
		char text[WIRE_TEXT_MAX];
		struct wire_frame frames[WIRE_FRAMES_MAX];
		uint32_t threads[WIRE_THREADS_MAX];
		struct file_part parts[FILE_PARTS_MAX];
		struct wire_position positions[WIRE_POSITIONS_MAX];
		struct memory_range ranges[MEMORY_RANGES_MAX];
		uint64_t ids[WIRE_OTHERS_MAX];
		struct wire_registers registers;
		unsigned char bytes[WIRE_BYTES_MAX];
	};
};

// Records that wait for their packet to be sent on SOCKET.
struct wire_out {
	int socket;
	size_t len;
	unsigned char bytes[WIRE_PACKET_MAX];
};

// A packet that has come from SOCKET, of which records are being taken.
struct wire_in {
	int socket;
	size_t len, at;
	int fd; // that came beside it, for its first record; else negative
	unsigned char bytes[WIRE_PACKET_MAX];
};

// Makes OUT, or IN, an empty one for SOCKET. Most of it is left as it is: it is large.
static inline void wire_out_init(struct wire_out *out, int socket)
{
	out->socket = socket;
	out->len = 0;
}

static inline void wire_in_init(struct wire_in *in, int socket)
{
	in->socket = socket;
	in->len = in->at = 0;
	in->fd = -1;
}

// Adds RECORD (only the part that its type uses) to the packet of OUT; a packet that has no room
// for it is sent before. Returns 0 or -errno of sendmsg(2).
int wire_put(struct wire_out *out, const struct wire_record *record);

// Sends what waits in OUT. Returns 0 or -errno of sendmsg(2).
int wire_flush(struct wire_out *out);

// Sends RECORD on SOCKET at once, alone, with FD beside it unless FD is negative. Returns 0 or
// -errno of sendmsg(2).
int wire_send(int socket, const struct wire_record *record, int fd);

// Takes the next record of IN, for which a packet is waited for if none is left, into *RET, and the
// fd beside it into *RET_FD (-EBADF: none; owned by the caller). Returns 1, 0 when the other side
// has closed, -errno of recvmsg(2), or -EPROTO when what came is no well-formed record: its length,
// its type, its counts, its strings' ends.
int wire_receive(struct wire_in *in, struct wire_record *ret, int *ret_fd);

// Waits without sleeping for a packet of IN, for US at most: who is woken on a CPU that sleeps
// comes 20 us later, or 50.
void wire_spin(const struct wire_in *in, uint32_t us);

// True when IN has a record for which nothing has to be waited for.
static inline bool wire_has_more(const struct wire_in *in)
{
	return in->at < in->len;
}

// Sends the COUNT FDS, of files that were announced, on SOCKET, as many in a packet as the kernel
// takes at once. Returns 0 or -errno of sendmsg(2).
int wire_send_files(int socket, const int *fds, size_t count);

// Receives COUNT fds that wire_send_files() has sent into FDS, which are the caller's then. Returns
// 1, 0 when the other side has closed, -errno of recvmsg(2), or -EPROTO when something else came;
// no fd is left then.
int wire_receive_files(int socket, int *fds, size_t count);

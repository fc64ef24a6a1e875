// SPDX-License-Identifier: GPL-2.0-or-later
// What the supervisor, the joiner and the stub say to each other.
//
// One SOCK_SEQPACKET socket pair: the supervisor has one end, the joiner and then the stub the
// other. A packet is one record: its head, and for some kinds bytes after it. What comes from the
// inside is checked by the supervisor, since the container may have power over the stub.
#pragma once

#include <stdint.h>

enum record_kind {
	// From the joiner, which the container cannot see.
	RECORD_ERROR = 1,    // it failed; a struct error follows
	RECORD_TERMINAL,     // the container's new terminal: its master comes along as a right
	RECORD_LAUNCHED,     // value: the stub's PID. The last of the joiner's
	RECORD_CLONE_FAILED, // value: errno; there is no stub
	// From the stub.
	RECORD_STARTED,     // the command is executed; only if STUB_SAY_STARTED
	RECORD_FORK_FAILED, // value: errno; there is no command
	RECORD_EXEC_FAILED, // value: errno; there is no command any more
	RECORD_STOPPED,     // value: the signal that stopped the command
	RECORD_EXITED,      // value: the command's status as wait(2) gives it
	// To the stub.
	RECORD_SIGNAL,       // value: a signal for the command
	RECORD_SIGNAL_GROUP, // value: a signal for the command's process group
	RECORD_GO,           // the command may be executed
	RECORD_END,          // kill all that the session has started
};

struct record {
	uint32_t kind;
	int32_t value;
};

// The words that the stub is executed with: its name, the four numbers (in hexadecimal, the mask
// being the signals that the command has blocked), the program's path, and the program's own words.
enum stub_word {
	STUB_NAME,
	STUB_CONTROL_FD,
	STUB_FLAGS,
	STUB_TERMINAL_FD, // of the standard fds, the one that is to be the controlling terminal
	STUB_SIGNAL_MASK, // bit N - 1: signal N
	STUB_PATH,
	STUB_ARGV,
};

enum stub_flags {
	STUB_IGNORE_CHILD = 1 << 0, // the command ignores SIGCHLD, as our caller did
	STUB_HAS_TERMINAL = 1 << 1, // STUB_TERMINAL_FD counts
	STUB_SAY_STARTED = 1 << 2,
	STUB_MAY_BE_SCRIPT =
		1 << 4,         // without `#!': where execve(2) does not know it, the shell does
	STUB_DIRECTLY = 1 << 3, // no processes are made: the caller becomes the command
};

// SPDX-License-Identifier: GPL-2.0-or-later
// Copying between the caller's standard fds and what replaces them for the command.
//
// The caller's fds are shared with others, so they are not made non-blocking; each is opened anew
// where that is possible. Nothing is lost: what was read is written before the end is passed on.
#pragma once

#include "terminal.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RELAY_SIZE = 16384,
	RELAY_WRITE_MAX = 4096, // what poll(2) promises that a pipe takes
	RELAY_COUNT = STANDARD_COUNT,
	RELAY_POLL_COUNT = 2 * RELAY_COUNT,
};

// One direction.
struct relay {
	int from, to;      // owned; -EBADF once that side is closed
	size_t start, len; // of what is in the buffer
	bool is_input;     // from the caller
	bool to_terminal;  // TO is the new terminal, which has no end to pass on but a key
	bool types_end;    // FROM has ended, and that key is typed again and again
	uint64_t typed_us; // when last
	char *buffer;      // of RELAY_SIZE bytes, owned; NULL if it is not used
};

struct relays {
	struct terminal *terminal;
	sigset_t keys; // the signals whose keys have gone to the new terminal
	struct relay each[RELAY_COUNT];
};

// Sets up what TERMINAL needs, once it has its new terminal. The fds are duplicated or opened anew,
// and TERMINAL's own ends of the pipes are closed. Returns 0 or -ENOMEM, with nothing left.
int relays_init(struct terminal *terminal, struct relays *ret);

// Fills FDS for poll(2), with -1 where there is nothing to wait for. Returns the milliseconds after
// which to ask again though nothing has happened, or -1.
int relays_prepare(const struct relays *relays, struct pollfd fds[static RELAY_POLL_COUNT]);

// Copies what poll(2) says can be copied without blocking. Hangs the new terminal up when nobody
// takes its output any more.
void relays_run(struct relays *relays, const struct pollfd fds[static RELAY_POLL_COUNT]);

// True when a key that makes the new terminal send SIG has gone there since this was last asked.
// The container can send the same signals, but not type for our caller.
bool relays_take_key(struct relays *relays, int sig);

// True while there is output to copy, or can be.
bool relays_have_output(const struct relays *relays);

// The command has ended: takes no more input, and copies all output that is there. Returns early,
// to be called again, when SIGNAL_FD becomes readable while nobody takes the output.
void relays_drain(struct relays *relays, int signal_fd);

// Accepts one that is RELAYS_EMPTY.
void relays_fini(struct relays *relays);

// clang-format off
#define RELAYS_EMPTY ((struct relays){.each = {[0 ... RELAY_COUNT - 1] = {.from = -EBADF, .to = -EBADF}}})
// clang-format on

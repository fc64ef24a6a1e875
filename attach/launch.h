// SPDX-License-Identifier: GPL-2.0-or-later
// The processes below the supervisor: the joiner, which goes inside, the stub, and the command.
//
// Theory of operation. The supervisor forks the joiner, which joins everything, takes the command's
// identity, finds the command, and becomes the program of attach/stub/ (see there), which clones
// the stub with CLONE_PARENT: so the stub is in the container's PID namespace, and a child of the
// supervisor, which alone stays outside. The stub starts the command and is its parent.
//
// The joiner dies with the supervisor. The stub is not killed but told, by the socket that hangs
// up: it has to end what the command started first.
//
// What comes through the socket is not trusted: the container may trace the stub, if it has the
// power. The stub's PID is only believed when it is that of a child of ours; the rest can at worst
// make us report a wrong end of a command that the container could end as well.
#pragma once

#include "entry.h"
#include "error.h"
#include "terminal.h"

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

// What the caller of nspeek had set, for the command.
struct launch_signals {
	uint64_t mask;          // that are blocked, as in sigbits.h
	struct sigaction child; // of SIGCHLD
};

struct launch_request {
	const struct entry *entry; // borrowed, as are the next two
	struct terminal *terminal; // its ends of the inside are closed on our side
	const struct launch_signals *signals;
	unsigned preserved_count; // fds from 3 on that the command inherits
	bool say_started;         // LAUNCH_STARTED is wanted, and waited for
};

struct launch {
	pid_t joiner;
	const char *name; // of the command, for messages; borrowed
	int control_fd;   // of the supervisor: records of attach/stub/protocol.h
};

enum launch_event {
	LAUNCH_NOTHING,  // no record is there
	LAUNCH_GONE,     // the other end is closed: nobody is left inside
	LAUNCH_ERROR,    // it did not come to a command: see the error
	LAUNCH_TERMINAL, // VALUE: the container's new terminal, its master's fd, for the caller to
			 // own
	LAUNCH_STUB,     // VALUE: the stub's PID in our PID namespace, a child of ours
	LAUNCH_STARTED,  // the command's process waits for launch_send_go()
	LAUNCH_STOPPED,  // VALUE: the signal that stopped the command
	LAUNCH_EXITED,   // VALUE: the command's status as wait(2) gives it
};

// Forks the joiner. All signals are blocked in the caller and stay so inside; the command gets
// SIGNALS back. *RET is the caller's; nothing is left on failure.
int launch_start(const struct launch_request *request, struct launch *ret, struct error *err);

// As launch_start(), but the joiner ends where it would become the stub, with nothing executed, and
// says through the notice what that would have been. The caller waits for it, and then takes in
// the error, if there is one.
int launch_dry(const struct launch_request *request, struct launch *ret, struct error *err);

// As launch_start(), but the calling process itself goes inside and becomes the command, with no
// process made. Returns only on failure.
int launch_directly(const struct launch_request *request, struct error *err);

// Takes in one record. A record that is damaged, or comes out of turn, is an LAUNCH_ERROR.
enum launch_event launch_receive(const struct launch *launch, int *ret_value, struct error *err);

// Has the stub send SIG to the command, or to its process group. A signal that the stub does not
// take in (see launch_is_deaf()) waits for it.
void launch_send_signal(const struct launch *launch, int sig, bool whole_group);

// Lets the command be executed, after LAUNCH_STARTED.
void launch_send_go(const struct launch *launch);

// Has the stub kill and reap all that the session has started, and exit.
void launch_send_end(const struct launch *launch);

// True when the stub has not taken in what it was sent, or has closed its end: the command's
// execve(2), for which it waits, is held, by a file system of the container perhaps.
bool launch_is_deaf(const struct launch *launch);

// SPDX-License-Identifier: GPL-2.0-or-later
// The supervisor: nspeek's own process while a command runs. It joins nothing.
//
// Theory of operation. All signals are blocked and read from a signalfd, so each is handled once,
// at one place. While the command does not run yet, one that would end us ends the set-up: the
// joiner is killed, and not waited for long, since a file system of the container may hold it.
// After that every signal is passed on to the command, by the stub; one that the kernel sent for a
// key of our terminal to the command's whole process group, which the key does not reach. When the
// command stops we stop by the same signal, so that our caller's job control sees one job; when we
// continue, the command's group does. A second signal that would end us, while the stub does not
// take in the first, since the command's execve(2) is held, kills the stub and with it the command.
//
// The session ends when the command does, when its time is up, or when our terminal hangs up: then
// the stub is told to end all that was started, and the supervisor leaves when the stub has.
#pragma once

#include "entry.h"
#include "error.h"
#include "terminal.h"

#include <stdint.h>

struct session_request {
	enum terminal_mode terminal;
	unsigned preserved_count; // fds from 3 on for the command
	bool directly;            // no process is made: ours becomes the command
	uint64_t timeout_us; // after which the command gets SIGTERM, or the set-up ends; 0: never
	uint64_t kill_after_us; // after that, or after a hang-up, all is killed
	const char *pid_file;   // gets the command's PID in our PID namespace; NULL: none; borrowed
};

enum { SESSION_KILL_AFTER_US = 5000000 }; // where nothing else is said

// Runs the command of ENTRY and returns its exit status, or 128 + N when signal N ended it; does
// not return when SIGINT or SIGQUIT ended it by a key of our terminal, nor when it is run DIRECTLY.
// Fails with what failed inside, of whatever kind. The signal mask and SIGCHLD's disposition of the
// caller are changed, and not restored, and ENTRY may be released: nothing but the exit is meant to
// follow.
int supervise(struct entry *entry, const struct session_request *request, struct error *err);

// SPDX-License-Identifier: GPL-2.0-or-later
// The two processes below the supervisor: the joiner, which goes inside, and the command.
//
// Theory of operation. The supervisor forks the joiner, which joins everything and then clones the
// command's process with CLONE_PARENT: so the command is in the container's PID namespace, and a
// child of the supervisor, which alone stays outside, waits for it and passes signals on. The
// joiner says the command's PID through a pipe and exits. Both die with the supervisor. What fails
// in either comes back through the pipe as an error object; when the command has started, the last
// writer of the pipe has closed it by execve(2).
#pragma once

#include "entry.h"
#include "error.h"
#include "terminal.h"

#include <signal.h>
#include <sys/types.h>

// One record of the pipe. Smaller than PIPE_BUF, so it comes whole.
struct launch_record {
	pid_t command;    // the command's PID in our PID namespace, or 0
	struct error err; // what failed, of kind ERROR_NONE when nothing did
};

// What the caller of nspeek had set, for the command.
struct launch_signals {
	sigset_t mask;
	struct sigaction child; // of SIGCHLD
};

struct launch {
	pid_t joiner;
	int report_fd; // of struct launch_record, non-blocking
};

// Forks the joiner for ENTRY. All signals are blocked in the caller and stay so in the joiner; the
// command gets SIGNALS back. *RET is the caller's; nothing is left on failure.
int launch_start(const struct entry *entry, const struct terminal *terminal,
	const struct launch_signals *signals, struct launch *ret, struct error *err);

// Reads a record. Returns 1, 0 at the end (the command runs, or nobody is left to write), or
// -EAGAIN when there is nothing now. One that is damaged is returned as an error of its own.
int launch_read(const struct launch *launch, struct launch_record *ret);

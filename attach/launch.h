// SPDX-License-Identifier: GPL-2.0-or-later
// The two processes below the supervisor: the joiner, which goes inside, and the command.
//
// Theory of operation. The supervisor forks the joiner, which joins everything and then clones the
// command's process with CLONE_PARENT: so the command is in the container's PID namespace, and a
// child of the supervisor, which alone stays outside, waits for it and passes signals on. The
// joiner exits then. Both die with the supervisor. What fails in either comes back through a pipe
// as an error object; when the command has started, the last writer has closed it by execve(2).
//
// Until its execve(2) the command's process can be traced by the container, if that has the power,
// and made to write anything into the pipe. So its PID does not come that way: the kernel writes
// it, before the process runs, to a page that the supervisor shares with the joiner alone.
#pragma once

#include "entry.h"
#include "error.h"
#include "terminal.h"

#include <signal.h>
#include <sys/types.h>

// What the caller of nspeek had set, for the command.
struct launch_signals {
	sigset_t mask;
	struct sigaction child; // of SIGCHLD
};

struct launch {
	pid_t joiner;
	int report_fd;        // of struct error, non-blocking
	const pid_t *command; // shared with the joiner: see launch_command()
};

// Forks the joiner for ENTRY. All signals are blocked in the caller and stay so in the joiner; the
// command gets SIGNALS back. *RET is the caller's; nothing is left on failure.
int launch_start(const struct entry *entry, const struct terminal *terminal,
	const struct launch_signals *signals, struct launch *ret, struct error *err);

// The command's PID in our PID namespace, or 0 while it has no process. After a record of the
// command was read, or the joiner was reaped, it is known if there is one.
pid_t launch_command(const struct launch *launch);

// Reads what failed inside. Returns 1, 0 at the end (the command runs, or nobody is left to write),
// or -EAGAIN when there is nothing now. A record that is damaged is an error of its own.
int launch_read(const struct launch *launch, struct error *ret);

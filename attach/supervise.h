// SPDX-License-Identifier: GPL-2.0-or-later
// The supervisor: nspeek's own process while a command runs. It joins nothing.
//
// Theory of operation. All signals are blocked and read from a signalfd, so each is handled once,
// at one place. While the command does not run yet, one that would end us ends the set-up: the
// joiner is killed, and not waited for long, since a file system of the container may hold it.
// After that every signal is passed on to the command, but for those that the terminal has sent
// to the command itself, and SIGCONT. When the command stops we stop by the same signal, so that
// our caller's job control sees one job; when we continue, the command's group does. A second
// signal that would end us, while the command's process has not executed it, gives that up.
//
// While the command has the terminal, a key reaches its group and not ours, where our caller may be
// (a script). So when Ctrl-Z stopped the command, or Ctrl-C or Ctrl-\ ended it, our group gets the
// signal from us, and we die of it too.
#pragma once

#include "entry.h"
#include "error.h"

// Runs the command of ENTRY and returns its exit status, or 128 + N when signal N ended it; does
// not return when SIGINT or SIGQUIT ended it while it had the terminal. Fails with what failed
// inside, of whatever kind. The signal mask and SIGCHLD's disposition of the caller are changed,
// and not restored: nothing but the exit is meant to follow.
int supervise(const struct entry *entry, struct error *err);

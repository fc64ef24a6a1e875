// SPDX-License-Identifier: GPL-2.0-or-later
// Our controlling terminal, and which process group it belongs to while the command runs.
//
// Theory of operation. A key such as Ctrl-C sends its signal to the terminal's foreground process
// group, and a reader from another group is stopped. So the command must be in that group, and for
// its own job control it should lead one. When both stdin and stdout are the terminal, the command
// gets a group of its own and the foreground, and we take it back when it stops or ends. When only
// some standard fd is, we are a part of a pipeline whose other programs (a pager) need the
// foreground as much: then the command shares our group. Without a terminal it has its own, and our
// controlling terminal, if there is one, is out of its reach: else /dev/tty would open it.
//
// The shell that started us gives the foreground too: when it has moved us to the background, the
// foreground is somebody else's and is left alone. It also restores the terminal's modes only after
// a job that a signal ended, and we end by ourselves: so the modes are restored here then.
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

enum terminal_sharing {
	TERMINAL_NONE,     // no standard fd is our controlling terminal
	TERMINAL_PIPELINE, // some are: the command stays in our process group
	TERMINAL_HANDOVER, // stdin and stdout are: the command's group gets the foreground
};

struct terminal {
	enum terminal_sharing sharing;
	pid_t group; // our own process group
	bool given;  // the command's group has the foreground from us
	bool has_modes;
	struct termios modes; // as they were before the command
};

// Looks at the standard fds of the calling process, before the command's process is made. GIVEN
// is then what that process will do: whether the foreground is ours to give.
void terminal_init(struct terminal *ret);

// In the joiner, before it joins anything: gives up the controlling terminal when no standard fd is
// it, for itself and the command. Our session stays where that can be done, so that the command's
// group is no orphaned one, which ignores SIGTSTP.
void terminal_leave(const struct terminal *terminal);

// In the command's process, before execve(2): moves it to its process group, and that to the
// foreground if it is GIVEN. SIGTTOU must be blocked.
void terminal_enter_command(const struct terminal *terminal);

// In the supervisor: gives the foreground to process group GROUP, if it is ours to give.
void terminal_give(struct terminal *terminal, pid_t group);

// In the supervisor: takes the foreground back from process group GROUP, the command's, if it was
// given and nobody else who lives has it by now. SIGTTOU must be blocked. Returns whether it did.
bool terminal_take_back(struct terminal *terminal, pid_t group);

// In the supervisor, which has the foreground: restores the terminal's modes.
void terminal_restore_modes(const struct terminal *terminal);

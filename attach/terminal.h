// SPDX-License-Identifier: GPL-2.0-or-later
// The command's standard fds, where ours are terminals, and the caller's terminal meanwhile.
//
// Theory of operation. A terminal that the command inherits lets it type for our caller (TIOCSTI)
// and look at what is typed after its end. So none of ours is ever given to it. When stdin and
// stdout are terminals (TERMINAL_AUTO) the command gets a new one, as its controlling terminal and
// in place of each standard fd that is one of ours; the supervisor copies between the two, and
// ours is in raw mode, so that each key, Ctrl-C too, works in the new one. The new one is made in
// the container's own devpts, so that its name is right there; it is made sure that it is devpts
// and not what the container put in its place. Where there is none, it is one of the host's, which
// has no name inside. Otherwise each standard fd that is a terminal is replaced by a pipe.
//
// Modes are changed, and input is taken, only while our process group has the foreground. With a
// pipe, input is taken only while the terminal is in canonical mode, so that a pager behind us in a
// pipeline, which has left that mode, gets its keys.
#pragma once

#include "error.h"
#include "notice.h"

#include <stdbool.h>
#include <termios.h>

enum terminal_mode {
	TERMINAL_AUTO,
	TERMINAL_ALWAYS, // a new terminal for all three standard fds, whatever ours are
	TERMINAL_NEVER,  // pipes
};

enum { STANDARD_COUNT = 3 };

struct terminal {
	bool is_new;                   // the command gets a new terminal
	bool replaced[STANDARD_COUNT]; // the command's fd is the new terminal or a pipe of ours
	bool ours[STANDARD_COUNT];     // our own fd is a terminal
	int master_fd;                 // of the new terminal
	int slave_fd;                  // of the host's; the inside's end
	int outside[STANDARD_COUNT];   // our ends of pipes, non-blocking
	int inside[STANDARD_COUNT];    // the others
	int inside_fd;                 // in the joiner: the fd that is the new terminal, or -EBADF
	struct termios modes;          // of our stdin, as they were when we changed them
	bool has_modes, is_raw;
};

// Looks at our standard fds and makes what they are replaced by. Fails with nothing left.
int terminal_open(enum terminal_mode mode, struct terminal *ret, struct error *err);

// In the joiner, inside: replaces the standard fds. When the container (INSIDE) has a devpts and
// the new terminal is made there, *RET_MASTER is its master, owned by the caller; else it is left.
int terminal_enter(struct terminal *terminal, bool inside, const struct notice *notice,
	int *ret_master, struct error *err);

// In the supervisor: closes the ends of the inside.
void terminal_close_inside(struct terminal *terminal);

// In the supervisor: MASTER_FD, which is owned from now on, is the new terminal, if it is a
// terminal's master. Returns 0, or -EINVAL with MASTER_FD closed.
int terminal_adopt(struct terminal *terminal, int master_fd);

// Whether input may be taken from our stdin now.
bool terminal_may_read(const struct terminal *terminal);

// Puts our terminal into raw mode if the command has a new one and we have the foreground; gives
// the new one our window size. Does nothing where that is done already.
void terminal_start(struct terminal *terminal);

// The same, after we were continued: a stop that we do not see, SIGSTOP, may have come between, and
// the terminal have other modes now.
void terminal_continue(struct terminal *terminal);

// Restores the modes of our terminal, if they were changed.
void terminal_stop(struct terminal *terminal);

// Gives the new terminal our window size.
void terminal_resize(const struct terminal *terminal);

// Accepts one that is TERMINAL_EMPTY. Restores the modes too.
void terminal_fini(struct terminal *terminal);

// clang-format off
#define TERMINAL_EMPTY ((struct terminal){.master_fd = -EBADF, .slave_fd = -EBADF, .inside_fd = -EBADF, \
	.outside = {-EBADF, -EBADF, -EBADF}, .inside = {-EBADF, -EBADF, -EBADF}})
// clang-format on
#define auto_terminal __attribute__((cleanup(terminal_fini)))

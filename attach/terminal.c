// SPDX-License-Identifier: GPL-2.0-or-later
// Handing the foreground of the terminal over and back.
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

// tcgetpgrp(3) succeeds only on the caller's controlling terminal.
static bool is_controlling(int fd)
{
	return tcgetpgrp(fd) >= 0;
}

static bool is_foreground(const struct terminal *terminal)
{
	return tcgetpgrp(STDIN_FILENO) == terminal->group;
}

void terminal_init(struct terminal *ret)
{
	bool in = is_controlling(STDIN_FILENO), out = is_controlling(STDOUT_FILENO);

	*ret = (struct terminal){.sharing = TERMINAL_NONE, .group = getpgrp()};
	if (in && out)
		ret->sharing = TERMINAL_HANDOVER;
	else if (in || out || is_controlling(STDERR_FILENO))
		ret->sharing = TERMINAL_PIPELINE;
	ret->given = ret->sharing == TERMINAL_HANDOVER && is_foreground(ret);
	ret->has_modes = ret->given && tcgetattr(STDIN_FILENO, &ret->modes) == 0;
}

void terminal_leave(const struct terminal *terminal)
{
	if (terminal->sharing != TERMINAL_NONE)
		return;
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENXIO)
		return; // there is none
	if (fd < 0 || ioctl(fd, TIOCNOTTY) < 0)
		setsid();
	if (fd >= 0)
		close(fd);
}

void terminal_enter_command(const struct terminal *terminal)
{
	if (terminal->sharing == TERMINAL_PIPELINE)
		return;
	setpgid(0, 0);
	// Group ids are those of the caller's PID namespace, so this one is right inside too.
	if (terminal->given)
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

void terminal_give(struct terminal *terminal, pid_t group)
{
	if (terminal->sharing == TERMINAL_HANDOVER && is_foreground(terminal))
		terminal->given = tcsetpgrp(STDIN_FILENO, group) == 0;
}

bool terminal_take_back(struct terminal *terminal, pid_t group)
{
	// The group of a command that has ended is no group any more, but still the foreground's.
	// So is one that the command gave the foreground to, and whose processes have ended.
	pid_t foreground = terminal->given && group > 0 ? tcgetpgrp(STDIN_FILENO) : -1;
	bool free = foreground > 0 &&
		    (foreground == group || (kill(-foreground, 0) < 0 && errno == ESRCH));

	terminal->given = false;
	return free && tcsetpgrp(STDIN_FILENO, terminal->group) == 0;
}

void terminal_restore_modes(const struct terminal *terminal)
{
	if (terminal->has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
}

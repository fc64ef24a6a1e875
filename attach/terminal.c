// SPDX-License-Identifier: GPL-2.0-or-later
// Terminals: the caller's, and the command's new one.
#include "terminal.h"

#include "cleanup.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 }; // Documentation/admin-guide/devices.txt

// True when FD is, by the kernel's word and not by its name, where new terminals come from.
static bool is_ptmx(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC && fstat(fd, &st) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR);
}

// Opens the ptmx of the devpts DIR_PATH. Nobody can put another file into a devpts, and what is
// mounted there is not crossed: so what is opened is what was looked at, and no device of the
// container's choice, whose opening alone can do harm.
static int open_ptmx(const char *dir_path)
{
	struct statfs fs;
	auto_fd int dir =
		sys_openat2(AT_FDCWD, dir_path, O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);

	if (dir < 0)
		return -errno;
	if (fstatfs(dir, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return -ENODEV;
	auto_fd int fd = sys_openat2(
		dir, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return -errno;
	return is_ptmx(fd) ? take_fd(&fd) : -ENODEV;
}

// The other end of MASTER_FD, opened without a path. Linux 4.13.
static int open_peer(int master_fd)
{
	int unlocked = 0;

	if (ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	int fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

// Makes a terminal: in the devpts of the CONTAINER, or where posix_openpt(3) makes them. Returns
// its slave.
static int make_terminal(bool container, int *ret_master)
{
	auto_fd int master =
		container ? open_ptmx("/dev/pts") : posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0)
		return container ? master : -errno;
	int slave = open_peer(master);
	if (slave >= 0)
		*ret_master = take_fd(&master);
	return slave;
}

static int make_pipe(struct terminal *terminal, int i, struct error *err)
{
	bool is_input = i == STDIN_FILENO;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail_sys(err, errno, "pipe", "the supervisor");
	terminal->outside[i] = ends[is_input ? 1 : 0];
	terminal->inside[i] = ends[is_input ? 0 : 1];
	fcntl(terminal->outside[i], F_SETFL, O_NONBLOCK);
	return 0;
}

int terminal_open(enum terminal_mode mode, struct terminal *ret, struct error *err)
{
	auto_terminal struct terminal terminal = TERMINAL_EMPTY;

	for (int i = 0; i < STANDARD_COUNT; i++) {
		terminal.ours[i] = isatty(i);
		terminal.replaced[i] = terminal.ours[i] || mode == TERMINAL_ALWAYS;
	}
	terminal.is_new = mode == TERMINAL_ALWAYS ||
			  (mode == TERMINAL_AUTO && terminal.ours[0] && terminal.ours[1]);
	terminal.has_modes = terminal.ours[0] && tcgetattr(STDIN_FILENO, &terminal.modes) == 0;
	if (terminal.is_new) {
		// For a container that has none of its own; that there is none here is no error
		// yet.
		int slave = make_terminal(false, &terminal.master_fd);
		terminal.slave_fd = slave < 0 ? -EBADF : slave;
		if (slave >= 0)
			fcntl(terminal.master_fd, F_SETFL, O_NONBLOCK);
	}
	for (int i = 0; i < STANDARD_COUNT && !terminal.is_new; i++) {
		int r = terminal.replaced[i] ? make_pipe(&terminal, i, err) : 0;
		if (r < 0)
			return r;
	}
	*ret = terminal;
	terminal = TERMINAL_EMPTY;
	return 0;
}

// The inside's end of the new terminal.
static int choose_slave(struct terminal *terminal, bool inside, const struct notice *notice,
	int *ret_master, struct error *err)
{
	int slave = inside ? make_terminal(true, ret_master) : -ENODEV;

	if (slave >= 0) {
		notice_step(notice, "terminal: a new one of the container's devpts");
		return slave;
	}
	if (terminal->slave_fd < 0)
		return fail(err, ERROR_SYSTEM, -slave,
			"no new terminal can be made: neither the container nor the host has a "
			"devpts at /dev/pts");
	notice_step(notice, "terminal: a new one of the host%s",
		inside ? ", since the container has no devpts" : "");
	return take_fd(&terminal->slave_fd);
}

// Gives the terminal FD the window size of ours. One that it has already makes no SIGWINCH.
static void copy_size(const struct terminal *terminal, int fd)
{
	struct winsize size;

	for (int i = 0; i < STANDARD_COUNT; i++)
		if (terminal->ours[i] && ioctl(i, TIOCGWINSZ, &size) == 0) {
			ioctl(fd, TIOCSWINSZ, &size);
			return;
		}
}

static int replace(int fd, int i, struct error *err)
{
	return dup2(fd, i) < 0 ? fail_sys(err, errno, "dup2", "standard fd %d", i) : 0;
}

int terminal_enter(struct terminal *terminal, bool inside, const struct notice *notice,
	int *ret_master, struct error *err)
{
	auto_fd int slave = -EBADF;
	int r = 0;

	if (terminal->is_new) {
		slave = choose_slave(terminal, inside, notice, ret_master, err);
		if (slave < 0)
			return slave;
		copy_size(terminal, slave); // before the command can ask for it
	}
	for (int i = 0; i < STANDARD_COUNT && r == 0; i++) {
		if (!terminal->replaced[i])
			continue;
		r = replace(terminal->is_new ? slave : terminal->inside[i], i, err);
		if (terminal->is_new)
			terminal->inside_fd = i;
	}
	return r;
}

void terminal_close_inside(struct terminal *terminal)
{
	close_fd(&terminal->slave_fd);
	for (int i = 0; i < STANDARD_COUNT; i++)
		close_fd(&terminal->inside[i]);
}

int terminal_adopt(struct terminal *terminal, int master_fd)
{
	auto_fd int fd = master_fd;
	unsigned number;

	// A right from inside is not believed to be what it should be.
	if (!is_ptmx(fd) || ioctl(fd, TIOCGPTN, &number) < 0)
		return -EINVAL;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	close_fd(&terminal->master_fd);
	terminal->master_fd = take_fd(&fd);
	terminal_resize(terminal);
	return 0;
}

// True when our process group has the foreground of our stdin's terminal, or nobody does job
// control there.
static bool is_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

bool terminal_may_read(const struct terminal *terminal)
{
	struct termios now;

	if (!terminal->ours[STDIN_FILENO])
		return true;
	if (!is_foreground())
		return false;
	return terminal->is_new || tcgetattr(STDIN_FILENO, &now) < 0 || now.c_lflag & ICANON;
}

void terminal_resize(const struct terminal *terminal)
{
	copy_size(terminal, terminal->master_fd);
}

void terminal_start(struct terminal *terminal)
{
	struct termios raw;

	if (!terminal->is_new || !terminal->has_modes)
		return;
	if (!is_foreground()) {
		terminal->is_raw = false; // whoever has it now sets its own
		return;
	}
	if (terminal->is_raw || tcgetattr(STDIN_FILENO, &terminal->modes) < 0)
		return;
	raw = terminal->modes;
	cfmakeraw(&raw);
	terminal->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
	terminal_resize(terminal);
}

void terminal_continue(struct terminal *terminal)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &now) == 0 && now.c_lflag & (ICANON | ECHO | ISIG))
		terminal->is_raw = false;
	terminal_start(terminal);
}

void terminal_stop(struct terminal *terminal)
{
	// Somebody else's foreground has its own modes.
	if (terminal->is_raw && is_foreground())
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->modes);
	terminal->is_raw = false;
}

void terminal_fini(struct terminal *terminal)
{
	terminal_stop(terminal);
	terminal_close_inside(terminal);
	close_fd(&terminal->master_fd);
	for (int i = 0; i < STANDARD_COUNT; i++)
		close_fd(&terminal->outside[i]);
}

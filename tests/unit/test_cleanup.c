// SPDX-License-Identifier: GPL-2.0-or-later
#include "cleanup.h"
#include "unit.h"

#include <fcntl.h>

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	check_true(fd >= 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(cleanup, fd_is_closed_at_the_end_of_its_scope)
{
	int seen;
	{
		auto_fd int fd = open_null();
		seen = fd;
		check_true(is_open(seen));
	}
	check_false(is_open(seen));
	{
		auto_fd int none = -EBADF;
		check_int(none, -EBADF);
	}
}

Test(cleanup, close_fd_keeps_errno)
{
	int fd = open_null(), seen = fd;

	errno = ENOTTY;
	close_fd(&fd);
	check_int(errno, ENOTTY);
	check_int(fd, -EBADF);
	check_false(is_open(seen));

	errno = ENOTTY;
	close_fd(&fd);
	check_int(errno, ENOTTY);
}

static int hand_over(int *ret_seen)
{
	auto_fd int fd = open_null();

	*ret_seen = fd;
	return take_fd(&fd);
}

Test(cleanup, take_fd)
{
	int seen, fd = hand_over(&seen);

	check_int(fd, seen);
	check_true(is_open(fd));
	close(fd);
}

static char *hand_over_string(void)
{
	auto_free char *string = strdup("handed over");

	return take_ptr(string);
}

Test(cleanup, take_ptr)
{
	{
		auto_free char *string = hand_over_string();
		check_str(string, "handed over");
		auto_free char *none = NULL;
		check_true(take_ptr(none) == NULL);
	}
	check_no_leak();
}

Test(cleanup, dir)
{
	int seen;
	{
		auto_dir DIR *dir = opendir("/");
		auto_dir DIR *none = NULL;
		check_true(dir && !none);
		seen = dirfd(dir);
	}
	check_false(is_open(seen));
}

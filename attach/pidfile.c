// SPDX-License-Identifier: GPL-2.0-or-later
// Writing the file of --pid-file.
#include "pidfile.h"

#include "cleanup.h"
#include "fd.h"
#include "number.h"
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>

enum { STATUS_MAX = 2 << 20 };

// True when process PID of our /proc, an open directory, is a child of PARENT.
static bool is_child_of(int proc_fd, pid_t pid, pid_t parent)
{
	struct proc_status status;
	auto_free char *text = NULL;
	char path[32];
	size_t len;

	snprintf(path, sizeof(path), "%d/status", pid);
	return fd_read_file_at(proc_fd, path, STATUS_MAX, &text, &len) == 0 &&
	       proc_status_parse(text, len, &status) == 0 && status.ppid == parent;
}

// The child of PARENT, or -ESRCH.
static pid_t find_child(pid_t parent)
{
	auto_dir DIR *dir = opendir("/proc");
	pid_t pid;

	if (!dir)
		return -errno;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (number_parse_pid(entry->d_name, &pid) == 0 &&
			is_child_of(dirfd(dir), pid, parent))
			return pid;
	return -ESRCH;
}

int pidfile_write(const char *path, pid_t stub, struct error *err)
{
	char text[16];
	pid_t pid = find_child(stub);
	if (pid < 0)
		return fail_sys(err, -pid, "finding the command's process for", "%s", path);

	int len = snprintf(text, sizeof(text), "%d\n", pid);
	// A FIFO that nobody reads would hold us, with all signals blocked.
	auto_fd int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	if (fd < 0)
		return fail_sys(err, errno, "open", "%s", path);
	int r = fd_write_all(fd, text, (size_t)len);
	return r < 0 ? fail_sys(err, -r, "write", "%s", path) : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "fd.h"
#include "scratch_root.h"
#include "targetfiles.h"

#include <dirent.h>
#include <stdarg.h>

static const char theirs[] = "the container's\n";

static int proc_self(void)
{
	int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

static int count_fds(void)
{
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");

	cr_assert(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

// What a container may put in the place of a file.
static struct scratch_root hostile_root(void)
{
	struct scratch_root root = scratch_root_new();

	check_int(mkdirat(root.fd, "etc", 0755), 0);
	check_int(mkdirat(root.fd, "sys", 0755), 0);
	scratch_root_write(&root, "etc/hosts", theirs, strlen(theirs), 0644);
	check_int(symlinkat("/etc/hosts", root.fd, "absolute"), 0);
	check_int(symlinkat("../../../../../../etc/hosts", root.fd, "etc/climbing"), 0);
	check_int(symlinkat("/etc/shadow", root.fd, "etc/shadowed"), 0);
	check_int(symlinkat("loop", root.fd, "etc/loop"), 0);
	check_int(mkfifoat(root.fd, "etc/fifo", 0644), 0);
	check_int(symlinkat("fifo", root.fd, "etc/to-fifo"), 0);
	return root;
}

Test(targetfiles, opens)
{
	static const char *const paths[] = {
		"etc/hosts", "/etc/hosts", "absolute", "etc/climbing", "../../etc/hosts"};
	struct scratch_root root = hostile_root();
	int proc = proc_self();

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char text[100] = "";
		int fd = targetfiles_open(root.fd, paths[i], proc);
		cr_assert(fd >= 0, "%s: %s", paths[i], strerror(-fd));
		check_int(fd_read_exact(fd, text, sizeof(text)), strlen(theirs));
		check_str(text, theirs);
		check_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
	close(proc);
	scratch_root_fini(&root);
}

Test(targetfiles, refuses)
{
	static const struct {
		const char *path;
		int errnum;
	} rows[] = {{"etc/fifo", EINVAL}, {"etc/to-fifo", EINVAL}, {"etc", EINVAL},
		{"etc/loop", ELOOP}, {"etc/shadowed", ENOENT}, {"absent", ENOENT},
		{"etc/hosts/x", ENOTDIR}, {"", ENOENT}};
	struct scratch_root root = hostile_root();
	int proc = proc_self(), fds = count_fds();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = targetfiles_open(root.fd, rows[i].path, proc);
		cr_assert(r == -rows[i].errnum, "%s: %d", rows[i].path, r);
	}
	check_int(count_fds(), fds);
	close(proc);
	scratch_root_fini(&root);
}

// What the kernel calls a regular file, but reading it may do something.
Test(targetfiles, refuses_interfaces)
{
	static const char *const paths[] = {
		"proc/self/status", "proc/kmsg", "proc/sys/kernel/hostname", "dev/null"};
	int proc = proc_self(), root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int r = targetfiles_open(root, paths[i], proc);
		cr_assert(r == -EINVAL || r == -ENOENT, "%s: %d", paths[i], r);
	}
	check_int(targetfiles_open(root, "proc/self/status", proc), -EINVAL);
	// The way through a magic link.
	check_int(targetfiles_open(root, "proc/self/exe", proc), -ELOOP);
	check_int(targetfiles_open(root, "proc/self/root/etc/passwd", proc), -ELOOP);
	close(root);
	close(proc);
}

static void say_nothing(enum notice_kind kind, const char *text)
{
	(void)kind;
	(void)text;
}

static void check_copy(int view, const char *path, const char *expected)
{
	char text[200] = "";
	int fd = openat(view, path, O_RDONLY | O_CLOEXEC);

	if (!expected) {
		check_int(fd, -1);
		check_int(errno, ENOENT);
		return;
	}
	cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
	check_int(fd_read_exact(fd, text, sizeof(text)), strlen(expected));
	check_str(text, expected);
	close(fd);
}

Test(targetfiles, takes)
{
	static const struct notice notice = {.steps = true, .say = say_nothing};
	struct scratch_root root = hostile_root(), view = scratch_root_new();
	struct targetfiles_request request = {
		.root = root.fd, .view = view.fd, .proc_fd = proc_self(), .notice = &notice};
	static char large[(256 << 10) + 1];

	check_int(mkdirat(view.fd, "etc", 0755), 0);
	check_int(symlinkat("/etc/fifo", root.fd, "etc/resolv.conf"), 0);
	check_int(symlinkat("/etc/hosts", root.fd, "etc/hostname"), 0);
	scratch_root_write(&root, "etc/localtime", large, sizeof(large), 0644);
	check_int(targetfiles_take(&request), 0);
	check_copy(view.fd, "etc/hosts", theirs);
	check_copy(view.fd, "etc/hostname", theirs);
	check_copy(view.fd, "etc/resolv.conf", NULL);
	check_copy(view.fd, "etc/localtime", NULL); // one byte too much

	// A place that is taken is our own failure.
	check_int(targetfiles_take(&request), -EEXIST);
	close(request.proc_fd);
	scratch_root_fini(&view);
	scratch_root_fini(&root);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cleanup.h"
#include "fd.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char root_path[] = "/tmp/nspeek-unit.XXXXXX";
static int root_fd = -1;

static void write_file(int dirfd, const char *path, const char *text)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert(fd >= 0);
	check_int(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void make_root(void)
{
	alarm(30); // a test that opens a FIFO would hang
	cr_assert(mkdtemp(root_path));
	root_fd = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(root_fd >= 0);
	check_int(mkdirat(root_fd, "etc", 0755), 0);
	write_file(root_fd, "etc/passwd", "the container's\n");
	check_int(symlinkat("/etc/passwd", root_fd, "absolute"), 0);
	check_int(symlinkat("../../../../etc/passwd", root_fd, "etc/climbing"), 0);
	check_int(symlinkat("/etc", root_fd, "dir"), 0);
	check_int(symlinkat("/proc/self/exe", root_fd, "outside"), 0);
	check_int(symlinkat("loop", root_fd, "loop"), 0);
	check_int(symlinkat("/etc/fifo", root_fd, "to-fifo"), 0);
	check_int(mkfifoat(root_fd, "etc/fifo", 0644), 0);
}

static void remove_root(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", root_path);
	cr_assert(system(command) == 0);
}

static void check_opens(const char *path)
{
	char text[100] = "";
	int fd = fd_open_regular_in_root(root_fd, path);

	cr_assert(fd >= 0, "%s: %s", path, strerror(-fd));
	check_int(fd_read_exact(fd, text, sizeof(text)), strlen("the container's\n"));
	check_str(text, "the container's\n");
	check_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_int(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	close(fd);
}

Test(fd_in_root, stays_in_the_root, .init = make_root, .fini = remove_root)
{
	check_opens("etc/passwd");
	check_opens("/etc/passwd");
	check_opens("absolute");
	check_opens("/absolute");
	check_opens("etc/climbing");
	check_opens("../../../etc/passwd");
	check_opens("dir/passwd");
	check_opens("/dir/../dir/passwd");
}

Test(fd_in_root, refuses, .init = make_root, .fini = remove_root)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", root_path);
	check_int(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	close(listener);

	check_int(fd_open_regular_in_root(root_fd, "etc/fifo"), -EINVAL);
	check_int(fd_open_regular_in_root(root_fd, "to-fifo"), -EINVAL);
	check_int(fd_open_regular_in_root(root_fd, "socket"), -EINVAL);
	check_int(fd_open_regular_in_root(root_fd, "etc"), -EINVAL);
	check_int(fd_open_regular_in_root(root_fd, "/"), -EINVAL);
	check_int(fd_open_regular_in_root(root_fd, "loop"), -ELOOP);
	check_int(fd_open_regular_in_root(root_fd, "outside"), -ENOENT);
	check_int(fd_open_regular_in_root(root_fd, "absent"), -ENOENT);
	check_int(fd_open_regular_in_root(root_fd, "etc/passwd/x"), -ENOTDIR);
	check_int(fd_open_regular_in_root(root_fd, ""), -ENOENT);
	check_int(fd_open_regular_in_root(-1, "etc/passwd"), -EBADF);
}

// A device is not even opened: opening some does something (a tape rewinds, a watchdog starts).
Test(fd_in_root, refuses_devices)
{
	int dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check_int(fd_open_regular_in_root(dev, "null"), -EINVAL);
	check_int(fd_open_regular_in_root(dev, "tty"), -EINVAL);
	close(dev);
}

Test(fd_in_root, refuses_magic_links)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check_int(fd_open_regular_in_root(self, "exe"), -ELOOP);
	check_int(fd_open_regular_in_root(self, "root/etc/passwd"), -ELOOP);
	check_int(fd_open_regular_in_root(self, "fd/0"), -ELOOP);
	close(self);
}

static void pipe_with(const char *text, int ends[2])
{
	check_int(pipe2(ends, O_CLOEXEC), 0);
	check_int(write(ends[1], text, strlen(text)), strlen(text));
}

Test(fd, read_all)
{
	int ends[2];
	char *text = NULL;
	size_t len = 0;

	pipe_with("some text", ends);
	close(ends[1]);
	check_int(fd_read_all(ends[0], 9, &text, &len), 0);
	check_bytes(text, len, "some text");
	check_int(text[len], '\0');
	free(text);

	check_int(fd_read_all(ends[0], 9, &text, &len), 0);
	check_u64(len, 0);
	check_str(text, "");
	free(text);
	close(ends[0]);
	check_int(fd_read_all(ends[0], 9, &text, &len), -EBADF);
	check_no_leak();
}

// A file of LEN times the letter f, at its beginning.
static int file_of(size_t len)
{
	int fd = memfd_create("f", MFD_CLOEXEC);
	auto_free char *filler = malloc(len);

	memset(filler, 'f', len);
	check_int(fd_write_all(fd, filler, len), 0);
	check_int(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

Test(fd, read_all_of_every_size_near_a_limit)
{
	static const size_t sizes[] = {1, 4096, 16383, 16384, 16385, 20000, 262143, 262144, 262145,
		1048575, 1048576, 1048577, 3000000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		auto_fd int fd = file_of(sizes[i]);
		auto_free char *text = NULL;
		size_t len = 0;
		check_int(fd_read_all(fd, sizes[i], &text, &len), 0);
		check_u64(len, sizes[i]);
		check_u64(strspn(text, "f"), len);
		check_u64(strlen(text), len);

		check_int(lseek(fd, 0, SEEK_SET), 0);
		char *none = NULL;
		check_int(fd_read_all(fd, sizes[i] - 1, &none, &len), -EFBIG);
		check_true(none == NULL);
	}
	check_no_leak();
}

// As a FIFO that somebody holds open.
Test(fd, read_all_waits_for_no_more_than_it_may_have)
{
	enum { MOST = 20000 };
	auto_free char *filler = malloc(MOST + 2);
	char *text = NULL;
	size_t len;
	int ends[2];

	memset(filler, 'f', MOST + 1);
	filler[MOST + 1] = '\0';
	pipe_with(filler, ends);
	check_int(fd_read_all(ends[0], MOST, &text, &len), -EFBIG);
	check_true(text == NULL);
	close(ends[0]);
	close(ends[1]);
}

Test(fd, read_small)
{
	char buffer[8];
	int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(proc, "comm", O_WRONLY | O_CLOEXEC);

	check_int(write(fd, "sixsix", 6), 6); // and a newline: seven
	check_int(fd_read_small_at(proc, "comm", buffer, 8), 7);
	check_str(buffer, "sixsix\n");
	check_int(fd_read_small_at(proc, "comm", buffer, 7), -EFBIG);
	check_int(fd_read_small_at(proc, "absent", buffer, 8), -ENOENT);
	check_int(fd_read_small_at(proc, "task", buffer, 8), -EISDIR);
	close(fd);
	close(proc);
}

Test(fd, read_file)
{
	char *text = NULL;
	size_t len = 0;

	check_int(fd_read_file_at(AT_FDCWD, "/proc/self/maps", 1 << 22, &text, &len), 0);
	check_true(len > 4096 && strlen(text) == len && text[len - 1] == '\n');
	free(text);
	text = NULL;
	check_int(fd_read_file_at(AT_FDCWD, "/proc/self/maps", 100, &text, &len), -EFBIG);
	check_int(fd_read_file_at(AT_FDCWD, "/proc/self/absent", 100, &text, &len), -ENOENT);
	check_true(text == NULL);
	check_no_leak();
}

Test(fd, read_exact)
{
	int ends[2];
	char text[10] = "";

	pipe_with("abcdef", ends);
	check_int(fd_read_exact(ends[0], text, 4), 4);
	check_str(text, "abcd");
	close(ends[1]);
	check_int(fd_read_exact(ends[0], text, 4), 2);
	check_int(fd_read_exact(ends[0], text, 4), 0);
	close(ends[0]);
	check_int(fd_read_exact(ends[0], text, 4), -EBADF);
}

// More than a pipe holds, so that it is written in parts, with signals in between.
static void ignore_signal(int sig)
{
	(void)sig;
}

Test(fd, write_all_in_parts)
{
	enum { MANY = 300000 };
	int ends[2];
	struct sigaction action = {.sa_handler = ignore_signal}; // no SA_RESTART
	char *bytes = malloc(MANY), *got = NULL;
	size_t len = 0;

	memset(bytes, 'b', MANY);
	check_int(sigaction(SIGUSR1, &action, NULL), 0);
	check_int(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		_exit(fd_write_all(ends[1], bytes, MANY) == 0 ? 0 : 1);
	}
	close(ends[1]);
	for (int i = 0; i < 10; i++) {
		usleep(2000);
		kill(child, SIGUSR1);
	}
	check_int(fd_read_all(ends[0], MANY, &got, &len), 0);
	check_u64(len, MANY);
	check_int(memcmp(got, bytes, MANY), 0);
	int status;
	check_int(waitpid(child, &status, 0), child);
	check_int(status, 0);
	free(bytes);
	free(got);
}

Test(fd, write_all_fails)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	check_int(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	check_int(fd_write_all(ends[1], "x", 1), -EPIPE);
	close(ends[1]);
	check_int(fd_write_all(ends[1], "x", 1), -EBADF);
}

// Runs BODY in a child, whose fds it may spoil; its result is the exit status.
static int in_child(int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(body());
	check_int(waitpid(child, &status, 0), child);
	check_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int mark_all(void)
{
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 700);

	if (low < 3 || high < 700 || fd_cloexec_all() != 0)
		return 1;
	if (fcntl(low, F_GETFD) != FD_CLOEXEC || fcntl(high, F_GETFD) != FD_CLOEXEC)
		return 2;
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) & FD_CLOEXEC)
			return 3;
	return 0;
}

Test(fd, cloexec_all)
{
	check_int(in_child(mark_all), 0);
}

static int close_from(void)
{
	int low = fcntl(0, F_DUPFD, 40), first = fcntl(0, F_DUPFD, 50);
	int high = fcntl(0, F_DUPFD, 700);

	if (low < 40 || first < 50 || high < 700)
		return 1;
	fd_close_from(first);
	if (fcntl(low, F_GETFD) < 0 || fcntl(0, F_GETFD) < 0)
		return 2;
	return fcntl(first, F_GETFD) < 0 && fcntl(high, F_GETFD) < 0 ? 0 : 3;
}

Test(fd, close_from)
{
	check_int(in_child(close_from), 0);
}

static int fill_after_closing(int first, int last)
{
	struct stat null, st;

	if (stat("/dev/null", &null) < 0)
		return 1;
	for (int fd = first; fd <= last; fd++)
		close(fd);
	if (fd_fill_standard() != 0)
		return 2;
	for (int fd = first; fd <= last; fd++)
		if (fstat(fd, &st) < 0 || st.st_rdev != null.st_rdev)
			return 3;
	for (int fd = first; fd <= last; fd++)
		if ((fcntl(fd, F_GETFL) & O_ACCMODE) != (fd == 2 ? O_WRONLY : O_RDONLY))
			return 4;
	return 0;
}

static int fill_all(void)
{
	return fill_after_closing(0, 2);
}

static int fill_stdin(void)
{
	return fill_after_closing(0, 0);
}

static int fill_output(void)
{
	return fill_after_closing(1, 2);
}

static int fill_stderr(void)
{
	return fill_after_closing(2, 2);
}

Test(fd, fill_standard)
{
	check_int(in_child(fill_all), 0);
	check_int(in_child(fill_stdin), 0);
	check_int(in_child(fill_output), 0);
	check_int(in_child(fill_stderr), 0);
}

Test(fd_regular, opens_and_refuses, .init = make_root, .fini = remove_root)
{
	static const struct {
		const char *path;
		int r;
	} refused[] = {{"etc/fifo", -EINVAL}, {"etc", -EINVAL}, {".", -EINVAL}, {"", -ENOENT},
		{"none", -ENOENT}, {"loop", -ELOOP}, {"etc/passwd/x", -ENOTDIR},
		{"/dev/zero", -EINVAL}, {"/dev/null", -EINVAL}};
	char text[100] = "";

	check_int(fchdir(root_fd), 0);
	check_int(symlinkat("etc/passwd", root_fd, "link"), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int r = fd_open_regular(refused[i].path);
		cr_assert(r == refused[i].r, "'%s': %d", refused[i].path, r);
	}
	int fd = fd_open_regular("link");
	check_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_int(fd_read_exact(fd, text, sizeof(text)), strlen("the container's\n"));
	check_str(text, "the container's\n");
	close(fd);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Names of users, out of the passwd file of a tree that stands for /proc/PID.
#include "usernames.h"

#include "scratch_root.h"

// A process whose root is the directory "root" of SCRATCH.
static struct target target_in(const struct scratch_root *scratch)
{
	struct target target = TARGET_EMPTY;

	check_int(mkdirat(scratch->fd, "root", 0755), 0);
	check_int(mkdirat(scratch->fd, "root/etc", 0755), 0);
	target.task_fd = scratch->fd;
	target.proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target;
}

static void put(const struct scratch_root *scratch, const char *text, size_t len)
{
	scratch_root_write(scratch, "root/etc/passwd", text, len, 0644);
}

static void check_name(const struct usernames *names, uint32_t uid, const char *expected)
{
	const char *name = usernames_find(names, uid);

	check_str(name ? name : "none", expected);
}

Test(usernames, of_a_file)
{
	static const char text[] = "# a comment\n"
				   "root:x:0:0::/root:/bin/sh\n"
				   "app:x:1000:1000:::\n"
				   "twin:x:1000:7:::\n"
				   "broken:x:12\n"
				   "last:x:4294967294:1:::\n"
				   "zero:x:0:0:::\n"
				   "a\0b:x:8:8:::\n"
				   "after:x:9:9:::";
	struct scratch_root scratch = scratch_root_new();
	struct target target = target_in(&scratch);
	struct usernames names;
	struct error err = {0};

	put(&scratch, text, sizeof(text) - 1);
	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 0, "root"); // the first one
	check_name(&names, 1000, "app");
	check_name(&names, 4294967294, "last");
	check_name(&names, 9, "after");
	check_name(&names, 8, "none");
	check_name(&names, 12, "none");
	check_name(&names, 1, "none");
	check_name(&names, UINT32_MAX, "none");
	usernames_fini(&names);
	check_name(&names, 0, "none");
	close(target.proc_fd);
	scratch_root_fini(&scratch);
	check_no_leak();
}

Test(usernames, without_a_file)
{
	struct scratch_root scratch = scratch_root_new();
	struct target target = target_in(&scratch);
	struct usernames names;
	struct error err = {0};

	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 0, "none");
	put(&scratch, "", 0);
	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 0, "none");
	close(target.proc_fd);
	scratch_root_fini(&scratch);
	check_no_leak();
}

static void check_refused(const struct target *target, int errnum, const char *words)
{
	struct usernames names = {0};
	struct error err = {0};

	check_int(usernames_read(target, &names, &err), -errnum);
	cr_assert(strstr(err.message, words), "%s", err.message);
	check_true(names.text == NULL);
}

Test(usernames, what_a_container_may_put_there)
{
	struct scratch_root scratch = scratch_root_new();
	struct target target = target_in(&scratch);
	struct usernames names;
	struct error err = {0};

	// A link leads inside, wherever it points to: there, the host's file is no file.
	check_int(symlinkat("/../../../../etc/passwd2", scratch.fd, "root/etc/passwd"), 0);
	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 0, "none");
	scratch_root_write(&scratch, "root/etc/passwd2", "inside:x:0:0:::", 15, 0644);
	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 0, "inside");
	usernames_fini(&names);

	check_int(unlinkat(scratch.fd, "root/etc/passwd", 0), 0);
	check_int(mkfifoat(scratch.fd, "root/etc/passwd", 0644), 0);
	check_refused(&target, EINVAL, "it is no regular file");
	check_int(unlinkat(scratch.fd, "root/etc/passwd", 0), 0);
	check_int(mkdirat(scratch.fd, "root/etc/passwd", 0755), 0);
	check_refused(&target, EINVAL, "it is no regular file");
	check_int(unlinkat(scratch.fd, "root/etc/passwd", AT_REMOVEDIR), 0);
	check_int(symlinkat("passwd", scratch.fd, "root/etc/passwd"), 0);
	check_refused(&target, ELOOP, "cannot be read");
	close(target.proc_fd);
	scratch_root_fini(&scratch);
	check_no_leak();
}

// As long as it may be, and longer.
Test(usernames, of_a_huge_file)
{
	enum { MOST = 1 << 20 };
	struct scratch_root scratch = scratch_root_new();
	struct target target = target_in(&scratch);
	char *text = malloc(MOST + 1);
	struct usernames names;
	struct error err = {0};

	memset(text, 'n', MOST + 1);
	memcpy(text, "a:x:1:1:::\n", 11);
	memcpy(text + MOST - 11, "\nz:x:2:2:::", 11);
	put(&scratch, text, MOST);
	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 1, "a");
	check_name(&names, 2, "z");
	usernames_fini(&names);
	put(&scratch, text, MOST + 1);
	check_refused(&target, EFBIG, "longer than 1 MiB");

	// A name of any length is a row, and of no length that a name has is shown.
	memset(text, 'n', 256);
	memcpy(text + 256, ":x:5:5:::\n", 10);
	put(&scratch, text, 266);
	check_int(usernames_read(&target, &names, &err), 0);
	check_name(&names, 5, "none");
	usernames_fini(&names);
	put(&scratch, text + 1, 265);
	check_int(usernames_read(&target, &names, &err), 0);
	check_u64(strlen(usernames_find(&names, 5)), 255);
	usernames_fini(&names);
	free(text);
	close(target.proc_fd);
	scratch_root_fini(&scratch);
	check_no_leak();
}

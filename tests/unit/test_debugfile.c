// SPDX-License-Identifier: GPL-2.0-or-later
// Where debug files are looked for, and what is handed out of what is asked for.
#include "cleanup.h"
#include "debugfile.h"
#include "scratch_root.h"

static struct scratch_root root;
static struct target target;

// A target whose root is a scratch directory.
static void begin(void)
{
	root = scratch_root_new();
	char command[400];
	snprintf(command, sizeof(command),
		"cd %s && ln -s %s root && mkdir -p etc app/.debug usr/lib/debug/.build-id/ab "
		"usr/lib/debug/app && echo secret >etc/secret",
		root.path, root.path);
	check_int(system(command), 0);
	target = (struct target){.task_fd = root.fd};
}

static void put(const char *path)
{
	scratch_root_write(&root, path, path, strlen(path), 0644);
}

// Asserts that the file for REQUEST is PATH, at PLACE.
static void check_found(struct debugfile_request request, const char *path, unsigned place)
{
	char text[100] = "";
	unsigned found = 99;
	int fd = debugfile_open(&target, &request, &found);

	cr_assert(fd >= 0, "%s: %s", path, strerror(-fd));
	check_true(read(fd, text, sizeof(text) - 1) > 0);
	check_str(text, path);
	check_int(found, place);
	close(fd);
}

static void check_refused(struct debugfile_request request, int r)
{
	unsigned place = 99;

	check_int(debugfile_open(&target, &request, &place), r);
	check_int(place, 99);
}

static void check_none(struct debugfile_request request)
{
	check_refused(request, -ENOENT);
}

static const struct buildid id = {4, {0xab, 0xcd, 0xef, 0x01}}, no_id;

Test(debugfile, the_places_one_after_the_other, .init = begin)
{
	struct debugfile_request request = {
		"/app/program", &id, "program.debug", 0, DEBUGFILE_SEPARATE};

	check_none(request);
	put("usr/lib/debug/app/program.debug");
	check_found(request, "usr/lib/debug/app/program.debug", 3);
	put("app/.debug/program.debug");
	check_found(request, "app/.debug/program.debug", 2);
	put("app/program.debug");
	check_found(request, "app/program.debug", 1);
	put("usr/lib/debug/.build-id/ab/cdef01.debug");
	check_found(request, "usr/lib/debug/.build-id/ab/cdef01.debug", 0);
	request.place = 1;
	check_found(request, "app/program.debug", 1);
	request.place = 2;
	check_found(request, "app/.debug/program.debug", 2);
	request.place = 4;
	check_none(request);
	request.place = UINT32_MAX;
	check_none(request);
	request = (struct debugfile_request){"/app/program", &no_id, "", 0, DEBUGFILE_SEPARATE};
	check_none(request);
	scratch_root_fini(&root);
}

Test(debugfile, without_a_target, .init = begin)
{
	const struct debugfile_request request = {
		"/app/program", &id, "program.debug", 0, DEBUGFILE_SEPARATE};
	unsigned place;

	put("app/program.debug");
	put("usr/lib/debug/.build-id/ab/cdef01.debug");
	check_int(debugfile_open(NULL, &request, &place), -ENOENT);
	scratch_root_fini(&root);
}

// After chroot(2) alone the kernel's paths begin with the root's.
Test(debugfile, a_path_from_outside_the_root, .init = begin)
{
	char path[100];

	put("app/program.debug");
	snprintf(path, sizeof(path), "%s/app/program", root.path);
	check_found(
		(struct debugfile_request){path, &no_id, "program.debug", 0, DEBUGFILE_SEPARATE},
		"app/program.debug", 1);
	scratch_root_fini(&root);
}

Test(debugfile, hostile_requests, .init = begin)
{
	static const char *const names[] = {"", ".", "..", "/etc/secret", "../etc/secret",
		"../../etc/secret", "./../etc/secret", "secret/", "secret/."};
	static const char *const paths[] = {"/app/../etc/x", "app/x", "", "[vdso]", "etc/x",
		"/usr/lib/debug/../../../etc/x", "//deleted"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		check_none((struct debugfile_request){
			"/app/program", &no_id, names[i], 0, DEBUGFILE_SEPARATE});
		check_none((struct debugfile_request){
			"/etc/program", &no_id, names[i], 0, DEBUGFILE_SEPARATE});
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		check_none((struct debugfile_request){
			paths[i], &no_id, "secret", 0, DEBUGFILE_SEPARATE});
	scratch_root_fini(&root);
}

// A path that fits nowhere.
Test(debugfile, a_path_that_is_too_long, .init = begin)
{
	char path[5000];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[4990] = '/';
	path[4999] = '\0';
	check_none((struct debugfile_request){path, &no_id, "x.debug", 0, DEBUGFILE_SEPARATE});
	scratch_root_fini(&root);
}

Test(debugfile, only_regular_files_that_everybody_may_read, .init = begin)
{
	struct debugfile_request request = {"/app/program", &no_id, "x", 0, DEBUGFILE_SEPARATE};

	check_int(mkfifoat(root.fd, "app/x", 0644), 0);
	check_int(mkdirat(root.fd, "app/.debug/x", 0755), 0);
	check_int(symlinkat("/etc/secret", root.fd, "usr/lib/debug/app/x"), 0);
	check_int(fchmodat(root.fd, "etc/secret", 0640, 0), 0);
	check_refused(request, -EINVAL);
	check_int(fchmodat(root.fd, "etc/secret", 0644, 0), 0);
	unsigned place;
	int fd = debugfile_open(&target, &request, &place);
	check_true(fd >= 0 && place == 3);
	close(fd);
	// Nor what a link that leaves the root seems to lead to.
	check_int(unlinkat(root.fd, "usr/lib/debug/app/x", 0), 0);
	check_int(
		symlinkat("../../../../../../../../etc/passwd", root.fd, "usr/lib/debug/app/x"), 0);
	check_refused(request, -EINVAL);
	check_int(unlinkat(root.fd, "app/x", 0), 0);
	check_int(unlinkat(root.fd, "app/.debug/x", AT_REMOVEDIR), 0);
	check_refused(request, -EINVAL);
	check_int(unlinkat(root.fd, "usr/lib/debug/app/x", 0), 0);
	check_int(symlinkat("x", root.fd, "usr/lib/debug/app/x"), 0);
	check_refused(request, -EINVAL);
	check_int(unlinkat(root.fd, "usr/lib/debug/app/x", 0), 0);
	check_none(request);
	put("app/x");
	check_int(fchmodat(root.fd, "app/x", 0640, 0), 0);
	check_none(request);
	scratch_root_fini(&root);
}

// Asserts what is opened of KIND for the name LINK, as check_found(); PATH NULL: nothing.
static void check_kind(enum debugfile_kind kind, const struct buildid *build_id, const char *link,
	const char *path, unsigned place)
{
	const struct debugfile_request request = {"/app/program", build_id, link, 0, kind};

	if (path)
		check_found(request, path, place);
	else
		check_none(request);
}

Test(debugfile, a_package_stands_beside_the_program, .init = begin)
{
	check_kind(DEBUGFILE_PACKAGE, &no_id, "", NULL, 0);
	put("usr/lib/debug/app/program.dwp");
	check_kind(DEBUGFILE_PACKAGE, &no_id, "", "usr/lib/debug/app/program.dwp", 7);
	put("app/program.dwp");
	check_kind(DEBUGFILE_PACKAGE, &no_id, "/etc/secret", "app/program.dwp", 6);
	check_kind(DEBUGFILE_SEPARATE, &no_id, "", NULL, 0);
	scratch_root_fini(&root);
}

// Anywhere in the root, by its whole path, which cannot leave that.
Test(debugfile, split_units_are_where_the_compiler_left_them, .init = begin)
{
	static const char *const names[] = {"app/unit.dwo", "", "/etc/secret", "/app", "/.dwo",
		"/app/none.dwo", "/etc/secret/.dwo"};

	put("app/unit.dwo");
	check_kind(DEBUGFILE_SPLIT, &no_id, "/app/unit.dwo", "app/unit.dwo", 9);
	check_kind(DEBUGFILE_SPLIT, &no_id, "/etc/../app/unit.dwo", "app/unit.dwo", 9);
	check_kind(DEBUGFILE_SPLIT, &no_id, "/../../app/unit.dwo", "app/unit.dwo", 9);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_kind(DEBUGFILE_SPLIT, &no_id, names[i], NULL, 0);
	check_int(symlinkat("/etc/passwd", root.fd, "app/out.dwo"), 0);
	check_refused((struct debugfile_request){"", &no_id, "/app/out.dwo", 0, DEBUGFILE_SPLIT},
		-EINVAL);
	check_int(mkfifoat(root.fd, "app/fifo.dwo", 0644), 0);
	check_refused((struct debugfile_request){"", &no_id, "/app/fifo.dwo", 0, DEBUGFILE_SPLIT},
		-EINVAL);
	check_int(fchmodat(root.fd, "app/unit.dwo", 0640, 0), 0);
	check_kind(DEBUGFILE_SPLIT, &no_id, "/app/unit.dwo", NULL, 0);
	scratch_root_fini(&root);
	// And none of the host's.
	const struct debugfile_request request = {"/x", &no_id, "/tmp/x.dwo", 0, DEBUGFILE_SPLIT};
	unsigned place;
	check_int(debugfile_open(NULL, &request, &place), -ENOENT);
}

Test(debugfile, what_dwz_made_is_below_the_debug_directory, .init = begin)
{
	static const char *const names[] = {"", "..", "/etc/secret", "/usr/lib/debug",
		"/usr/lib/debug/../../../etc/secret", "/usr/lib/debugger/x", "/", "a/.."};

	check_int(mkdirat(root.fd, "usr/lib/debug/.dwz", 0755), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_kind(DEBUGFILE_ALT, &no_id, names[i], NULL, 0);
	put("usr/lib/debug/.dwz/common.debug");
	check_kind(DEBUGFILE_ALT, &id, "../../.dwz/common.debug", "usr/lib/debug/.dwz/common.debug",
		12);
	check_kind(DEBUGFILE_ALT, &id, "/etc/common.debug", "usr/lib/debug/.dwz/common.debug", 12);
	put("usr/lib/debug/app/common.debug");
	check_kind(DEBUGFILE_ALT, &id, "/usr/lib/debug/app/common.debug",
		"usr/lib/debug/app/common.debug", 11);
	put("usr/lib/debug/.build-id/ab/cdef01.debug");
	check_kind(DEBUGFILE_ALT, &id, "/usr/lib/debug/app/common.debug",
		"usr/lib/debug/.build-id/ab/cdef01.debug", 10);
	scratch_root_fini(&root);
}

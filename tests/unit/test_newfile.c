// SPDX-License-Identifier: GPL-2.0-or-later
// Files that are there whole, or not at all.
#include "cleanup.h"
#include "newfile.h"
#include "unit.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/stat.h>

static char dir[] = "/tmp/nspeek-unit.XXXXXX";

static void enter_dir(void)
{
	cr_assert(mkdtemp(dir));
	check_int(chdir(dir), 0);
}

static void remove_dir(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	cr_assert(system(command) == 0);
}

// How many names there are.
static int count_names(void)
{
	DIR *list = opendir(".");
	int count = -2;

	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

// The file NAME has TEXT, and nobody else may read it.
static void check_file(const char *name, const char *text)
{
	char buffer[100];
	struct stat st;
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	cr_assert(fd >= 0, "%s", name);
	check_int(fstat(fd, &st), 0);
	check_int(st.st_mode, S_IFREG | 0600);
	check_bytes(buffer, (size_t)read(fd, buffer, sizeof(buffer)), text);
	close(fd);
}

static void write_new(const char *path, const char *text)
{
	struct newfile file = NEWFILE_EMPTY;
	struct error err = {0};
	int before = count_names();

	cr_assert(newfile_open(path, &file, &err) == 0, "%s", err.message);
	check_int(write(file.fd, text, strlen(text)), strlen(text));
	check_int(count_names(), before);
	cr_assert(newfile_commit(&file, &err) == 0, "%s", err.message);
	newfile_fini(&file);
}

Test(newfile, makes_and_replaces, .init = enter_dir, .fini = remove_dir)
{
	write_new("new", "one");
	check_file("new", "one");
	write_new("new", "two");
	check_file("new", "two");
	write_new("./new", "three");
	check_file("new", "three");
	check_int(count_names(), 1);
	check_no_leak();
}

Test(newfile, takes_the_place_of_a_link_not_of_its_end, .init = enter_dir, .fini = remove_dir)
{
	write_new("other", "other");
	check_int(symlink("other", "link"), 0);
	write_new("link", "new");
	check_file("link", "new");
	check_file("other", "other");
	check_int(count_names(), 2);
}

Test(newfile, leaves_nothing_without_an_end, .init = enter_dir, .fini = remove_dir)
{
	struct newfile file = NEWFILE_EMPTY;
	struct error err = {0};

	write_new("old", "old");
	check_int(newfile_open("old", &file, &err), 0);
	check_int(write(file.fd, "new", 3), 3);
	newfile_fini(&file);
	check_file("old", "old");
	check_int(count_names(), 1);
	newfile_fini(&file);
	check_no_leak();
}

Test(newfile, refuses, .init = enter_dir, .fini = remove_dir)
{
	static const char *const paths[] = {"", ".", "..", "/", "dir", "dir/", "dir/.", "fifo",
		"none/new", "/dev/null", "file/x"};

	check_int(mkdir("dir", 0700), 0);
	check_int(mkfifo("fifo", 0600), 0);
	write_new("file", "");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct newfile file = NEWFILE_EMPTY;
		struct error err = {0};
		cr_assert(newfile_open(paths[i], &file, &err) < 0, "'%s'", paths[i]);
		check_int(err.kind, ERROR_SYSTEM);
		check_true(err.message[0] && file.fd < 0 && !file.path);
	}
	check_int(count_names(), 3);
	check_no_leak();
}

// From here on no file system knows files without a name.
static void deny_tmpfile(void)
{
	const unsigned flag = O_TMPFILE & ~O_DIRECTORY;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	check_int(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(openat), 1,
			  SCMP_A2(SCMP_CMP_MASKED_EQ, flag, flag)),
		0);
	check_int(seccomp_load(filter), 0);
	seccomp_release(filter);
}

Test(newfile, where_each_file_has_a_name, .init = enter_dir, .fini = remove_dir)
{
	struct newfile file = NEWFILE_EMPTY;
	struct error err = {0};

	deny_tmpfile();
	for (int round = 0; round < 2; round++) {
		check_int(newfile_open("new", &file, &err), 0);
		check_int(count_names(), 1 + round);
		check_int(write(file.fd, "text", 4), 4);
		check_int(newfile_commit(&file, &err), 0);
		newfile_fini(&file);
		check_file("new", "text");
		check_int(count_names(), 1);
	}
	check_int(newfile_open("new", &file, &err), 0);
	newfile_fini(&file);
	check_file("new", "text");
	check_int(count_names(), 1);
	check_no_leak();
}

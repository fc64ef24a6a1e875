// SPDX-License-Identifier: GPL-2.0-or-later
#include "cgroup_text.h"
#include "unit.h"

static int parse_row(const char *line, struct cgroup_row *ret)
{
	const char *cursor = line;
	int r = cgroup_row_next(&cursor, line + strlen(line), ret);

	check_true(r == 1 ? cursor > line : cursor == line);
	return r;
}

static int parse_mount(const char *line, struct mount_row *ret)
{
	const char *cursor = line;
	int r = mount_row_next(&cursor, line + strlen(line), ret);

	check_true(r == 1 ? cursor > line : cursor == line);
	return r;
}

Test(cgroup_text, rows)
{
	static const struct {
		const char *line, *name, *path;
	} rows[] = {
		{"0::/\n", "", "/"},
		{"0::/a/b", "", "/a/b"},
		{"4:cpu,cpuacct:/user.slice\n", "cpu,cpuacct", "/user.slice"},
		{"1:name=systemd:/x\n", "name=systemd", "/x"},
		{"12:pids:/a b:c\\040 ,x#%\n", "pids", "/a b:c\\040 ,x#%"},
		{"0::/../other\n", "", "/../other"},
		{"0::/gone (deleted)\n", "", "/gone (deleted)"},
		{"3:freezer:/\xff\xfe\x01\n", "freezer", "/\xff\xfe\x01"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cgroup_row row;
		check_int(parse_row(rows[i].line, &row), 1);
		check_bytes(row.name, row.name_len, rows[i].name);
		check_bytes(row.path, row.path_len, rows[i].path);
	}
}

Test(cgroup_text, malformed_rows)
{
	static const char *const lines[] = {"\n", ":", "0", "0:", "0:\n", "0::", "0::\n", "0::a\n",
		"x::/\n", "-1::/\n", "0:/\n", "99999999999999999999::/\n", " 0::/\n"};
	struct cgroup_row row;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert(parse_row(lines[i], &row) == -EINVAL, "\"%s\" is taken", lines[i]);
	check_int(parse_row("", &row), 0);
	const char with_nul[] = "0::/a\0b\n", *cursor = with_nul;
	check_int(cgroup_row_next(&cursor, with_nul + sizeof(with_nul) - 1, &row), -EINVAL);
}

Test(cgroup_text, finding)
{
	static const char text[] = "3:cpu,cpuacct:/c\n2:cpu:/b\n1:name=systemd:/s\n0::/two\n";
	struct cgroup_row row;

	check_int(cgroup_find(text, strlen(text), "cpu", 3, &row), 0);
	check_bytes(row.path, row.path_len, "/b");
	check_int(cgroup_find(text, strlen(text), "", 0, &row), 0);
	check_bytes(row.path, row.path_len, "/two");
	check_int(cgroup_find(text, strlen(text), "cpuacct", 7, &row), -ENOENT);
	check_int(cgroup_find("", 0, "", 0, &row), -ENOENT);
	check_int(cgroup_find("3:x:/\nbad\n0::/\n", 15, "", 0, &row), -EINVAL);
}

Test(cgroup_text, mounts)
{
	struct mount_row mount;

	check_int(parse_mount("41 31 0:38 /a\\040b /sys/fs/cgroup/unified rw,nosuid shared:9 "
			      "master:3 - cgroup2 cgroup2 rw,nsdelegate\n",
			  &mount),
		1);
	check_u64(mount.id, 41);
	check_int(mount.dev_major, 0);
	check_int(mount.dev_minor, 38);
	check_bytes(mount.root, mount.root_len, "/a\\040b");
	check_bytes(mount.point, mount.point_len, "/sys/fs/cgroup/unified");
	check_bytes(mount.type, mount.type_len, "cgroup2");
	check_bytes(mount.options, mount.options_len, "rw,nsdelegate");

	// No optional field; a source of no name; a mount point that looks like the separator.
	check_int(parse_mount("1 2 3:4 / /- rw - tmpfs  rw", &mount), 1);
	check_bytes(mount.point, mount.point_len, "/-");
	check_bytes(mount.type, mount.type_len, "tmpfs");
	check_bytes(mount.options, mount.options_len, "rw");
}

Test(cgroup_text, malformed_mounts)
{
	static const char *const lines[] = {"\n", "1", "1 2", "1 2 3:4", "1 2 3 / / rw - t s o",
		"1 2 3:4 / /x rw t s o", "1 2 3:4 / /x rw -", "1 2 3:4 / /x rw - t",
		"1 2 3:4 / /x rw - t s", "a 2 3:4 / /x rw - t s o",
		"1 2 3:99999999999 / /x rw - t s o", "1 2 3:4  / /x"};
	struct mount_row mount;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert(parse_mount(lines[i], &mount) == -EINVAL, "\"%s\" is taken", lines[i]);
	check_int(parse_mount("", &mount), 0);
}

Test(cgroup_text, escapes)
{
	static const struct {
		const char *text, *plain;
	} words[] = {
		{"", ""},
		{"/plain", "/plain"},
		{"\\040", " "},
		{"a\\040b\\011c\\012d\\134e", "a b\tc\nd\\e"},
		{"\\134040", "\\040"},
		{"\\", "\\"},
		{"\\04", "\\04"},
		{"\\0", "\\0"},
		{"\\08x", "\\08x"},
		{"\\000", "\\000"},
		{"\\377", "\377"},
		{"\\777", "\\777"},
	};
	char buffer[64];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].text);
		char *exact = strndup(words[i].text, len);
		check_int(
			mount_unescape(exact, len, buffer, sizeof(buffer)), strlen(words[i].plain));
		check_str(buffer, words[i].plain);
		free(exact);
	}
	check_int(mount_unescape("abc", 3, buffer, 4), 3);
	check_int(mount_unescape("abc", 3, buffer, 3), -ENAMETOOLONG);
	check_int(mount_unescape("", 0, buffer, 0), -ENAMETOOLONG);
	check_int(mount_unescape("\\040\\040", 8, buffer, 3), 2);
	check_no_leak();
}

static struct mount_row mount_of(const char *root, const char *type, const char *options)
{
	return (struct mount_row){
		.root = root,
		.root_len = strlen(root),
		.type = type,
		.type_len = strlen(type),
		.options = options,
		.options_len = strlen(options),
	};
}

static struct cgroup_row row_of(const char *name, const char *path)
{
	return (struct cgroup_row){name, strlen(name), path, strlen(path)};
}

Test(cgroup_text, hierarchies)
{
	static const struct {
		const char *name, *type, *options;
		bool shown;
	} pairs[] = {
		{"", "cgroup2", "rw,nsdelegate", true},
		{"", "cgroup", "rw,cpu", false},
		{"", "cgroup2x", "rw", false},
		{"", "fuse.cgroup2", "rw", false},
		{"cpu", "cgroup", "rw,cpu", true},
		{"cpu", "cgroup", "rw,cpu,cpuacct", true},
		{"cpu,cpuacct", "cgroup", "rw,cpuacct,cpu", true},
		{"cpu,cpuacct", "cgroup", "rw,cpu", false},
		{"cpu", "cgroup", "rw,cpuset", false},
		{"cpuset", "cgroup", "rw,cpu", false},
		{"cpu", "cgroup2", "rw,cpu", false},
		{"name=systemd", "cgroup", "rw,xattr,name=systemd", true},
		{"name=systemd", "cgroup", "rw,name=other", false},
		{"cpu", "cgroup", "rw,release_agent=/x\\054cpu", false},
		{"cpu", "cgroup", "", false},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct cgroup_row row = row_of(pairs[i].name, "/");
		struct mount_row mount = mount_of("/", pairs[i].type, pairs[i].options);
		cr_assert(cgroup_is_shown_by(&row, &mount) == pairs[i].shown, "'%s' in '%s %s'",
			pairs[i].name, pairs[i].type, pairs[i].options);
	}
}

Test(cgroup_text, paths_below_a_mount)
{
	static const struct {
		const char *root, *path;
		int result;
		const char *below;
	} pairs[] = {
		{"/", "/", 0, ""},
		{"/", "/a/b", 0, "a/b"},
		{"/a", "/a", 0, ""},
		{"/a", "/a/b c", 0, "b c"},
		{"/a\\040b", "/a b/c", 0, "c"},
		{"/a", "/ab", -EXDEV, NULL},
		{"/a/b", "/a", -EXDEV, NULL},
		{"/a", "/", -EXDEV, NULL},
		{"/", "/../x", -EXDEV, NULL},
		{"/..", "/../x", 0, "x"},
		{"/..", "/../../x", -EXDEV, NULL},
		{"/..", "/x", -EXDEV, NULL},
		{"/../..", "/../../x/y", 0, "x/y"},
		{"/", "/a/../../etc", -EXDEV, NULL},
		{"/", "/a/..", -EXDEV, NULL},
		{"/", "/a/...", 0, "a/..."},
		{"/", "//a", 0, "a"},
	};
	char below[64];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct cgroup_row row = row_of("", pairs[i].path);
		struct mount_row mount = mount_of(pairs[i].root, "cgroup2", "rw");
		int r = cgroup_path_below(&row, &mount, below, sizeof(below));
		cr_assert(r == pairs[i].result, "%s below %s gives %d", pairs[i].path,
			pairs[i].root, r);
		if (r == 0)
			check_str(below, pairs[i].below);
	}
	struct cgroup_row row = row_of("", "/abc");
	struct mount_row mount = mount_of("/", "cgroup2", "rw");
	check_int(cgroup_path_below(&row, &mount, below, 3), -ENAMETOOLONG);
	check_int(cgroup_path_below(&row, &mount, below, 4), 0);
}

Test(cgroup_text, outside)
{
	struct cgroup_row row = row_of("", "/../a");

	check_true(cgroup_is_outside(&row));
	row = row_of("", "/..");
	check_true(cgroup_is_outside(&row));
	row = row_of("", "/a..b/..c");
	check_false(cgroup_is_outside(&row));
}

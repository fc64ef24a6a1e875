// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc_maps.h"
#include "unit.h"

static int parse(const char *line, struct proc_map *ret)
{
	const char *cursor = line;
	int r = proc_map_next(&cursor, line + strlen(line), ret);

	check_true(r == 1 ? cursor > line : cursor == line);
	return r;
}

Test(proc_maps, fields)
{
	struct proc_map map;

	check_int(parse("55d0c2a00000-55d0c2a21000 r-xp 0001c000 fe:01 1234567"
			"                    /usr/bin/a program\n",
			  &map),
		1);
	check_u64(map.start, 0x55d0c2a00000);
	check_u64(map.end, 0x55d0c2a21000);
	check_u64(map.offset, 0x1c000);
	check_u64(map.dev_major, 0xfe);
	check_u64(map.dev_minor, 1);
	check_u64(map.inode, 1234567);
	check_true(map.readable && !map.writable && map.executable);
	check_bytes(map.path, map.path_len, "/usr/bin/a program");
}

Test(proc_maps, permissions)
{
	static const char *const permissions[] = {"---p", "r--p", "-w-p", "--xp", "rw-s", "rwxp"};
	static const bool rwx[][3] = {
		{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 1, 1}};

	for (size_t i = 0; i < 6; i++) {
		char line[100];
		struct proc_map map;
		snprintf(line, sizeof(line), "1000-2000 %s 00000000 00:00 0 \n", permissions[i]);
		check_int(parse(line, &map), 1);
		check_int(map.readable, rwx[i][0]);
		check_int(map.writable, rwx[i][1]);
		check_int(map.executable, rwx[i][2]);
		check_u64(map.path_len, 0);
	}
}

Test(proc_maps, paths)
{
	static const char *const paths[] = {"[vdso]", "[anon:name with (parens)]",
		"/tmp/x (deleted)", "/tmp/line\\012feed", "//deleted", "/memfd:name (deleted)",
		"/a\xff\xfe", "/dev/zero (deleted)", "anon_inode:[perf_event]", "/trailing "};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char line[200];
		struct proc_map map;
		snprintf(line, sizeof(line), "1000-2000 r--p 00000000 00:01 5        %s\n",
			paths[i]);
		check_int(parse(line, &map), 1);
		check_bytes(map.path, map.path_len, paths[i]);
		check_u64(map.inode, 5);
	}
}

Test(proc_maps, extremes)
{
	struct proc_map map;

	check_int(parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]", &map),
		1);
	check_u64(map.end, 0xffffffffff601000);
	check_bytes(map.path, map.path_len, "[vsyscall]");
	check_int(parse("0-ffffffffffffffff r--p ffffffffffffffff ffffffff:ffffffff "
			"18446744073709551615 /x\n",
			  &map),
		1);
	check_u64(map.offset, UINT64_MAX);
	check_u64(map.inode, UINT64_MAX);
	check_u64(map.dev_minor, UINT32_MAX);
}

Test(proc_maps, malformed)
{
	static const char *const bad[] = {
		"\n",
		"x\n",
		"1000\n",
		"1000-\n",
		"1000-2000\n",
		"1000-2000 r--p\n",
		"1000-2000 r--p 0\n",
		"1000-2000 r--p 0 00\n",
		"1000-2000 r--p 0 00:00\n",
		"1000-2000 r--p 0 00:00 \n",
		"1000-2000 r--p 0 00:00 x\n",
		"1000-2000 r--pp 0 00:00 0\n",
		"1000-2000 r-\n",
		"1000 2000 r--p 0 00:00 0\n",
		"2000-1000 r--p 0 00:00 0\n",
		"1000-1000 r--p 0 00:00 0\n",
		"10000000000000000-20000000000000000 r--p 0 00:00 0\n",
		"1000-2000 r--p 10000000000000000 00:00 0\n",
		"1000-2000 r--p 0 100000000:00 0\n",
		"1000-2000 r--p 0 00:100000000 0\n",
		"1000-2000 r--p 0 00:00 18446744073709551616\n",
		"-1000-2000 r--p 0 00:00 0\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proc_map map = {.inode = 42};
		int r = parse(bad[i], &map);
		cr_assert(r == -EINVAL, "\"%s\" gives %d", bad[i], r);
		check_u64(map.inode, 42);
	}
}

Test(proc_maps, whole_text)
{
	static const char text[] = "1000-2000 r--p 00000000 00:01 5 /a\n"
				   "2000-3000 r-xp 00001000 00:01 5 /a\n"
				   "4000-5000 rw-p 00000000 00:00 0 \n"
				   "5000-6000 rw-p 00000000 00:00 0 [heap]";
	const char *cursor = text, *end = text + strlen(text);
	struct proc_map map;
	uint64_t starts[4];
	size_t count = 0;

	while (proc_map_next(&cursor, end, &map) == 1) {
		cr_assert(count < 4);
		starts[count++] = map.start;
	}
	check_true(cursor == end);
	check_u64(count, 4);
	check_u64(starts[3], 0x5000);
	check_int(proc_map_next(&cursor, end, &map), 0);
}

Test(proc_maps, empty)
{
	const char *cursor = "";
	struct proc_map map;

	check_int(proc_map_next(&cursor, cursor, &map), 0);
}

Test(proc_maps, every_truncation)
{
	static const char line[] = "1000-2000 r--p 00000010 fe:01 77 /lib/x\n";

	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		char *cut = malloc(len ? len : 1);
		memcpy(cut, line, len);
		const char *cursor = cut;
		struct proc_map map;
		int r = proc_map_next(&cursor, cut + len, &map);
		if (len == 0)
			check_int(r, 0);
		else
			check_int(r, len < strlen("1000-2000 r--p 00000010 fe:01 7") ? -EINVAL : 1);
		free(cut);
	}
	check_no_leak();
}

// Our own maps: parsed to the end, ascending, and this function is in an executable one.
Test(proc_maps, our_own)
{
	static char text[1 << 20];
	FILE *file = fopen("/proc/self/maps", "re");
	cr_assert(file);
	size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);

	const char *cursor = text;
	struct proc_map map;
	uint64_t last = 0, here = (uint64_t)(uintptr_t)&parse;
	bool found = false;
	int r;
	while ((r = proc_map_next(&cursor, text + len, &map)) == 1) {
		check_true(map.start >= last);
		last = map.end;
		if (here >= map.start && here < map.end) {
			found = true;
			check_true(map.executable && map.inode != 0 && map.path[0] == '/');
		}
	}
	check_int(r, 0);
	check_true(found);
}

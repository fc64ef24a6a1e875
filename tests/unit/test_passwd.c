// SPDX-License-Identifier: GPL-2.0-or-later
#include "passwd.h"
#include "unit.h"

static const char sample[] = "root:x:0:0:root:/root:/bin/bash\n"
			     "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			     "app:x:1000:1001:An App,,,:/srv/app:/bin/sh\n"
			     "twin:x:1000:9:second:/twin:/bin/twin\n"
			     "empty:x:7:7:::\n"
			     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin";

static int find(const char *text, uint32_t uid, struct passwd_row *ret)
{
	return passwd_find_uid(text, strlen(text), uid, ret);
}

Test(passwd, rows)
{
	struct passwd_row row;

	check_int(find(sample, 0, &row), 0);
	check_bytes(row.name.text, row.name.len, "root");
	check_bytes(row.home.text, row.home.len, "/root");
	check_bytes(row.shell.text, row.shell.len, "/bin/bash");
	check_u64(row.uid, 0);
	check_u64(row.gid, 0);

	check_int(find(sample, 1000, &row), 0);
	check_bytes(row.name.text, row.name.len, "app");
	check_u64(row.gid, 1001);
	check_bytes(row.shell.text, row.shell.len, "/bin/sh");

	check_int(find(sample, 7, &row), 0);
	check_u64(row.home.len, 0);
	check_u64(row.shell.len, 0);

	// The last line ends without a newline.
	check_int(find(sample, 65534, &row), 0);
	check_bytes(row.shell.text, row.shell.len, "/usr/sbin/nologin");
}

Test(passwd, names)
{
	struct passwd_row row = {.uid = 42};

	check_int(passwd_find_name(sample, strlen(sample), "twin", &row), 0);
	check_u64(row.uid, 1000);
	check_u64(row.gid, 9);
	check_bytes(row.home.text, row.home.len, "/twin");
	check_int(passwd_find_name(sample, strlen(sample), "nobody", &row), 0);
	check_u64(row.uid, 65534);
	check_int(passwd_find_name(sample, strlen(sample), "ap", &row), -ENOENT);
	check_int(passwd_find_name(sample, strlen(sample), "apps", &row), -ENOENT);
	check_int(passwd_find_name(sample, strlen(sample), "1000", &row), -ENOENT);
	check_int(passwd_find_name(sample, strlen(sample), "", &row), -ENOENT);
	check_u64(row.uid, 65534);

	// Of two rows of one name the first counts, but not one that is malformed.
	static const char twice[] = "a:x:4294967295:0::/:\na:x:-1:0::/:\na:x::0::/:\n"
				    "a:x:5:6::/:\na:x:0:0::/:\n";
	check_int(passwd_find_name(twice, strlen(twice), "a", &row), 0);
	check_u64(row.uid, 5);
}

Test(passwd, absent)
{
	struct passwd_row row = {.uid = 42};

	check_int(find(sample, 2, &row), -ENOENT);
	check_int(find(sample, UINT32_MAX, &row), -ENOENT);
	check_int(find("", 0, &row), -ENOENT);
	check_int(find("\n\n", 0, &row), -ENOENT);
	check_u64(row.uid, 42);
}

Test(passwd, malformed_lines_are_passed_over)
{
	static const char *const bad[] = {
		"root:x:0:0:root:/root\n",
		"root:x:0:0:root:/root:/bad:extra\n",
		"root:x::0:root:/root:/bad\n",
		"root:x:0::root:/root:/bad\n",
		"root:x:-0:0:root:/root:/bad\n",
		"root:x: 0:0:root:/root:/bad\n",
		"root:x:0x0:0:root:/root:/bad\n",
		"root:x:4294967296:0:root:/root:/bad\n",
		"root:x:0:4294967296:root:/root:/bad\n",
		"root:x:18446744073709551616:0:root:/root:/bad\n",
		":x:0:0:root:/root:/bad\n",
		"+::::::\n",
		"+root:x:0:0:root:/root:/bad\n",
		"-root:x:0:0:root:/root:/bad\n",
		"#root:x:0:0:root:/root:/bad\n",
		" root:x:0:0:root:/root:/bad\n",
		"root:x:0:4294967295:root:/root:/bad\n",
		"#comment\n",
		":::::::\n",
		"::::::\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[300];
		struct passwd_row row;
		cr_assert(find(bad[i], 0, &row) == -ENOENT, "\"%s\"", bad[i]);
		snprintf(text, sizeof(text), "%sok:x:0:5:g:/home:/good\n", bad[i]);
		cr_assert(find(text, 0, &row) == 0, "\"%s\"", bad[i]);
		check_bytes(row.shell.text, row.shell.len, "/good");
		check_u64(row.gid, 5);
	}
}

// A NUL would end the path early for whoever makes a C string of it.
Test(passwd, nul_in_a_line)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\0/evil\n"
				   "r\0t:x:0:0:root:/root:/bin/evil\n"
				   "good:x:0:0:root:/root:/bin/good\n";
	struct passwd_row row;

	check_int(passwd_find_uid(text, sizeof(text) - 1, 0, &row), 0);
	check_bytes(row.name.text, row.name.len, "good");
}

Test(passwd, every_truncation)
{
	static const char line[] = "app:x:1000:1001:An App:/srv:/bin/sh";

	for (size_t len = 0; len < sizeof(line); len++) {
		char *cut = malloc(len ? len : 1);
		memcpy(cut, line, len);
		struct passwd_row row;
		int r = passwd_find_uid(cut, len, 1000, &row);
		bool seven_fields = len >= strlen("app:x:1000:1001:An App:/srv:");
		check_int(r, seven_fields ? 0 : -ENOENT);
		if (r == 0)
			check_true(row.shell.text + row.shell.len == cut + len);
		free(cut);
	}
	check_no_leak();
}

// What is malformed is none of the rows, and each other is one, twins too.
Test(passwd, one_after_the_other)
{
	static const char text[] = "a:x:1:1:::\n#b:x:2:2:::\nc:x:two:2:::\nd:x:1:1:::";
	const char *cursor = text, *end = text + strlen(text);
	struct passwd_row row;

	check_true(passwd_next(&cursor, end, &row));
	check_bytes(row.name.text, row.name.len, "a");
	check_true(passwd_next(&cursor, end, &row));
	check_bytes(row.name.text, row.name.len, "d");
	check_u64(row.uid, 1);
	check_false(passwd_next(&cursor, end, &row));
	check_false(passwd_next(&cursor, end, &row));
}

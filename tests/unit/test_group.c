// SPDX-License-Identifier: GPL-2.0-or-later
#include "group.h"
#include "unit.h"

static const char sample[] = "root:x:0:\n"
			     "web:x:33:app,www\n"
			     "staff:x:50:www,app\n"
			     "other:x:51:apple,wapp,App\n"
			     "web:x:34:app\n"
			     "odd:x:52:,,app,\n"
			     "big:x:4294967294:app\n"
			     "last:*:60:app";

static int find(const char *text, const char *name, uint32_t *ret)
{
	return group_find_name(text, strlen(text), name, ret);
}

// The groups of USER in TEXT, in their order, are the COUNT ids of WANTED.
static void check_groups(const char *text, const char *user, size_t count, const uint32_t *wanted)
{
	struct idlist list = {0};

	check_int(group_add_memberships(text, strlen(text), user, &list), 0);
	check_u64(list.count, count);
	for (size_t i = 0; i < count; i++)
		check_u64(list.ids[i], wanted[i]);
	idlist_fini(&list);
}

Test(group, names)
{
	uint32_t gid = 42;

	check_int(find(sample, "web", &gid), 0);
	check_u64(gid, 33); // the first of two
	check_int(find(sample, "big", &gid), 0);
	check_u64(gid, 4294967294);
	check_int(find(sample, "last", &gid), 0);
	check_u64(gid, 60);
	check_int(find(sample, "we", &gid), -ENOENT);
	check_int(find(sample, "33", &gid), -ENOENT);
	check_int(find(sample, "", &gid), -ENOENT);
	check_int(find("", "web", &gid), -ENOENT);
	check_u64(gid, 60);
}

Test(group, memberships)
{
	check_groups(sample, "app", 6, (uint32_t[]){33, 50, 34, 52, 4294967294, 60});
	check_groups(sample, "www", 2, (uint32_t[]){33, 50});
	check_groups(sample, "nobody", 0, NULL);
	check_groups(sample, "", 0, NULL); // nobody's name is the empty one
	check_groups("", "app", 0, NULL);
	check_no_leak();
}

Test(group, malformed_lines_are_passed_over)
{
	static const char *const bad[] = {
		"web:x:1\n",
		"web:x:1:app:more\n",
		"web:x::app\n",
		"web:x:-1:app\n",
		"web:x: 1:app\n",
		"web:x:1 :app\n",
		"web:x:0x1:app\n",
		"web:x:4294967295:app\n",
		"web:x:4294967296:app\n",
		"web:x:18446744073709551617:app\n",
		":x:1:app\n",
		"+:::\n",
		"+::1:app\n",
		"+web::1:app\n",
		"-web::1:app\n",
		"#web:x:1:app\n",
		" web:x:1:app\n",
		":::\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[200];
		uint32_t gid = 42;
		cr_assert(find(bad[i], "web", &gid) == -ENOENT, "\"%s\"", bad[i]);
		cr_assert(find(bad[i], "+web", &gid) == -ENOENT, "\"%s\"", bad[i]);
		check_groups(bad[i], "app", 0, NULL);
		snprintf(text, sizeof(text), "%sweb:x:7:app\n", bad[i]);
		cr_assert(find(text, "web", &gid) == 0, "\"%s\"", bad[i]);
		check_u64(gid, 7);
		check_groups(text, "app", 1, (uint32_t[]){7});
	}
	check_no_leak();
}

Test(group, nul_in_a_line)
{
	static const char text[] = "web:x:1:app\0\nweb\0:x:2:app\nweb:x:3:a\0pp\nweb:x:4:app";
	struct idlist list = {0};
	uint32_t gid;

	check_int(group_find_name(text, sizeof(text) - 1, "web", &gid), 0);
	check_u64(gid, 4);
	check_int(group_add_memberships(text, sizeof(text) - 1, "app", &list), 0);
	check_u64(list.count, 1);
	idlist_fini(&list);
}

Test(group, every_truncation)
{
	static const char line[] = "web:x:33:www,app";

	for (size_t len = 0; len < sizeof(line); len++) {
		char *cut = malloc(len ? len : 1);
		struct idlist list = {0};
		uint32_t gid;
		memcpy(cut, line, len);
		bool four_fields = len >= strlen("web:x:33:");
		check_int(group_find_name(cut, len, "web", &gid), four_fields ? 0 : -ENOENT);
		check_int(group_add_memberships(cut, len, "app", &list), 0);
		check_u64(list.count, len == sizeof(line) - 1);
		idlist_fini(&list);
		free(cut);
	}
	check_no_leak();
}

// More groups than a process can have.
Test(group, too_many)
{
	static const char row[] = "g::1:a\n";
	size_t row_len = sizeof(row) - 1;
	char *text = malloc(row_len * (IDLIST_MAX + 1));
	struct idlist list = {0};

	for (size_t i = 0; i <= IDLIST_MAX; i++)
		memcpy(text + i * row_len, row, row_len);
	check_int(group_add_memberships(text, row_len * IDLIST_MAX, "a", &list), 0);
	check_u64(list.count, IDLIST_MAX);
	idlist_normalize(&list);
	check_u64(list.count, 1);
	idlist_fini(&list);
	check_int(group_add_memberships(text, row_len * (IDLIST_MAX + 1), "a", &list), -E2BIG);
	idlist_fini(&list);
	free(text);
	check_no_leak();
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "idlist.h"
#include "unit.h"

// LIST holds just the COUNT ids of WANTED, and is freed.
static void check_ids(struct idlist *list, size_t count, const uint32_t *wanted)
{
	check_u64(list->count, count);
	for (size_t i = 0; i < count; i++)
		check_u64(list->ids[i], wanted[i]);
	idlist_fini(list);
	check_true(list->ids == NULL && list->count == 0);
}

Test(idlist, parse)
{
	struct idlist list = {0};

	check_int(idlist_parse("", &list), 0);
	check_ids(&list, 0, NULL);
	check_int(idlist_parse("0", &list), 0);
	check_ids(&list, 1, (uint32_t[]){0});
	check_int(idlist_parse("7,4294967294,7,007", &list), 0);
	check_ids(&list, 4, (uint32_t[]){7, 4294967294, 7, 7});
	check_no_leak();
}

Test(idlist, no_list)
{
	static const char *const bad[] = {",", "1,", ",1", "1,,2", "1 ,2", " 1", "1\n", "-1", "+1",
		"a", "0x1", "1;2", "1.0", "4294967295", "4294967296", "18446744073709551616",
		"1,4294967295"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct idlist list = {.count = 42};
		int r = idlist_parse(bad[i], &list);
		cr_assert(r == -EINVAL || r == -ERANGE, "\"%s\" gives %d", bad[i], r);
		check_u64(list.count, 42);
	}
	check_no_leak();
}

Test(idlist, status)
{
	static const struct {
		const char *text;
		size_t count;
		uint32_t ids[3];
	} cases[] = {
		{"Name:\tx\nGroups:\t4 24 1000 \nNStgid:\t1\n", 3, {4, 24, 1000}},
		{"Groups:\t \n", 0, {0}},
		{"Groups:\t\n", 0, {0}},
		{"Groups:", 0, {0}},
		{"Groups:\t5", 1, {5}},
		{"Groups:5 6", 2, {5, 6}},
		{"Gid:\t1\nGroups:\t65534 65534 \n", 2, {65534, 65534}},
	};
	static const char *const bad[] = {"", "\n", "Name:\tGroups:\t1\n", "groups:\t1\n",
		"Groups:\t1  2\n", "Groups:\tx\n", "Groups:\t1,2\n", "Groups:\t4294967295\n"};
	struct idlist list = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);
		char *exact = malloc(len);
		memcpy(exact, cases[i].text, len);
		cr_assert(idlist_parse_status(exact, len, &list) == 0, "\"%s\"", cases[i].text);
		check_ids(&list, cases[i].count, cases[i].ids);
		free(exact);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(idlist_parse_status(bad[i], strlen(bad[i]), &list) < 0, "\"%s\"", bad[i]);
	check_u64(list.count, 0);
	check_no_leak();
}

Test(idlist, normalize)
{
	struct idlist a = {0}, b = {0};

	idlist_normalize(&a);
	check_true(idlist_equals(&a, &b));
	check_int(idlist_parse("9,1,4294967294,1,9,0", &a), 0);
	check_int(idlist_parse("4294967294,0,9,1", &b), 0);
	check_true(idlist_has(&a, 0) && idlist_has(&a, 4294967294));
	check_false(idlist_has(&a, 2));
	idlist_normalize(&a);
	check_false(idlist_equals(&a, &b));
	idlist_normalize(&b);
	check_true(idlist_equals(&a, &b));
	check_int(idlist_add(&b, 10), 0);
	check_false(idlist_equals(&a, &b));
	idlist_fini(&b);
	check_ids(&a, 4, (uint32_t[]){0, 1, 9, 4294967294});
	check_no_leak();
}

Test(idlist, full)
{
	struct idlist list = {0};

	for (uint32_t i = 0; i < IDLIST_MAX; i++)
		check_int(idlist_add(&list, i), 0);
	check_int(idlist_add(&list, 0), -E2BIG);
	check_u64(list.count, IDLIST_MAX);
	check_u64(list.ids[IDLIST_MAX - 1], IDLIST_MAX - 1);
	idlist_fini(&list);
	check_no_leak();
}

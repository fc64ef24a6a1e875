// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc_confined.h"
#include "unit.h"

static int parse(const char *text, struct proc_confined *ret)
{
	// Exactly as long as it is, so that a sanitizer sees what is read behind it.
	size_t len = strlen(text);
	char *exact = malloc(len + 1);

	memcpy(exact, text, len);
	char *end = realloc(exact, len ? len : 1);
	int r = proc_confined_parse(end, len, ret);
	free(end);
	return r;
}

Test(proc_confined, fields)
{
	struct proc_confined confined = {0};

	check_int(parse("Name:\tGroups:\t7\nUmask:\t0027\nState:\tS (sleeping)\nGroups:\t4 24 "
			"4294967295 \n"
			"NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t13\n",
			  &confined),
		0);
	check_u64(confined.group_count, 3);
	check_u64(confined.groups[0], 4);
	check_u64(confined.groups[1], 24);
	check_u64(confined.groups[2], UINT32_MAX);
	check_int(confined.umask, 027);
	check_int(confined.seccomp, PROC_SECCOMP_FILTER);
	check_int(confined.filter_count, 13);
	proc_confined_fini(&confined);
	proc_confined_fini(&confined);
	check_no_leak();
}

Test(proc_confined, missing_fields)
{
	struct proc_confined confined;

	check_int(parse("", &confined), 0);
	check_u64(confined.group_count, 0);
	check_int(confined.umask, PROC_UMASK_UNKNOWN);
	check_int(confined.seccomp, PROC_SECCOMP_NONE);
	proc_confined_fini(&confined);
	check_int(parse("Groups:\t \nUmask:\t0000", &confined), 0);
	check_u64(confined.group_count, 0);
	check_int(confined.umask, 0);
	proc_confined_fini(&confined);
	check_no_leak();
}

Test(proc_confined, malformed)
{
	static const char *const texts[] = {"Groups:\t1,2\n", "Groups:\tx\n",
		"Groups:\t4294967296\n", "Groups:\t-1\n", "Umask:\n", "Umask:\t08\n",
		"Umask:\t1000\n", "Umask:\t 22 \n", "Seccomp:\t\n", "Seccomp:\t3\n",
		"Seccomp:\t1x\n", "Seccomp_filters:\tmany\n", "Groups:\t1 2\nGroups:\t3 x\n"};
	struct proc_confined confined;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(parse(texts[i], &confined) == -EINVAL, "\"%s\" is taken", texts[i]);
	check_no_leak();
}

Test(proc_confined, twice_the_same_field)
{
	struct proc_confined confined;

	check_int(parse("Groups:\t1 2\nGroups:\t3\n", &confined), 0);
	check_u64(confined.group_count, 1);
	check_u64(confined.groups[0], 3);
	proc_confined_fini(&confined);
	check_no_leak();
}

// Text with COUNT groups of one digit each.
static int parse_groups(size_t count, struct proc_confined *ret)
{
	size_t len = strlen("Groups:\t") + 2 * count;
	char *text = malloc(len + 1);

	strcpy(text, "Groups:\t");
	for (size_t i = 0; i < count; i++)
		memcpy(text + strlen("Groups:\t") + 2 * i, "7 ", 3);
	int r = proc_confined_parse(text, len, ret);
	free(text);
	return r;
}

Test(proc_confined, as_many_groups_as_there_can_be)
{
	struct proc_confined confined;

	check_int(parse_groups(PROC_GROUPS_MAX, &confined), 0);
	check_u64(confined.group_count, PROC_GROUPS_MAX);
	proc_confined_fini(&confined);
	check_int(parse_groups(PROC_GROUPS_MAX + 1, &confined), -EINVAL);
	check_no_leak();
}

Test(proc_confined, kinds_of_limits)
{
	for (int i = 0; i < PROC_LIMIT_COUNT; i++)
		check_int(proc_limit_kinds[i].resource, i);
}

static size_t read_own(const char *path, char *buffer, size_t size)
{
	FILE *file = fopen(path, "re");
	cr_assert(file);
	size_t len = fread(buffer, 1, size - 1, file);

	fclose(file);
	buffer[len] = '\0';
	return len;
}

Test(proc_confined, limits_of_ourselves)
{
	char text[4096];
	struct rlimit limits[PROC_LIMIT_COUNT], own;
	size_t len = read_own("/proc/self/limits", text, sizeof(text));

	check_int(proc_limits_parse(text, len, limits), 0);
	for (int i = 0; i < PROC_LIMIT_COUNT; i++) {
		check_int(getrlimit((__rlimit_resource_t)i, &own), 0);
		check_u64(limits[i].rlim_cur, own.rlim_cur);
		check_u64(limits[i].rlim_max, own.rlim_max);
	}
}

Test(proc_confined, damaged_limits)
{
	char text[4096], copy[4096];
	struct rlimit limits[PROC_LIMIT_COUNT];
	size_t len = read_own("/proc/self/limits", text, sizeof(text));

	// Any cut but that of the units at the end is missed.
	for (size_t cut = 0; cut < len - 40; cut++) {
		char *exact = malloc(cut + 1);
		memcpy(exact, text, cut);
		check_int(proc_limits_parse(exact, cut, limits), -EINVAL);
		free(exact);
	}
	for (int i = 0; i < PROC_LIMIT_COUNT; i++) {
		memcpy(copy, text, sizeof(copy));
		char *line = strstr(copy, proc_limit_kinds[i].text);
		cr_assert(line);
		line[strlen(proc_limit_kinds[i].text) + 14] = 'x';
		memset(line + strlen(proc_limit_kinds[i].text), 'x', 30);
		check_int(proc_limits_parse(copy, len, limits), -EINVAL);
	}
	check_int(proc_limits_parse("", 0, limits), -EINVAL);
}

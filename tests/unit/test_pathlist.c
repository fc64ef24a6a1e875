// SPDX-License-Identifier: GPL-2.0-or-later
#include "pathlist.h"
#include "unit.h"

// The directories of LIST, each followed by '|'.
static const char *walk(const char *list)
{
	static char text[4 * PATH_MAX];
	char dir[PATH_MAX];

	text[0] = '\0';
	while (pathlist_next(&list, dir)) {
		strcat(text, dir);
		strcat(text, "|");
	}
	check_true(list == NULL);
	return text;
}

Test(pathlist, walk)
{
	check_str(walk("/usr/bin:/bin"), "/usr/bin|/bin|");
	check_str(walk("/bin"), "/bin|");
	check_str(walk("/"), "/|");
	check_str(walk(""), "");
	check_str(walk(":::"), "");
	// What depends on where one is, is passed over.
	check_str(walk("bin:/a::./b:../c:/d:"), "/a|/d|");
	check_str(walk("/a b:/c"), "/a b|/c|");
}

Test(pathlist, too_long)
{
	char list[3 * PATH_MAX];

	memset(list, 'x', sizeof(list));
	list[0] = '/';
	strcpy(list + PATH_MAX, ":/bin");
	check_str(walk(list), "/bin|");
	// The longest that fits.
	list[PATH_MAX - 1] = '\0';
	check_int(strlen(walk(list)), PATH_MAX);
}

static const char *describe(const char *list, size_t size)
{
	static char text[256];

	memset(text, '#', sizeof(text));
	pathlist_describe(list, text, size);
	check_true(text[size] == '#');
	return text;
}

Test(pathlist, describe)
{
	check_str(describe("/usr/bin:/bin", 100), "/usr/bin, /bin");
	check_str(describe("", 100), "");
	check_str(describe("relative", 100), "");
	// Each once, and no part of another.
	check_str(describe("/a:/b:/a:/b/c:/b:/ab:/b", 100), "/a, /b, /b/c, /ab");
}

Test(pathlist, cut)
{
	check_str(describe("/usr/bin:/bin", 15), "/usr/bin, /bin");
	check_int(strlen(describe("/usr/bin:/bin", 14)), 13);
	check_true(strstr(describe("/usr/bin:/bin", 14), "...") != NULL);
	check_true(strstr(describe("/usr/bin:/bin", 8), "...") != NULL);
}

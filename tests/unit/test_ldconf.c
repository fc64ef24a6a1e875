// SPDX-License-Identifier: GPL-2.0-or-later
#include "ldconf.h"
#include "unit.h"

// The words of TEXT, each with its kind before it and '|' behind.
static const char *parse(const char *text)
{
	static char result[4 * PATH_MAX];
	char word[PATH_MAX];
	enum ldconf_kind kind;

	result[0] = '\0';
	while ((kind = ldconf_next(&text, word)) != LDCONF_END) {
		strcat(result, kind == LDCONF_DIR ? "d" : "i");
		strcat(result, word);
		strcat(result, "|");
	}
	check_int(*text, '\0');
	return result;
}

Test(ldconf, lines)
{
	check_str(parse("/usr/local/lib\n/lib64\n"), "d/usr/local/lib|d/lib64|");
	check_str(parse("include /etc/ld.so.conf.d/*.conf\n\n"), "i/etc/ld.so.conf.d/*.conf|");
	check_str(parse("# comment\n/a # with one\n#/b\n"), "d/a|");
	check_str(parse("  /a\t \n\tinclude\t/b  \n"), "d/a|i/b|");
	check_str(parse("/last"), "d/last|");
	check_str(parse(""), "");
	check_str(parse("\n \n\t\n"), "");
}

Test(ldconf, refused)
{
	check_str(parse("relative\nhwcap 1 nosegneg\n/a\n"), "d/a|");
	// A directory of that name, a word that only begins so, and one without what to include.
	check_str(parse("/include\nincluded /x\ninclude\ninclude \ninclude #x\n/b\n"),
		"d/include|d/b|");
	check_str(parse("include relative/*.conf\n"), "irelative/*.conf|");
}

Test(ldconf, too_long)
{
	char text[2 * PATH_MAX];

	memset(text, 'x', sizeof(text));
	text[0] = '/';
	strcpy(text + PATH_MAX, "\n/b\n");
	check_str(parse(text), "d/b|");
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "colonline.h"
#include "unit.h"

// Reads all of TEXT (LEN bytes, in memory of just that size) as lines of three fields into OUT, as
// "a|b|c;".
static void read_all(const char *text, size_t len, char *out, size_t size)
{
	char *exact = malloc(len ? len : 1);
	const char *cursor = exact;
	struct colon_field field[3];

	memcpy(exact, text, len);
	out[0] = '\0';
	while (colonline_next(&cursor, exact + len, 3, field)) {
		size_t used = strlen(out);
		snprintf(out + used, size - used, "%.*s|%.*s|%.*s;", (int)field[0].len,
			field[0].text, (int)field[1].len, field[1].text, (int)field[2].len,
			field[2].text);
	}
	check_true(cursor == exact + len);
	free(exact);
}

Test(colonline, lines)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"", ""},
		{"\n\n", ""},
		{"a:b:c", "a|b|c;"},
		{"a:b:c\n", "a|b|c;"},
		{"a::\nb::", "a||;b||;"},
		{"a:b\na:b:c:d\na:b:c\n", "a|b|c;"},
		{":b:c\n:::\n::\n", ""},
		{"#a:b:c\n a:b:c\n\ta:b:c\n", ""},
		{"+a:b:c\n-a:b:c\n+::\n+:b:c\n", ""},
		{"a#:b:#c\na+:-:+\n", "a#|b|#c;a+|-|+;"},
		{"a:b:c\r\n", "a|b|c\r;"},
		{"\xff:\x01:\x7f\n", "\xff|\x01|\x7f;"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[200];
		read_all(cases[i].text, strlen(cases[i].text), out, sizeof(out));
		cr_assert(strcmp(out, cases[i].wanted) == 0, "\"%s\" gives \"%s\"", cases[i].text,
			out);
	}
}

Test(colonline, nul)
{
	static const char text[] = "a\0:b:c\na:b:c\0\na:b:c\n\0\nd:e:f\0";
	char out[200];

	read_all(text, sizeof(text) - 2, out, sizeof(out));
	check_str(out, "a|b|c;d|e|f;");
	read_all(text, sizeof(text) - 1, out, sizeof(out));
	check_str(out, "a|b|c;");
}

// A line as long as what is read of a file, and as many lines as fit.
Test(colonline, huge)
{
	enum { SIZE = 1 << 20 };
	char *text = calloc(1, SIZE);
	const char *cursor = text;
	struct colon_field field[3];
	size_t count = 0;

	memset(text, 'x', SIZE);
	check_false(colonline_next(&cursor, text + SIZE, 3, field));
	memset(text, ':', SIZE);
	cursor = text;
	check_false(colonline_next(&cursor, text + SIZE, 3, field));

	memset(text, 'x', SIZE);
	text[1] = text[3] = ':';
	cursor = text;
	check_true(colonline_next(&cursor, text + SIZE, 3, field));
	check_u64(field[2].len, SIZE - 4);

	memset(text, '\n', SIZE);
	memcpy(text + SIZE - 5, "a:b:c", 5);
	for (cursor = text; colonline_next(&cursor, text + SIZE, 3, field);)
		count++;
	check_u64(count, 1);
	free(text);
	check_no_leak();
}

Test(colonline, field_is)
{
	struct colon_field field = {"webmaster", 3};

	check_true(colon_field_is(&field, "web"));
	check_false(colon_field_is(&field, "we"));
	check_false(colon_field_is(&field, "webm"));
	check_false(colon_field_is(&field, ""));
	field.len = 0;
	check_true(colon_field_is(&field, ""));
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"
#include "unit.h"

static void check_escape(const char *text, const char *expected)
{
	char buffer[400];

	check_true(text_escape(text, buffer, sizeof(buffer)) == buffer);
	check_str(buffer, expected);
}

Test(text, harmless)
{
	static const char *const texts[] = {"", "plain text, 100%", "~", " ", "caf\u00e9",
		"\u4e2d\u6587", "\U0001f600", "\u00a0", "\u07ff", "\u0800", "\ud7ff", "\ue000",
		"\ufffd", "\U00010000", "\U0010ffff", "/usr/lib/x86_64-linux-gnu/libc.so.6",
		"std::vector<int, std::allocator<int> >::push_back(int&&)"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_escape(texts[i], texts[i]);
}

Test(text, controls)
{
	for (int c = 1; c < 0x20; c++) {
		char text[] = {'a', (char)c, 'b', '\0'}, expected[10];
		snprintf(expected, sizeof(expected), "a\\x%02xb", c);
		check_escape(text, expected);
	}
	check_escape("\x7f", "\\x7f");
	check_escape("back\\slash", "back\\x5cslash");
	check_escape("\033]0;title\a", "\\x1b]0;title\\x07");
	check_escape("two\nlines\r\t", "two\\x0alines\\x0d\\x09");
}

// C1 controls are two bytes of valid UTF-8: a terminal obeys U+009B as it does ESC [.
Test(text, c1_controls)
{
	for (int c = 0x80; c < 0xa0; c++) {
		char text[] = {'a', (char)0xc2, (char)c, 'b', '\0'}, expected[20];
		snprintf(expected, sizeof(expected), "a\\xc2\\x%02xb", c);
		check_escape(text, expected);
	}
	check_escape("\xc2\xa0", "\xc2\xa0");
}

// What reorders the text after it can make a name look like another.
Test(text, bidi)
{
	check_escape("\u202a", "\\xe2\\x80\\xaa");
	check_escape("a\u202e"
		     "b",
		"a\\xe2\\x80\\xaeb");
	check_escape("\u2066", "\\xe2\\x81\\xa6");
	check_escape("\u2069", "\\xe2\\x81\\xa9");
	check_escape("\u2029\u202f\u2065\u206a", "\u2029\u202f\u2065\u206a");
}

Test(text, not_utf8)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"\x80", "\\x80"},
		{"\xbf", "\\xbf"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc0\x80", "\\xc0\\x80"}, // NUL in two bytes
		{"\xc1\xbf", "\\xc1\\xbf"},
		{"\xe0\x80\x80", "\\xe0\\x80\\x80"}, // overlong
		{"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
		{"\xf0\x80\x80\x80", "\\xf0\\x80\\x80\\x80"},
		{"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, // surrogates
		{"\xed\xbf\xbf", "\\xed\\xbf\\xbf"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // above U+10FFFF
		{"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
		{"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
		{"\xc3", "\\xc3"}, // cut off
		{"\xe4\xb8", "\\xe4\\xb8"},
		{"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
		{"\xc3"
		 "a",
			"\\xc3"
			"a"},
		{"\xe4"
		 "a\xad",
			"\\xe4"
			"a\\xad"},
		{"\xe4\xb8"
		 "a",
			"\\xe4\\xb8"
			"a"},
		{"\xe4\xc3\xa9", "\\xe4\u00e9"}, // the good one behind a bad one is kept
		{"\xc3\xa9\xa9", "\u00e9\\xa9"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_escape(rows[i].text, rows[i].expected);
}

// Cut to every size: the longest part that ends at a whole character, then "..." as far as there
// is room; never a byte behind the buffer.
static void check_every_size(const char *text)
{
	char whole[400];
	text_escape(text, whole, sizeof(whole));
	size_t whole_len = strlen(whole);

	for (size_t size = 1; size <= whole_len + 3; size++) {
		char *buffer = malloc(size), again[400];
		text_escape(text, buffer, size);
		size_t len = strlen(buffer);
		check_true(len < size);
		if (size > whole_len) {
			check_str(buffer, whole);
		} else {
			size_t dots = size - 1 < 3 ? size - 1 : 3;
			check_true(len >= dots && memcmp(buffer + len - dots, "...", dots) == 0);
			check_true(memcmp(buffer, whole, len - dots) == 0);
			// A character has at most four bytes: no more is given up.
			check_true(len + 4 >= size);
			for (size_t i = 0; i < len; i++)
				if (buffer[i] == '\\')
					check_true(i + 3 < len);
			// All of it is valid: what was escaped has only backslashes to escape.
			for (size_t i = 0; i < len; i++)
				buffer[i] = buffer[i] == '\\' ? '/' : buffer[i];
			text_escape(buffer, again, sizeof(again));
			check_str(again, buffer);
		}
		free(buffer);
	}
}

Test(text, every_size)
{
	check_every_size("");
	check_every_size("a");
	check_every_size("a name of plain letters");
	check_every_size("\u4e2d\u6587\u00e9\U0001f600\U0001f600x");
	check_every_size("\xff\xff\xff\033[2J\x80");
	check_every_size("x\xff\U0001f600\n\u00e9\\y\xc2\x9b");
	check_every_size("....");
	check_no_leak();
}

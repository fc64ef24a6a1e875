// SPDX-License-Identifier: GPL-2.0-or-later
#include "display_width.h"

#include "unit.h"

Test(display_width, of_texts)
{
	check_u64(display_width(""), 0);
	check_u64(display_width("plain"), 5);
	check_u64(display_width("naïve"), 5);
	check_u64(display_width("nai\u0308ve"), 5);          // an i and its diaeresis
	check_u64(display_width("日本語"), 6);               // wide
	check_u64(display_width("한국"), 4);                 // syllables
	check_u64(display_width("ﾊﾝｶｸ"), 4);                 // halfwidth
	check_u64(display_width("\U0001f600!"), 3);          // a face
	check_u64(display_width("a\u200bb\ufeff"), 2);       // of no width
	check_u64(display_width("\U00020000\U0003134a"), 4); // the last plane
	check_u64(display_width("\u1100\u1160"), 2);         // a syllable of its letters
	check_u64(display_width("\u00ad\u2500"), 2);
}

Test(display_width, what_fits)
{
	size_t width;

	check_u64(display_fit("plain", 3, &width), 3);
	check_u64(width, 3);
	check_u64(display_fit("plain", 9, &width), 5);
	check_u64(width, 5);
	check_u64(display_fit("日本語", 3, &width), 3);
	check_u64(width, 2);
	check_u64(display_fit("日本語", 0, &width), 0);
	check_u64(width, 0);
	check_u64(display_fit("e\u0301e\u0301", 1, &width), 3); // with what stands on it
	check_u64(width, 1);
}

// What is no valid UTF-8 is passed over byte by byte, and never left behind its end.
Test(display_width, of_what_is_no_text)
{
	check_u64(display_width("\xff"), 1);
	check_u64(display_width("\xe6\x97"), 1);
	check_u64(display_width("\xf0zz"), 3);
	check_u64(display_width("\x80\x80"), 2);
}

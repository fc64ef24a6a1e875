// SPDX-License-Identifier: GPL-2.0-or-later
// Debug links, hostile ones included.
#include "cleanup.h"
#include "debuglink.h"
#include "section_image.h"

// Reads a debug link whose section is the LEN bytes of DATA.
static int read_link(const void *data, size_t len, struct debuglink *ret)
{
	const struct section_row rows[] = {{.name = ".gnu_debuglink", .data = data, .len = len}};
	struct section_image image = section_image_with(rows, 1, 0);

	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)image.bytes, image.len);
	int r = debuglink_read(elf, ret);
	elf_end(elf);
	free(image.bytes);
	return r;
}

Test(debuglink, a_name_and_a_sum)
{
	struct debuglink link;

	check_int(read_link("a.debug\0\x26\x39\xf4\xcb", 12, &link), 0);
	check_str(link.name, "a.debug");
	check_u64(link.crc, 0xcbf43926);
	check_int(read_link("ab.debug\0\0\0\0\x01\x02\x03\x04", 16, &link), 0);
	check_str(link.name, "ab.debug");
	check_u64(link.crc, 0x04030201);
}

Test(debuglink, the_sum_proves)
{
	struct debuglink link = {.name = "x", .crc = 0xcbf43926}; // of "123456789", as everywhere

	check_true(debuglink_fits(&link, "123456789", 9));
	check_false(debuglink_fits(&link, "123456788", 9));
	check_false(debuglink_fits(&link, "123456789", 8));
	link.name[0] = '\0'; // none
	check_false(debuglink_fits(&link, "123456789", 9));
}

Test(debuglink, truncated_anywhere)
{
	static const char data[] = "a.debug\0\x26\x39\xf4\xcb";
	struct debuglink link;

	for (size_t len = 0; len < 12; len++)
		check_int(read_link(data, len, &link), -EINVAL);
	check_int(read_link(data, 12, &link), 0);
	check_int(debuglink_read(NULL, &link), -ENOENT);
}

Test(debuglink, names_that_are_none)
{
	static const char *const names[] = {
		"", ".", "..", "/", "a/b", "/etc/shadow", "../shadow", "a/"};
	char data[600], longest[600];
	struct debuglink link;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(data, 0, sizeof(data));
		strcpy(data, names[i]);
		check_int(read_link(data, sizeof(data), &link), -EINVAL);
	}
	memset(longest, 'x', sizeof(longest));
	longest[NAME_MAX] = '\0';
	check_int(read_link(longest, NAME_MAX + 1 + 4, &link), 0);
	check_int(strlen(link.name), NAME_MAX);
	longest[NAME_MAX] = 'x';
	longest[NAME_MAX + 1] = '\0';
	check_int(read_link(longest, sizeof(longest), &link), -EINVAL);
	memset(longest, 'x', sizeof(longest)); // without an end
	check_int(read_link(longest, sizeof(longest), &link), -EINVAL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Names that are kept by address.
#include "names.h"

#include "unit.h"

Test(names, what_was_put_is_found)
{
	struct names names = {0};

	check_true(names_find(&names, 0x10) == NULL);
	struct name *name = names_make(&names, 0x10, strdup("f"));
	check_true(name != NULL);
	check_int(names_put(&names, 0x10, name), 0);
	check_int(names_put(&names, 0x18, name), 0);
	check_int(names_put(&names, 0, NULL), 0); // that there is no name is known too
	check_str(names_find(&names, 0x18)->name->text, "f");
	check_u64(names_find(&names, 0x18)->name->start, 0x10);
	check_true(names_find(&names, 0) != NULL);
	check_true(names_find(&names, 0)->name == NULL);
	check_true(names_find(&names, 0x11) == NULL);
	names_fini(&names);
	check_no_leak();
}

Test(names, many)
{
	enum { COUNT = 5000 };
	struct names names = {0};

	for (uint64_t i = 0; i < COUNT; i++) {
		char text[16];
		snprintf(text, sizeof(text), "f%d", (int)i);
		check_int(names_put(&names, i << 32, names_make(&names, i, strdup(text))), 0);
	}
	check_int(names.count, COUNT);
	for (uint64_t i = 0; i < COUNT; i++)
		check_u64(names_find(&names, i << 32)->name->start, i);
	check_true(names_find(&names, 1) == NULL);
	names_fini(&names);
	check_no_leak();
}

Test(names, no_memory_for_the_text)
{
	struct names names = {0};

	check_true(names_make(&names, 0, NULL) == NULL);
	names_fini(&names);
	check_no_leak();
}

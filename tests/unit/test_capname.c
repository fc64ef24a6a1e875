// SPDX-License-Identifier: GPL-2.0-or-later
#include "capname.h"
#include "unit.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/capability.h>

// libcap has the same names.
Test(capname, is_the_library_s)
{
	int known = 0;

	for (int cap = 0; cap < 64; cap++) {
		char *theirs = cap_to_name(cap);
		const char *ours = capname_of(cap);
		if (ours && strncmp(theirs, "cap_", 4) == 0) { // else a number: it is older
			check_str(ours, theirs);
			known++;
		}
		cap_free(theirs);
	}
	check_true(known >= 41);
}

Test(capname, is_found_by_each_form)
{
	for (int cap = 0; capname_of(cap); cap++) {
		check_int(capname_find(capname_of(cap)), cap);
		check_int(capname_find(capname_of(cap) + 4), cap);
	}
	check_int(capname_find("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
	check_int(capname_find("sys_Admin"), CAP_SYS_ADMIN);
}

Test(capname, refuses_what_is_none)
{
	static const char *const words[] = {"", "cap_", "cap", "chow", "chownx", "cap_cap_chown",
		"chown ", " chown", "0", "+ep"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		check_int(capname_find(words[i]), -EINVAL);
	check_true(capname_of(-1) == NULL);
	check_true(capname_of(63) == NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "syscallname.h"
#include "unit.h"

#include <seccomp.h>
#include <string.h>
#include <sys/syscall.h>

// libseccomp has the same names.
Test(syscallname, is_the_library_s)
{
	int known = 0;

	for (int nr = 0; nr < 1024; nr++) {
		char *theirs = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
		const char *ours = syscallname_of((uint64_t)nr);
		if (theirs && ours) { // one of them can be newer
			check_str(ours, theirs);
			known++;
		}
		free(theirs);
	}
	check_true(known >= 280);
}

Test(syscallname, of_numbers)
{
	check_str(syscallname_of(SYS_futex), "futex");
	check_str(syscallname_of(SYS_ppoll), "ppoll");
	check_true(!syscallname_of(100000));
	check_true(!syscallname_of(UINT64_MAX));
}

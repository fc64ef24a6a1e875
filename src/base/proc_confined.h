// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parsers of what /proc says about the confinement of a process, beside proc.h: its groups,
// umask and seccomp mode (status), and its limits (limits).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

enum {
	PROC_GROUPS_MAX = 65536, // NGROUPS_MAX
	PROC_UMASK_UNKNOWN = -1, // before Linux 4.7
};

// Values are those of the kernel's SECCOMP_MODE_*.
enum proc_seccomp {
	PROC_SECCOMP_NONE = 0,
	PROC_SECCOMP_STRICT = 1,
	PROC_SECCOMP_FILTER = 2,
};

struct proc_confined {
	uint32_t *groups; // supplementary, as the reader's user namespace has them; owned
	size_t group_count;
	int umask; // or PROC_UMASK_UNKNOWN
	enum proc_seccomp seccomp;
	unsigned filter_count; // of seccomp; 0 where the kernel does not say (before Linux 5.9)
};

// Parses TEXT (LEN bytes of a status file) into *RET, to be freed by proc_confined_fini(). Fields
// that the text lacks are zero, or unknown. Fails with -EINVAL for a malformed field, -ENOMEM;
// *RET is then untouched.
int proc_confined_parse(const char *text, size_t len, struct proc_confined *ret);

// Frees what CONFINED owns. Accepts one that is {0}.
void proc_confined_fini(struct proc_confined *confined);

// The kinds of limits, in the order of the kernel's numbers.
struct proc_limit_kind {
	unsigned resource; // RLIMIT_*
	const char *name;  // that, as a string
	const char *text;  // what /proc/PID/limits calls it
};

enum { PROC_LIMIT_COUNT = RLIM_NLIMITS };

extern const struct proc_limit_kind proc_limit_kinds[PROC_LIMIT_COUNT];

// Parses TEXT (LEN bytes of a limits file) into RET, indexed by RLIMIT_*. Fails with -EINVAL when a
// kind of limit is missing or malformed; RET is then undefined.
int proc_limits_parse(const char *text, size_t len, struct rlimit ret[PROC_LIMIT_COUNT]);

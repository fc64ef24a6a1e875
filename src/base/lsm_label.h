// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of /proc/PID/attr text: whose label it is, and what to write to get it at execve(2).
#pragma once

#include <stddef.h>

enum lsm_kind {
	LSM_NONE,     // no label
	LSM_APPARMOR, // written to attr/apparmor/exec, or attr/exec on older kernels
	LSM_SELINUX,  // written to attr/exec
	LSM_OTHER,    // of a module without labels for execve(2), or one that is not known
};

enum { LSM_LABEL_SIZE = 4096 };

struct lsm_label {
	enum lsm_kind kind;
	char text[LSM_LABEL_SIZE]; // without mode, newline and NUL of the file; empty for LSM_NONE
};

// Parses LEN bytes of attr/apparmor/current: "unconfined", "PROFILE (MODE)". Fails with -EINVAL
// (nothing printable, or too long); *RET is then undefined.
int lsm_label_parse_apparmor(const char *text, size_t len, struct lsm_label *ret);

// Parses LEN bytes of attr/current, which belongs to whatever module shows itself there: SELinux
// by the form "user:role:type", AppArmor by a mode in parentheses or "unconfined". Fails likewise.
int lsm_label_parse_current(const char *text, size_t len, struct lsm_label *ret);

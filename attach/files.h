// SPDX-License-Identifier: GPL-2.0-or-later
// The files that a process has mapped: opened as the very files that are in use, not by their
// names.
//
// Theory of operation. A path in /proc/PID/maps means something in the target's mount namespace
// only, and there it may meanwhile name another file (an upgrade, a re-pulled image). The links in
// /proc/PID/map_files lead to the mapped inode itself, so they are taken first. Where they are
// refused (they need CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the initial user namespace), the
// path is opened inside the target's root and the file is taken only if its build id equals the one
// in the target's memory. A wrong file would give wrong names; none gives none.
#pragma once

#include "buildid.h"
#include "error.h"
#include "snapshot.h"
#include "target.h"

// Reads TARGET's maps into *RET_TEXT (owned by the caller), *RET_LEN bytes. Fails with -errno and
// ERROR_SYSTEM (-EACCES, -EPERM: no ptrace access to it) or -EFBIG.
int files_read_maps(
	const struct target *target, char **ret_text, size_t *ret_len, struct error *err);

// Fills SNAPSHOT's maps and modules (which must be empty) from TEXT, a maps text of LEN bytes, and
// opens the file of each module that has an executable mapping. A file that cannot be had leaves a
// module without one, with a note; that is no failure. Fails with -EINVAL (malformed text) or
// -ENOMEM; SNAPSHOT then holds what snapshot_fini() frees.
int files_open_modules(const struct target *target, const char *text, size_t len,
	struct snapshot *snapshot, struct error *err);

// Gives MODULE, whose file a kept snapshot lacks, the file at its path on this host, if that has
// the build id ID; else it has a note that says so.
void files_find_kept(struct snapshot_module *module, const struct buildid *id);

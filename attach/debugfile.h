// SPDX-License-Identifier: GPL-2.0-or-later
// Where the debug information of a mapped file can be that is not in it: its separate debug file,
// below /usr/lib/debug by its build id, or by the name in its .gnu_debuglink, in the target's root
// and on the host; and what that information refers to. GDB manual, "Separate Debug Files".
//
// Theory of operation. Who asks has read hostile files, so it may ask for anything. A build id is
// hex digits. A name is one component, and is looked for in directories that follow from the mapped
// file's path: beside it only inside the target's root, on the host only below /usr/lib/debug.
// A path is taken as it is where a compiler has left a file (.dwo), which can be anywhere, inside
// the target's root only, and else only below /usr/lib/debug. Paths are resolved inside the root
// that they belong to, and only a regular file that everybody may read is handed out. Whether it is
// the right one is not looked at: whoever reads it must.
#pragma once

#include "buildid.h"
#include "target.h"

enum debugfile_kind {
	DEBUGFILE_SEPARATE, // the separate debug file
	DEBUGFILE_PACKAGE,  // FILE.dwp, the package of split units
	DEBUGFILE_SPLIT,    // a split unit
	DEBUGFILE_ALT,      // what dwz has put into a file of its own
};

struct debugfile_request {
	const char *path;               // of the mapped file, as in /proc/PID/maps
	const struct buildid *build_id; // of length 0: it has none
	const char *link; // by .gnu_debuglink, or a path of debug information; empty: there is none
	unsigned place;   // the first place to look at; the best one is 0
	enum debugfile_kind kind;
};

// Opens the first file for REQUEST, of TARGET, that there is; *RET_PLACE is where. Without a
// TARGET (NULL) only the host's places count. Returns an O_CLOEXEC read-only fd of a regular file,
// -ENOENT, or -EINVAL when there is none, but something else at a place: no regular file, or a link
// that leads to nothing in that root.
int debugfile_open(
	const struct target *target, const struct debugfile_request *request, unsigned *ret_place);

// SPDX-License-Identifier: GPL-2.0-or-later
// What inject mode adds to the container's root: shared by who builds it and the trampoline that is
// run in it.
#pragma once

// The directory of all that is added. Below it:
//	bin/NAME       a link to the trampoline for each tool of the host: goes to PATH
//	lib share ...  links into host/usr: programs that find their data from where they are
//	               (gdb, python) take /.nspeek for their prefix
//	host/          the host's trees and files, read-only
//	library-path   where the host's loader is to look for libraries
#define INJECT_DIR          "/.nspeek"
#define INJECT_BIN          INJECT_DIR "/bin"
#define INJECT_HOST         INJECT_DIR "/host"
#define INJECT_LIBRARY_PATH INJECT_DIR "/library-path"

enum { INJECT_LIBRARY_PATH_MAX = 16 << 10 };

// Where tools are in the host's root, in the order in which they are searched.
#define INJECT_TOOL_DIRS \
	"usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin", "usr/games"

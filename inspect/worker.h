// SPDX-License-Identifier: GPL-2.0-or-later
// The worker process: unwinds and names a snapshot, without privileges.
//
// Theory of operation. It is started by inspect_open(), gives up what it could do harm with
// (sandbox.h), and waits for what there is to do (work.h): first a process's modules and their
// files, of which it opens what it will probably need while threads are being captured; then the
// threads. It reads files that the target controls. Those that it needs beyond the modules it asks
// for by a record that nspeek checks. It answers with records (wire.h), modules and names first, so
// that frames can refer to them. A file that is truncated under our mapping reads as zeros from
// there on; anything worse ends the worker, and nspeek starts another one without that file
// (inspect.h).
#pragma once

#include "snapshot.h"

#include <stdbool.h>
#include <stddef.h>

struct worker_options {
	size_t max_frames;
	bool raw;        // names as they are in the files
	bool verify;     // unwind with a second engine too, and compare
	bool keep;       // say what of each file is needed
	bool lines;      // say files and lines
	bool no_inlines; // do not say what functions were inlined
	bool goroutines; // those that no thread runs, too
	bool others;     // and what others there are
	bool once;       // end after one snapshot: at once, not when nspeek has time for it
	bool tell;       // tell what is being done
};

struct work;

// The life of the worker process for WORK, to be called with the privileges of nspeek and all of
// its fds: both are given up first. Returns the exit status: 0 when everything was sent, or there
// was nothing to do. Prints nothing.
int worker_live(const struct work *work);

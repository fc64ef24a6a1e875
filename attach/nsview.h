// SPDX-License-Identifier: GPL-2.0-or-later
// The namespaces of a process, compared with ours: whose they are, and what joining them would do.
//
// Theory of operation. What differs is opened by nsset_open(), as for a command, so that it is
// found equal or not, and refused, as it would be then; what is ours already is told from our own
// view. The namespaces for children are opened in the same way, each by itself, since a process
// that has made a PID namespace for its children, but no child, has none that can be opened.
// Source: namespaces(7), ioctl_ns(2), user_namespaces(7), time_namespaces(7).
#pragma once

#include "error.h"
#include "nsjoin.h"
#include "nsnames.h"
#include "nstype.h"
#include "proc.h"
#include "target.h"
#include "timens.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// One namespace of a process. Ids are inode numbers; 0 is none, or one that is out of our reach.
struct nsview_row {
	uint64_t id;
	dev_t dev;
	bool same;          // as ours of the same row
	uint64_t owner;     // the user namespace that owns it
	uint64_t parent;    // of a user or PID namespace
	const char *name;   // or NULL; borrowed
	struct nsjoin join; // of a target
	char unknown[256];  // why there is no id; empty: this kernel has none
};

struct nsview {
	struct nsview_row types[NSTYPE_COUNT];
	struct nsview_row children[NSTYPE_COUNT]; // of types that have one for children
	// Of the user namespace; outside are ids of ours, or, where it is ours, of its parent.
	bool has_maps;
	struct proc_idmap uid_map, gid_map;
	bool has_setgroups, setgroups_denied;
	bool has_maker; // the user who made it
	uid_t maker;
	bool has_offsets;
	struct timens_offsets offsets; // of the time namespace for children
};

// Fills *RET with our own. NAMES live longer. Fails with the reason.
int nsview_read_self(const struct nsnames *names, struct nsview *ret, struct error *err);

// Fills *RET with those of TARGET's thread, compared with SELF. Fails with the reason, also when
// TARGET has exited meanwhile.
int nsview_read(const struct target *target, const struct nsview *self, const struct nsnames *names,
	struct nsview *ret, struct error *err);

// A row of a view, as it is listed.
struct nsview_kind {
	const char *name; // of its file: "pid_for_children"
	int type;
	bool children;
};

enum { NSVIEW_KINDS = 10 };

// All kinds of rows, by name.
void nsview_kinds(struct nsview_kind ret[static NSVIEW_KINDS]);

// The row of KIND in VIEW.
const struct nsview_row *nsview_row(const struct nsview *view, const struct nsview_kind *kind);

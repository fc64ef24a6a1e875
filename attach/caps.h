// SPDX-License-Identifier: GPL-2.0-or-later
// How much power the command has: what was asked for, and cutting our own capabilities to it.
//
// Theory of operation. What counts is what execve(2) leaves, capabilities(7). A command of uid 0
// gets its bounding set; any other gets its ambient set, and nothing when that is empty. So cutting
// lowers the bounding set, since that is also the most that set-user-ID programs can give, and then
// makes permitted and effective what execve(2) would: the search for the command sees what the
// command will. Where the bounding set cannot be lowered (no CAP_SETPCAP), no_new_privs is set in
// its place: the command can then never gain what it does not start with. Inheritable capabilities
// go but for those that the ambient set needs, since a file of the container could raise them.
#pragma once

#include "error.h"
#include "notice.h"

#include <stdbool.h>
#include <stdint.h>

// The sets of capget(2), a bit 1 << CAP_* each.
struct caps {
	uint64_t permitted, effective, inheritable;
};

// Those of the calling process. Fails with -errno of capget(2).
int caps_get(struct caps *ret);

// Makes CAPS those of the calling process. Fails with -errno of capset(2).
int caps_set(const struct caps *caps);

enum caps_choice {
	CAPS_DEFAULT, // the target's for a program of the container, ours for one of the host
	CAPS_TARGET,  // cut to the target's bounding set
	CAPS_KEEP,    // ours
	CAPS_LIST,
};

struct caps_request {
	enum caps_choice choice;
	uint64_t list; // of CAPS_LIST: a mask of 1 << CAP_*
};

// Parses WORD: `target', `keep', or a list of names and numbers of capabilities, separated by
// commas; the empty list is that of no capability. Fails with ERROR_USAGE, naming the word that is
// none that this kernel knows.
int caps_request_parse(const char *word, struct caps_request *ret, struct error *err);

// What is to be left.
struct caps_plan {
	uint64_t bounding;  // the most that stays in the bounding set
	uint64_t keep;      // the most that stays permitted and effective
	bool ambient;       // inheritable and ambient too, for a command that is not root
	bool required;      // each of KEEP has to be had
	bool no_new_privs;  // to be set
	const char *reason; // for the step that says it
};

// Cuts the caller's capabilities to PLAN and reads the result back. All that are permitted must be
// effective. On failure they are something in between and the caller must end.
int caps_cut(const struct caps_plan *plan, const struct notice *notice, struct error *err);

// Keeps what the caller has, with AMBIENT also for a command that is not root.
int caps_keep(bool ambient, const struct notice *notice, struct error *err);

// Makes no capability effective, all that are permitted stay so; and makes those effective again.
int caps_rest(struct error *err);
int caps_wake(struct error *err);

// True when execve(2) gives uid 0 its capabilities here: SECBIT_NOROOT is not set.
bool caps_root_is_special(void);

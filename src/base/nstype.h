// SPDX-License-Identifier: GPL-2.0-or-later
// THE table of namespace types: options, joining, comparison, help and tests walk it.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	NSTYPE_USER,
	NSTYPE_CGROUP,
	NSTYPE_IPC,
	NSTYPE_UTS,
	NSTYPE_NET,
	NSTYPE_PID,
	NSTYPE_MNT,
	NSTYPE_TIME,
	NSTYPE_COUNT
};

struct nstype {
	const char *name;      // the option's long form and the word used in messages: "mount"
	const char *file;      // its file below /proc/PID/ns: "mnt"
	const char *children;  // the file for the namespace of future children, or NULL
	const char *named_dir; // where names for it are kept, or NULL: "/run/netns"
	const char *summary;   // what it isolates, for --help
	int flag;              // CLONE_NEW*
	char option;           // the short option
	int pidfd_number;      // of the ioctl(2) on a pidfd that opens it, PIDFD_GET_*_NAMESPACE
	int pidfd_children;    // and the namespace of future children, or 0
};

// Indexed by NSTYPE_*, in the order in which a loop of setns(2) joins them (user apart, which is
// first or last by the rule in nsset.h):
//  - mount after net, pid and the rest, so that no path of the container is in use before the end;
//  - time last, because it can only be joined by a process whose memory nobody shares, which is
//    easiest to keep true at the end.
extern const struct nstype nstypes[NSTYPE_COUNT];

// The index of the type that NAME of LEN bytes means in either form ("mnt", "mount"), or -EINVAL.
int nstype_find(const char *name, size_t len);

// Parses LIST, names separated by commas, into a mask of 1 << NSTYPE_*. Fails with -EINVAL and
// *RET_BAD, *RET_BAD_LEN naming the word in LIST that is no type (an empty word is none).
int nstype_parse_list(const char *list, unsigned *ret, const char **ret_bad, size_t *ret_bad_len);

// Parses TEXT of LEN bytes, what the link of a namespace's file and the root of its mount say
// ("net:[4026531833]"), into its type, which is returned, and its id, *RET. Fails with -EINVAL.
int nstype_parse_link(const char *text, size_t len, uint64_t *ret);

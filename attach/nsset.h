// SPDX-License-Identifier: GPL-2.0-or-later
// The set of namespaces to join: opened and compared from outside, joined in a forked child.
//
// Theory of operation.
//
// Comparing. A namespace that equals ours is never joined: joining it again needs CAP_SYS_ADMIN
// over its owner, which an ordinary user lacks over everything that a rootless container shares
// with the host. Namespaces are equal when their files have one device and inode number.
//
// Joining. When all namespaces are the target's own, one setns(2) on a pidfd joins them, the user
// namespace among them, at once: either all or none, and each is checked against the credentials
// that we have now. So both root over a container and the owner of a rootless one succeed, whatever
// the order would have been. A namespace from a file, the namespaces for children, and kernels
// before 5.8 need one setns(2) each. Then the order matters. The user namespace is joined
//  - last, when we have CAP_SYS_ADMIN in our own user namespace and over the owner of each of the
//    others, since afterwards we would have no power over those that belong to the host;
//  - first otherwise, since the power over the others then comes from being in it. Where they
//    belong to different user namespaces (bubblewrap nests two), each is joined from within the
//    one that owns it, the outer ones first, and the target's own is reached at the end.
// The others follow the order of the table in nstype.h.
//
// Verifying. Between the comparison and the join the target can move. So after the join each of
// our own namespaces is compared with the one that had been chosen.
#pragma once

#include "error.h"
#include "notice.h"
#include "nstype.h"
#include "target.h"

#include <sys/stat.h>

// What the user asked for. Masks are of 1 << NSTYPE_*.
struct nsset_request {
	unsigned chosen;                 // the types to join
	unsigned named;                  // those of them whose absence is an error
	bool children;                   // where there is one, the namespace for children
	const char *files[NSTYPE_COUNT]; // =FILE or NULL; borrowed
};

struct nsset {
	int fds[NSTYPE_COUNT];        // of those to join, else -EBADF
	struct stat st[NSTYPE_COUNT]; // of those to join
	unsigned join;                // types that exist and differ from ours
	int pidfd;                    // holds them all, or -EBADF when there is no such pidfd
	pid_t pid;                    // the target's, for messages; 0 without a target
};

// Opens and compares what REQUEST names. TARGET may be NULL when each chosen type has a file. Fails
// with the namespace and the reason; nothing is left open then.
int nsset_open(const struct nsset_request *request, const struct target *target,
	const struct notice *notice, struct nsset *ret, struct error *err);

// Joins all of SET and verifies it. The caller is single-threaded, shares neither memory nor file
// system attributes, and is lost when this fails, since some may have been joined. SELF_FD is the
// caller's own /proc/self, opened before. Source: setns(2).
int nsset_join(
	const struct nsset *set, int self_fd, const struct notice *notice, struct error *err);

// Gives ERR the hint what looking at the namespaces of a process needs. Returns what error_hint()
// does. Source: namespaces(7), ptrace(2).
int nsset_hint_access(struct error *err);

// Closes SET's fds. Accepts one that is NSSET_EMPTY.
void nsset_fini(struct nsset *set);

// clang-format off
#define NSSET_EMPTY \
	((struct nsset){.fds = {[0 ... NSTYPE_COUNT - 1] = -EBADF}, .pidfd = -EBADF})
// clang-format on
#define auto_nsset __attribute__((cleanup(nsset_fini)))

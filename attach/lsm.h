// SPDX-License-Identifier: GPL-2.0-or-later
// The target's security label, for the command. Read and written through the host's procfs before
// anything is joined: a procfs of the container can be a fake that swallows the write
// (CVE-2019-19921, CVE-2015-1334).
#pragma once

#include "error.h"
#include "lsm_label.h"
#include "notice.h"
#include "target.h"

enum { LSM_LABELS = 2 };

// The labels of one process: AppArmor's, and what stands in attr/current when that is another.
struct lsm_labels {
	struct lsm_label
		*label; // LSM_LABELS, LSM_NONE where there is none; owned; NULL: none at all
};

// Reads the labels of the process whose directory below /proc is DIR_FD. Fails with -errno; nothing
// is left then.
int lsm_read_at(int dir_fd, struct lsm_labels *ret);

// Reads the labels of TARGET's thread. No security module is no failure; on failure nothing is
// left.
int lsm_read(const struct target *target, struct lsm_labels *ret, struct error *err);

// Asks for LABELS to take effect at the caller's next execve(2), also in a child it forks. Does
// nothing for those that we have. SELF_FD is the caller's own /proc/self. Fails when a label cannot
// be had; some may be set then. Source: apparmor(7), setexeccon(3).
int lsm_set_exec(const struct lsm_labels *labels, int self_fd, const struct notice *notice,
	struct error *err);

// Frees what LABELS owns. Accepts one that is {0}.
void lsm_labels_fini(struct lsm_labels *labels);

#define auto_lsm_labels __attribute__((cleanup(lsm_labels_fini)))

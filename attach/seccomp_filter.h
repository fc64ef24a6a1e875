// SPDX-License-Identifier: GPL-2.0-or-later
// The target's seccomp filters, for the command: read, checked, installed again.
//
// Theory of operation. Filters can only be read by a tracer of a thread that stands still. So a
// child of ours seizes the one thread, interrupts it, copies the programs (a few microseconds each)
// and lets it run on. As in stop.h, it uses PTRACE_SEIZE and PTRACE_INTERRUPT alone, which the
// kernel undoes when the child ends, whatever ends it; a stop is only looked at, so that no signal
// is lost with us; and a timer ends the child when the thread does not stop.
//
// What is copied are classic BPF programs, which the kernel checks again when they are installed.
// It is not copied who listens to SECCOMP_RET_USER_NOTIF: without a listener the call fails with
// ENOSYS. The filters bind the joiner from then on, so what it and its children have to call before
// the command runs is tried on the programs first: a filter that forbids execve(2), say, is an
// error before anything is started, and not a process killed or hung halfway. Source: ptrace(2),
// seccomp(2), kernel/seccomp.c. (ptrace(2) has the order of filters reversed: index 0 is the
// oldest.)
#pragma once

#include "error.h"
#include "seccomp_program.h"
#include "target.h"

#include <stdbool.h>

struct seccomp_filters {
	struct seccomp_program *programs; // the oldest first; owned
	size_t count;
	void *memory; // what the programs' code is in; owned
	size_t memory_len;
};

// Reads the filters of TARGET's thread, which is stopped for that, once. Fails with what is in the
// way: the thread cannot be traced, the kernel or our privileges do not show filters, one is no
// classic BPF. Nothing is left then, and no thread held.
int seccomp_filter_read(
	const struct target *target, struct seccomp_filters *ret, struct error *err);

// True when FILTERS hand calls to a listener, which the command will not have.
bool seccomp_filter_notifies(const struct seccomp_filters *filters);

// Fails when FILTERS forbid what is called between their installation and the command's execve(2):
// NO_NEW_PRIVS tells whether capabilities are cut before the filters are installed, or after.
int seccomp_filter_check(
	const struct seccomp_filters *filters, bool no_new_privs, struct error *err);

// Installs FILTERS for the caller, which has no_new_privs, or CAP_SYS_ADMIN in its user namespace.
// On failure some may be installed. Uses no other call than seccomp(2) and prctl(2).
int seccomp_filter_install(const struct seccomp_filters *filters, struct error *err);

// Frees what FILTERS holds. Accepts one that is {0}.
void seccomp_filter_fini(struct seccomp_filters *filters);

#define auto_seccomp_filters __attribute__((cleanup(seccomp_filter_fini)))

// SPDX-License-Identifier: GPL-2.0-or-later
// The tools view: a small root of our own in which programs of the host run unmodified, and see the
// container's processes, network and files.
//
//	/usr /bin /sbin /lib*      the host's, read-only, nosuid, nodev (the tables in hosttools.h)
//	/etc                       a few files of the host, read-only; resolv.conf, hosts, hostname
//	                           and localtime are copies of the container's
//	/proc                      a fresh procfs of the container's PID namespace
//	/sys                       the container's; where it has none, one of its network namespace
//	/dev                       null zero full random urandom tty, terminals and shm of its own
//	/run/target                the container's files, nosuid, nodev, read-write as it has them
//	/tmp /run /dev/shm         new, writable, of bounded size; the rest of / is read-only
//
// Theory of operation. How such a root is made, whose it is and how it goes: see privroot.h.
//
// Everything that looks a name up in the container's tree is done by a child that is not waited for
// long, since a file system of the container may never answer; see targetfiles.h for what it takes.
//
// procfs: see procmount.h. sysfs shows the network namespace of who mounts it, and so is mounted
// after that was joined. Both may be new in a user namespace other than the first only where old
// ones are seen (mount_too_revealing in fs/namespace.c): so the old root goes last.
#pragma once

#include "privroot.h"

// Where the container's files are in the tools view.
#define TOOLSVIEW_TARGET "/run/target"

// What to set on the copies of the container's mounts: target_attributes of the request.
extern const uint64_t toolsview_target_attributes;

// Takes the caller, which has joined nothing yet, into a new tools view, its working directory to
// the view's root, and into the other namespaces of the set. Fails with the reason; the caller must
// end then. The caller is single-threaded, and shares neither memory nor file system attributes.
int toolsview_enter(const struct privroot_request *request, struct error *err);

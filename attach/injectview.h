// SPDX-License-Identifier: GPL-2.0-or-later
// Inject mode: the container's own files at "/", and the tools of the host beside them.
//
// Theory of operation. How a root of our own is made, whose it is and how it goes: see privroot.h.
// Each entry of the container's root is copied, with its mounts as they are, to the same name of
// the new root, which is read-only itself: so a new name in "/" is refused rather than lost.
// Nothing stands at /.nspeek in the container, and nothing is written there: in the new root that
// is where the host's trees are, read-only, and for each of their tools a link to the trampoline
// (see trampoline/trampoline.c), which PATH leads to last.
//
// What runs there is a program of the container, or one of the host that may load files of the
// container: so it has the power of the former, whichever it is (identity.h). The container's
// /etc/ld.so.preload, which the loader would read even for a tool of the host, is covered by an
// empty file; one that is made later names code for programs that have no more power than it.
#pragma once

#include "envblock.h"
#include "privroot.h"

// Takes the caller, which has joined nothing yet, to the new root, to the target's working
// directory as it is called there, and into the other namespaces of the set. May block as long as a
// file system of the container does. Fails with the reason; the caller must end then. The caller is
// single-threaded, and shares neither memory nor file system attributes.
int injectview_enter(const struct privroot_request *request, struct error *err);

// Completes ENV, the container's, for tools of the host: removes what names code to load, and
// appends the tools to PATH, which is set. Fails with -ENOMEM; ENV may be half done then.
int injectview_set_env(struct envblock *env);

// The path of the host's shell there, for a container without any: that of OURS, which may be NULL,
// if there is one of its name, else sh.
const char *injectview_shell(const char *ours, char path[static PATH_MAX]);

// SPDX-License-Identifier: GPL-2.0-or-later
// The names that namespaces are kept by: files in the directory for their type (/run/netns), and
// where else their files are mounted, in our own mount namespace. Names say nothing by themselves:
// each is looked up, and must lead to the namespace. Source: ip-netns(8), namespaces(7).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nsname {
	dev_t dev;
	ino_t id;
	char *name; // of the directory for its type; else the path
};

struct nsnames {
	struct nsname *items;
	size_t count;
};

// Reads all names into *RET, which nsnames_fini() frees. What cannot be read has none. Fails with
// -ENOMEM; nothing is left then.
int nsnames_read(struct nsnames *ret);

// The name of the namespace ID on DEV, or NULL; of several the one of the type's directory.
const char *nsnames_find(const struct nsnames *names, dev_t dev, ino_t id);

// Frees what NAMES owns. Accepts one that is {0}.
void nsnames_fini(struct nsnames *names);

#define auto_nsnames __attribute__((cleanup(nsnames_fini)))

// SPDX-License-Identifier: GPL-2.0-or-later
// What confines a process, as words for people: a list of keys and values, in which two processes
// can be compared.
#pragma once

#include "ns_report.h"

#include <stdbool.h>
#include <stddef.h>

struct ns_fact {
	const char *key; // "no_new_privs"
	char *value;     // harmless to show
	bool is_passing; // it is always another one: not compared
};

enum { NS_FACTS_MAX = 40 };

struct ns_facts {
	struct ns_fact items[NS_FACTS_MAX];
	size_t count;
};

// Makes the list for SUBJECT into *RET, which ns_facts_fini() frees. Fails with -ENOMEM; nothing is
// left then.
int ns_facts_make(const struct ns_subject *subject, struct ns_facts *ret);

// The value of KEY in FACTS, or NULL.
const char *ns_facts_get(const struct ns_facts *facts, const char *key);

// The next key, from *POSITION (0 at first) on, whose values differ between A and B, or NULL. Keys
// that only one has are among them.
const char *ns_facts_differ(const struct ns_facts *a, const struct ns_facts *b, size_t *position);

// Frees what FACTS owns. Accepts one that is {0}.
void ns_facts_fini(struct ns_facts *facts);

#define auto_ns_facts __attribute__((cleanup(ns_facts_fini)))

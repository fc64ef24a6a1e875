// SPDX-License-Identifier: GPL-2.0-or-later
// The processes of a container as a tree.
#pragma once

#include "ps.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	PS_TREE_LEVELS = 64,                   // that are drawn
	PS_TREE_SIZE = 4 * PS_TREE_LEVELS + 1, // what is drawn before a command
};

// The process PID of CONTAINER; NULL: it is not there.
const struct ps_process *ps_find(const struct ps_container *container, pid_t pid);

// A place in the tree.
struct ps_node {
	size_t row;   // of the container
	size_t depth; // 0: its parent is not there
	bool is_last; // of its parent's children
};

// The tree of CONTAINER's processes into NODES, one for each row: siblings ascend, and children
// stand behind their parent. Each process is there once, also where parents, which were not read at
// one moment, go round in a circle. Fails with -ENOMEM.
int ps_tree(const struct ps_container *container, struct ps_node *nodes);

// Which levels of the tree go on below the node at hand; begins as {0}.
struct ps_lines {
	bool goes_on[PS_TREE_LEVELS];
};

// What is drawn before NODE, into BUFFER of PS_TREE_SIZE bytes; to be called for each in turn.
// Returns BUFFER.
const char *ps_tree_text(const struct ps_node *node, struct ps_lines *lines, char *buffer);

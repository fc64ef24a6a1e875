// SPDX-License-Identifier: GPL-2.0-or-later
// The tree of processes.
#include "ps_tree.h"

#include "cleanup.h"

#include <stdint.h>
#include <string.h>

static const size_t none = SIZE_MAX;

// By row.
struct links {
	size_t *parent, *first, *next; // child, sibling; ascending
	bool *is_done;
};

const struct ps_process *ps_find(const struct ps_container *container, pid_t pid)
{
	size_t first = 0, end = container->count;

	while (first < end) {
		size_t middle = (first + end) / 2;
		pid_t its = container->rows[middle].row->pid;
		if (its == pid)
			return &container->rows[middle];
		if (its < pid)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

static size_t find_row(const struct ps_container *container, pid_t pid)
{
	const struct ps_process *row = ps_find(container, pid);

	return row ? (size_t)(row - container->rows) : none;
}

static void link_rows(const struct ps_container *container, struct links *links)
{
	for (size_t i = 0; i < container->count; i++)
		links->parent[i] = links->first[i] = links->next[i] = none;
	// From the last, each one before its siblings.
	for (size_t i = container->count; i-- > 0;) {
		size_t parent = find_row(container, container->rows[i].row->status.ppid);
		if (parent == none || parent == i)
			continue;
		links->parent[i] = parent;
		links->next[i] = links->first[parent];
		links->first[parent] = i;
	}
}

// The first sibling from AT on that has no node yet.
static size_t not_done(const struct links *links, size_t at)
{
	while (at != none && links->is_done[at])
		at = links->next[at];
	return at;
}

// Adds the tree below ROOT to NODES. Returns their number then.
static size_t add_tree(const struct links *links, size_t root, struct ps_node *nodes, size_t count)
{
	size_t at = root, depth = 0;

	while (at != none) {
		links->is_done[at] = true;
		size_t sibling = at == root ? none : not_done(links, links->next[at]);
		nodes[count++] = (struct ps_node){at, depth, sibling == none};
		size_t next = not_done(links, links->first[at]);
		depth += next != none;
		// Up, until there is somebody beside.
		while (next == none && at != root) {
			next = not_done(links, links->next[at]);
			if (next == none) {
				at = links->parent[at];
				depth--;
			}
		}
		at = next;
	}
	return count;
}

int ps_tree(const struct ps_container *container, struct ps_node *nodes)
{
	size_t count = container->count, made = 0;
	auto_free size_t *numbers = calloc(3 * count + 1, sizeof(*numbers));
	auto_free bool *is_done = calloc(count + 1, sizeof(*is_done));
	struct links links = {numbers, numbers + count, numbers + 2 * count, is_done};

	if (!numbers || !is_done)
		return -ENOMEM;
	link_rows(container, &links);
	for (size_t i = 0; i < count; i++)
		if (links.parent[i] == none)
			made = add_tree(&links, i, nodes, made);
	// Those that go round in a circle.
	for (size_t i = 0; i < count; i++)
		if (!links.is_done[i])
			made = add_tree(&links, i, nodes, made);
	return 0;
}

const char *ps_tree_text(const struct ps_node *node, struct ps_lines *lines, char *buffer)
{
	size_t depth = node->depth < PS_TREE_LEVELS ? node->depth : PS_TREE_LEVELS - 1;

	buffer[0] = '\0';
	for (size_t level = 1; level < depth; level++)
		strcat(buffer, lines->goes_on[level] ? " |  " : "    ");
	if (depth > 0)
		strcat(buffer, " \\_ ");
	lines->goes_on[depth] = !node->is_last;
	return buffer;
}

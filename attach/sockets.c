// SPDX-License-Identifier: GPL-2.0-or-later
// Looking sockets up by their inodes.
#include "sockets.h"

#include "cleanup.h"
#include "netrow.h"
#include "proc_wait.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 64 << 10 };

// A socket that is looked for.
struct wanted {
	uint64_t inode;
	uint32_t file; // its row
	bool found;
};

struct search {
	struct context_run *run;
	struct wanted *wanted; // ascending
	size_t count, left;
	char *buffer; // CHUNK bytes
};

static int compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static void list_wanted(struct search *search)
{
	const struct context_room *room = search->run->room;

	for (uint32_t i = 0; i < room->file_count; i++) {
		const struct context_file *file = &room->files[i];
		if (file->kind != CONTEXT_SOCKET)
			continue;
		uint64_t inode = proc_link_inode(room->texts + file->path, "socket");
		if (inode != 0)
			search->wanted[search->count++] = (struct wanted){inode, i, false};
	}
	qsort(search->wanted, search->count, sizeof(*search->wanted), compare);
	search->left = search->count;
}

// The first that has INODE, or NULL.
static struct wanted *find(const struct search *search, uint64_t inode)
{
	size_t low = 0, high = search->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (search->wanted[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < search->count && search->wanted[low].inode == inode ? &search->wanted[low]
									 : NULL;
}

static uint32_t add(struct context_room *room, const char *text)
{
	return context_add_text(room, text, strlen(text));
}

// Takes a socket of TABLE. Who binds a name with a newline in it can make the table say what it
// likes of its own sockets: what it says twice is not believed.
static void take_row(
	struct search *search, const struct netrow_table *table, const struct netrow *row)
{
	struct context_room *room = search->run->room;
	struct wanted *end = search->wanted + search->count;

	if (row->inode == 0)
		return;
	for (struct wanted *w = find(search, row->inode); w && w < end && w->inode == row->inode;
		w++) {
		struct context_file *file = &room->files[w->file];
		if (w->found) {
			file->local = file->remote = file->state = 0;
			continue;
		}
		w->found = true;
		search->left--;
		file->protocol = add(room, table->protocol);
		file->local = add(room, row->local);
		file->remote = add(room, row->remote);
		file->state = add(room, row->state);
	}
}

// Takes the lines of LEN bytes of TEXT that are whole. Returns how many bytes those are.
static size_t take_lines(
	struct search *search, const struct netrow_table *table, const char *text, size_t len)
{
	size_t done = 0;
	struct netrow row;

	for (;;) {
		const char *newline = memchr(text + done, '\n', len - done);
		if (!newline)
			return done;
		size_t line_len = (size_t)(newline - text) - done;
		if (table->parse(text + done, line_len, &row))
			take_row(search, table, &row);
		done += line_len + 1;
	}
}

static void read_table(struct search *search, const struct netrow_table *table)
{
	char *buffer = search->buffer, path[32];
	size_t have = 0;

	snprintf(path, sizeof(path), "net/%s", table->file);
	auto_fd int fd = openat(search->run->target->task_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	// One that has names is read to its end: a row may be there twice.
	while (!context_is_late(search->run) && (search->left > 0 || table->has_names)) {
		ssize_t n = read(fd, buffer + have, CHUNK - have);
		if (n <= 0)
			return;
		have += (size_t)n;
		size_t done = take_lines(search, table, buffer, have);
		if (done == 0 && have == CHUNK)
			done = have; // a line that long is none
		memmove(buffer, buffer + done, have - done);
		have -= done;
	}
}

void sockets_describe(struct context_run *run)
{
	auto_free struct wanted *wanted = calloc(run->room->file_count + 1, sizeof(*wanted));
	auto_free char *buffer = malloc(CHUNK);
	struct search search = {.run = run, .wanted = wanted, .buffer = buffer};

	if (!wanted || !buffer)
		return;
	list_wanted(&search);
	const struct netrow_table *table;
	for (size_t i = 0; search.left > 0 && (table = netrow_table_at(i)); i++)
		read_table(&search, table);
	for (size_t i = 0; context_is_late(run) && i < search.count; i++)
		if (!wanted[i].found)
			run->room->files[wanted[i].file].detail =
				add(run->room, "not all sockets were looked at in time");
}

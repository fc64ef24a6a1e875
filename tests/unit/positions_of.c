// SPDX-License-Identifier: GPL-2.0-or-later
// `positions_of FILE <ADDRESSES`: for each hexadecimal ELF virtual address, one a line, what nspeek
// knows of it, as `addr2line -afi` prints it: the address, then for each function, innermost first,
// a line with its name (as it is in the file; "-" for the one that the others are inlined into) and
// one with FILE:LINE. For system tests, which compare.
#include "positions.h"

#include "cleanup.h"
#include "dbgfile.h"

#include <fcntl.h>
#include <stdio.h>

static struct snapshot_module source = {.source = SNAPSHOT_SOURCE_MAP_FILES};
static struct snapshot snapshot = {.modules = &source, .module_count = 1};

// A file that is named is opened as it is.
static int open_file(void *arg, int index, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned *place)
{
	const char *path = kind == WIRE_REQUEST_PACKAGE ? arg : name;

	(void)index;
	(void)id;
	return *place > 0 || !path ? -ENOENT : open(path, O_RDONLY | O_CLOEXEC);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct position_query *)a)->vaddr;
	uint64_t y = ((const struct position_query *)b)->vaddr;

	return (x > y) - (x < y);
}

static void print(const struct position_query *query)
{
	printf("0x%016llx\n", (unsigned long long)query->vaddr);
	for (size_t i = 0; i < query->count; i++) {
		const struct position *row = &query->rows[i];
		printf("%s\n%s:",
			i + 1 == query->count ? "-"
			: row->name           ? row->name
					      : "??",
			row->file ? row->file : "??");
		if (row->line > 0)
			printf("%u\n", row->line);
		else
			puts(row->file ? "?" : "0");
	}
}

int main(int argc, char **argv)
{
	struct position_query *queries = NULL;
	struct space space;
	unsigned long long vaddr;
	size_t count = 0;
	struct positions_trouble trouble;

	if (argc < 2 || (source.fd = open(argv[1], O_RDONLY | O_CLOEXEC)) < 0 ||
		space_init(&space, &snapshot) < 0)
		return 2;
	source.path = argv[1];
	while (scanf("%llx", &vaddr) == 1) {
		queries = reallocarray(queries, count + 1, sizeof(*queries));
		if (!queries)
			return 2;
		queries[count++] = (struct position_query){.vaddr = vaddr};
	}
	uint32_t steps = DBG_STEPS_SUM;
	const struct positions positions = {.space = &space,
		.steps = &steps,
		.lines = true,
		.inlines = true,
		.open_file = open_file,
		.open_file_arg = argc > 2 ? argv[2] : NULL};
	if (count == 0)
		return 2;
	qsort(queries, count, sizeof(*queries), compare);
	if (positions_find(&positions, 0, queries, count, &trouble) < 0)
		return 2;
	for (size_t i = 0; i < count; i++)
		print(&queries[i]);
	if (trouble.note)
		fprintf(stderr, "%s\n", trouble.note);
	positions_fini(queries, count);
	free(queries);
	space_fini(&space);
	close(source.fd);
	return 0;
}

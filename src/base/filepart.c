// SPDX-License-Identifier: GPL-2.0-or-later
// Parts of files.
#include "filepart.h"

#include "cleanup.h"

bool file_parts_fit(const struct file_part *rows, size_t count, uint64_t file_len)
{
	uint64_t end = 0;

	if (count > FILE_PARTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].len == 0 || rows[i].offset < end || rows[i].offset > file_len ||
			rows[i].len > file_len - rows[i].offset)
			return false;
		end = rows[i].offset + rows[i].len;
	}
	return true;
}

uint64_t file_parts_len(const struct file_parts *parts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < parts->count; i++)
		sum += parts->rows[i].len;
	return sum;
}

void file_parts_fini(struct file_parts *parts)
{
	free(parts->rows);
	*parts = (struct file_parts){0};
}

void debug_files_fini(struct debug_file **files, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		close_fd(&(*files)[i].fd);
		file_parts_fini(&(*files)[i].parts);
	}
	free(take_ptr(*files));
	*count = 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Comparing what code is mapped.
#include "samecode.h"

#include "cleanup.h"
#include "files.h"
#include "proc_maps.h"
#include "sys.h"

#include <fcntl.h>
#include <string.h>

// The next mapping of code of a file, or of the vDSO, of a maps text. Returns as proc_map_next().
static int next_code(const char **cursor, const char *end, struct proc_map *ret)
{
	int r;

	while ((r = proc_map_next(cursor, end, ret)) > 0)
		if (proc_map_is_code(ret))
			return 1;
	return r;
}

static bool is_same(const struct proc_map *a, const struct proc_map *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

bool samecode_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;
	struct proc_map map_a, map_b;

	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return true; // nearly always
	for (;;) {
		int r_a = next_code(&a, a_end, &map_a);
		int r_b = next_code(&b, b_end, &map_b);
		if (r_a <= 0 || r_b <= 0)
			return r_a == r_b;
		if (!is_same(&map_a, &map_b))
			return false;
	}
}

// Finds the first mapping of code of a file at *FROM or above, and sets *FROM behind it: one that
// the text would say to be code of one, so not of an inode 0, as file systems of users can have.
// Returns as sys_find_map().
static int find_code(int maps_fd, uint64_t *from, struct proc_map *ret)
{
	do {
		if (sys_find_map(maps_fd, *from, true, ret) < 0)
			return -1;
		*from = ret->end;
	} while (ret->inode == 0);
	return 0;
}

// Whether what TEXT says is so, by asking MAPS_FD. Returns 1, 0, or -errno: it has to be read.
static int ask(int maps_fd, const char *text, size_t len)
{
	const char *end = text + len;
	struct proc_map before, now;
	uint64_t from = 0;
	int r;

	while ((r = next_code(&text, end, &before)) > 0) {
		bool is_vdso = before.inode == 0;
		r = is_vdso ? sys_find_map(maps_fd, before.start, false, &now)
			    : find_code(maps_fd, &from, &now);
		if (r < 0)
			return errno == ENOENT || errno == ESRCH ? 0 : -errno;
		if (!is_same(&before, &now))
			return 0;
	}
	if (r < 0)
		return r;
	// There must be no more.
	if (find_code(maps_fd, &from, &now) == 0)
		return 0;
	return errno == ENOENT ? 1 : errno == ESRCH ? 0 : -errno;
}

int samecode_check(const struct target *target, const char *text, size_t len, struct error *err)
{
	auto_fd int fd = openat(target->task_fd, "maps", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	auto_free char *now = NULL;
	size_t now_len;

	int r = fd < 0 ? -errno : ask(fd, text, len);
	if (r >= 0)
		return r;
	if ((r = files_read_maps(target, &now, &now_len, err)) < 0)
		return r;
	return now_len > 0 && samecode_compare(text, len, now, now_len);
}

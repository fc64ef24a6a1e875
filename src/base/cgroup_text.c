// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of /proc/PID/cgroup and mountinfo.
#include "cgroup_text.h"

#include "number.h"

#include <errno.h>
#include <string.h>

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

int cgroup_row_next(const char **cursor, const char *end, struct cgroup_row *ret)
{
	const char *p = *cursor;
	struct cgroup_row row;
	uint64_t id;

	if (p == end)
		return 0;
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	const char *line_end = newline ? newline : end;

	if (number_scan(&p, line_end, 10, &id) < 0 || p == line_end || *p++ != ':')
		return -EINVAL;
	// A path may hold colons, the list of controllers cannot.
	const char *colon = memchr(p, ':', (size_t)(line_end - p));
	if (!colon || colon + 1 == line_end || colon[1] != '/')
		return -EINVAL;
	row.name = p;
	row.name_len = (size_t)(colon - p);
	row.path = colon + 1;
	row.path_len = (size_t)(line_end - row.path);
	if (memchr(row.path, '\0', row.path_len))
		return -EINVAL;
	*ret = row;
	*cursor = newline ? newline + 1 : end;
	return 1;
}

// Reads a word up to the next space, or to END, and moves *CURSOR behind the space.
static int scan_word(const char **cursor, const char *end, const char **ret, size_t *ret_len)
{
	if (*cursor >= end)
		return -EINVAL;
	const char *space = memchr(*cursor, ' ', (size_t)(end - *cursor));
	const char *word_end = space ? space : end;

	*ret = *cursor;
	*ret_len = (size_t)(word_end - *cursor);
	*cursor = space ? space + 1 : end;
	return 0;
}

static int scan_number_then(const char **cursor, const char *end, char c, uint64_t *ret)
{
	if (number_scan(cursor, end, 10, ret) < 0 || *cursor == end || **cursor != c)
		return -EINVAL;
	(*cursor)++;
	return 0;
}

// Skips the optional fields, up to and with the lone dash.
static int skip_optional(const char **cursor, const char *end)
{
	const char *word;
	size_t len;

	do
		if (scan_word(cursor, end, &word, &len) < 0)
			return -EINVAL;
	while (!is_word(word, len, "-"));
	return 0;
}

static int parse_mount(const char *p, const char *end, struct mount_row *row)
{
	const char *source;
	size_t source_len;
	uint64_t major, minor;

	if (scan_number_then(&p, end, ' ', &row->id) < 0 ||
		scan_number_then(&p, end, ' ', &row->parent) < 0 ||
		scan_number_then(&p, end, ':', &major) < 0 ||
		scan_number_then(&p, end, ' ', &minor) < 0 || major > UINT32_MAX ||
		minor > UINT32_MAX || scan_word(&p, end, &row->root, &row->root_len) < 0 ||
		scan_word(&p, end, &row->point, &row->point_len) < 0 ||
		scan_word(&p, end, &row->flags, &row->flags_len) < 0 ||
		skip_optional(&p, end) < 0 || scan_word(&p, end, &row->type, &row->type_len) < 0 ||
		scan_word(&p, end, &source, &source_len) < 0 ||
		scan_word(&p, end, &row->options, &row->options_len) < 0)
		return -EINVAL;
	row->dev_major = (uint32_t)major;
	row->dev_minor = (uint32_t)minor;
	return 0;
}

int mount_row_next(const char **cursor, const char *end, struct mount_row *ret)
{
	struct mount_row row;

	if (*cursor == end)
		return 0;
	const char *newline = memchr(*cursor, '\n', (size_t)(end - *cursor));
	if (parse_mount(*cursor, newline ? newline : end, &row) < 0)
		return -EINVAL;
	*ret = row;
	*cursor = newline ? newline + 1 : end;
	return 1;
}

// The byte that three octal digits at P stand for, or -1 when there are none, or it is NUL.
static int octal_byte(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 3)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '7')
			return -1;
		value = value * 8 + (p[i] - '0');
	}
	return value > 0 && value < 256 ? value : -1;
}

int mount_unescape(const char *text, size_t len, char *ret, size_t size)
{
	const char *end = text + len;
	size_t done = 0;

	for (const char *p = text; p < end; p++) {
		int byte = *p == '\\' ? octal_byte(p + 1, end) : -1;
		if (done + 1 >= size)
			return -ENAMETOOLONG;
		ret[done++] = byte < 0 ? *p : (char)byte;
		if (byte >= 0)
			p += 3;
	}
	if (done >= size)
		return -ENAMETOOLONG;
	ret[done] = '\0';
	return (int)done;
}

// True when LIST, words separated by commas, holds WORD.
static bool has_word(const char *list, size_t len, const char *word, size_t word_len)
{
	const char *end = list + len;

	for (const char *p = list; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *word_end = comma ? comma : end;
		if ((size_t)(word_end - p) == word_len && memcmp(p, word, word_len) == 0)
			return true;
		p = word_end + 1;
	}
	return false;
}

bool mount_has_word(const char *list, size_t len, const char *word)
{
	return has_word(list, len, word, strlen(word));
}

bool cgroup_is_shown_by(const struct cgroup_row *row, const struct mount_row *mount)
{
	const char *end = row->name + row->name_len;

	if (row->name_len == 0)
		return is_word(mount->type, mount->type_len, "cgroup2");
	if (!is_word(mount->type, mount->type_len, "cgroup"))
		return false;
	for (const char *p = row->name; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *word_end = comma ? comma : end;
		if (!has_word(mount->options, mount->options_len, p, (size_t)(word_end - p)))
			return false;
		p = word_end + 1;
	}
	return true;
}

// True when PATH has a component "..", which no cgroup is named.
static bool has_parent(const char *path, size_t len)
{
	const char *end = path + len;

	for (const char *p = path; p < end;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const char *word_end = slash ? slash : end;
		if (is_word(p, (size_t)(word_end - p), ".."))
			return true;
		p = word_end + 1;
	}
	return false;
}

int cgroup_path_below(
	const struct cgroup_row *row, const struct mount_row *mount, char *ret, size_t size)
{
	char root[4096]; // PATH_MAX, of kernel/cgroup/cgroup.c too
	int r = mount_unescape(mount->root, mount->root_len, root, sizeof(root));
	if (r < 0)
		return r;

	size_t root_len = (size_t)r;
	if (root_len > 0 && root[root_len - 1] == '/')
		root_len--;
	if (row->path_len < root_len || memcmp(row->path, root, root_len) != 0 ||
		(row->path_len > root_len && row->path[root_len] != '/'))
		return -EXDEV;
	const char *rest = row->path + root_len;
	size_t len = row->path_len - root_len;
	while (len > 0 && *rest == '/') {
		rest++;
		len--;
	}
	if (has_parent(rest, len))
		return -EXDEV;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(ret, rest, len);
	ret[len] = '\0';
	return 0;
}

bool cgroup_is_outside(const struct cgroup_row *row)
{
	return has_parent(row->path, row->path_len);
}

int cgroup_find(
	const char *text, size_t len, const char *name, size_t name_len, struct cgroup_row *ret)
{
	const char *cursor = text;
	int r;

	while ((r = cgroup_row_next(&cursor, text + len, ret)) > 0)
		if (ret->name_len == name_len && memcmp(ret->name, name, name_len) == 0)
			return 0;
	return r < 0 ? r : -ENOENT;
}

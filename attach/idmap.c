// SPDX-License-Identifier: GPL-2.0-or-later
// Our maps of ids.
#include "idmap.h"

#include "cleanup.h"
#include "fd.h"

#include <stdio.h>

enum { ID_MAP_MAX = 64 << 10 };

const struct idmap_kind idmap_uid = {"uid", "uid_map"}, idmap_gid = {"gid", "gid_map"};

int idmap_read(
	int self_fd, const struct idmap_kind *kind, struct proc_idmap *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = fd_read_file_at(self_fd, kind->file, ID_MAP_MAX, &text, &len);

	if (r == -ENOENT) {
		ret->count = 1;
		ret->rows[0] = (struct proc_idmap_row){.count = UINT32_MAX};
		return 0;
	}
	if (r == 0)
		r = proc_idmap_parse(text, len, ret);
	return r < 0 ? fail_sys(err, -r, "read", "%s of our user namespace", kind->file) : 0;
}

// Adds the first ranges of MAP as a hint.
static int hint_ranges(const struct proc_idmap *map, struct error *err)
{
	char text[200] = "none";
	size_t len = 0;

	for (size_t i = 0; i < map->count && i < 5; i++) {
		uint32_t first = map->rows[i].inside, last = first + (map->rows[i].count - 1);
		const char *comma = i ? ", " : "";
		int n = first == last
				? snprintf(text + len, sizeof(text) - len, "%s%u", comma, first)
				: snprintf(text + len, sizeof(text) - len, "%s%u-%u", comma, first,
					  last);
		if (n < 0 || (size_t)n >= sizeof(text) - len)
			break;
		len += (size_t)n;
	}
	return error_hint(err, "mapped there are: %s%s", text, map->count > 5 ? ", ..." : "");
}

int idmap_require(int self_fd, const struct idmap_kind *kind, uint32_t id, struct error *err)
{
	struct proc_idmap map;
	int r = idmap_read(self_fd, kind, &map, err);

	if (r < 0 || proc_idmap_has_inside(&map, id))
		return r;
	fail(err, ERROR_USAGE, EINVAL, "%s %u is not mapped in the user namespace of the command",
		kind->word, id);
	return hint_ranges(&map, err);
}

bool idmap_is_full(const struct proc_idmap *map)
{
	return map->count == 1 && map->rows[0].inside == 0 && map->rows[0].outside == 0 &&
	       map->rows[0].count == UINT32_MAX;
}

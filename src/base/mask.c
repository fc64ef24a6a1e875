// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts over /proc and /sys.
#include "mask.h"

#include "cgroup_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BASES_MAX = 16 };

// A file system at /proc or /sys.
struct base {
	const char *point;
	struct mount_row mount;
	bool is_covered; // by another at the same point
};

struct bases {
	struct base items[BASES_MAX];
	size_t count;
};

static bool is_text(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

static bool is_read_only(const struct mount_row *mount)
{
	return mount_has_word(mount->flags, mount->flags_len, "ro") ||
	       mount_has_word(mount->options, mount->options_len, "ro");
}

// File systems of the kernel that have their place below /proc or /sys.
static bool is_at_its_place(const struct mount_row *mount)
{
	static const char *const types[] = {"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2",
		"configfs", "debugfs", "efivarfs", "fusectl", "nfsd", "nsfs", "pstore", "resctrl",
		"securityfs", "selinuxfs", "smackfs", "tracefs"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is_text(mount->type, mount->type_len, types[i]))
			return true;
	return false;
}

static void add_base(const char *point, const struct mount_row *mount, struct bases *bases)
{
	if (bases->count < BASES_MAX)
		bases->items[bases->count++] = (struct base){.point = point, .mount = *mount};
}

static int find_bases(const char *text, size_t len, struct bases *ret)
{
	static const char *const points[] = {"/", "/proc", "/sys"};
	const char *cursor = text;
	struct mount_row mount;
	int r;

	while ((r = mount_row_next(&cursor, text + len, &mount)) > 0)
		for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
			if (is_text(mount.point, mount.point_len, points[i]))
				add_base(points[i], &mount, ret);
	for (size_t i = 0; i < ret->count; i++)
		for (size_t k = 0; k < ret->count; k++)
			if (k != i && ret->items[k].point == ret->items[i].point &&
				ret->items[k].mount.parent == ret->items[i].mount.id)
				ret->items[i].is_covered = true;
	return r;
}

// The one on top at POINT, or NULL.
static const struct mount_row *base_at(const struct bases *bases, const char *point)
{
	for (size_t i = 0; i < bases->count; i++)
		if (!bases->items[i].is_covered && strcmp(bases->items[i].point, point) == 0)
			return &bases->items[i].mount;
	return NULL;
}

// True when something is mounted below the root of the mount ID, besides what covers all of it.
static bool has_mounts_below(const char *text, size_t len, const struct mount_row *on)
{
	const char *cursor = text;
	struct mount_row mount;

	while (mount_row_next(&cursor, text + len, &mount) > 0)
		if (mount.parent == on->id && mount.point_len > on->point_len)
			return true;
	return false;
}

static bool is_empty_tmpfs(const struct mount_row *mount)
{
	return is_text(mount->type, mount->type_len, "tmpfs") &&
	       is_text(mount->root, mount->root_len, "/");
}

// What MOUNT, which is mounted on BASE, makes of that. Returns false when it takes nothing away.
static bool classify(
	const struct mount_row *mount, const struct mount_row *base, enum mask_kind *ret)
{
	const char *below = mount->point + base->point_len;
	size_t below_len = mount->point_len - base->point_len;
	bool is_own = mount->dev_major == base->dev_major && mount->dev_minor == base->dev_minor;

	if (is_own && mount->root_len == below_len && memcmp(mount->root, below, below_len) == 0) {
		*ret = MASK_READ_ONLY;
		return is_read_only(mount);
	}
	if (!is_own && is_at_its_place(mount))
		return false;
	bool is_null = is_text(mount->root, mount->root_len, "/null") &&
		       (is_text(mount->type, mount->type_len, "tmpfs") ||
			       is_text(mount->type, mount->type_len, "devtmpfs"));
	*ret = is_null || is_empty_tmpfs(mount) ? MASK_HIDDEN : MASK_REPLACED;
	return true;
}

static void copy_word(const char *word, size_t len, char *ret, size_t size)
{
	size_t kept = len < size ? len : size - 1;

	memcpy(ret, word, kept);
	ret[kept] = '\0';
}

// Adds MOUNT to MASKS; in the place of the one that it covers, if any.
static void add_mask(enum mask_kind kind, const struct mount_row *mount, struct masks *masks)
{
	struct mask mask = {.kind = kind, .mount_id = mount->id};
	size_t at = 0;

	if (mount_unescape(mount->point, mount->point_len, mask.point, sizeof(mask.point)) < 0) {
		masks->more = true;
		return;
	}
	if (kind == MASK_REPLACED)
		copy_word(mount->type, mount->type_len, mask.type, sizeof(mask.type));
	while (at < masks->count && (masks->items[at].mount_id != mount->parent ||
					    strcmp(masks->items[at].point, mask.point) != 0))
		at++;
	if (at == MASK_COUNT) {
		masks->more = true;
		return;
	}
	masks->items[at] = mask;
	masks->count += at == masks->count;
}

static void drop_mask(const struct mount_row *covering, struct masks *masks)
{
	for (size_t i = 0; i < masks->count; i++)
		if (masks->items[i].mount_id == covering->parent) {
			masks->items[i] = masks->items[--masks->count];
			return;
		}
}

// True when MOUNT stands on BASE, or covers all of one that does.
static bool is_over(
	const struct mount_row *mount, const struct mount_row *base, const struct masks *masks)
{
	if (mount->point_len <= base->point_len ||
		memcmp(mount->point, base->point, base->point_len) != 0 ||
		mount->point[base->point_len] != '/')
		return false;
	if (mount->parent == base->id)
		return true;
	for (size_t i = 0; i < masks->count; i++)
		if (masks->items[i].mount_id == mount->parent &&
			strlen(masks->items[i].point) == mount->point_len &&
			memcmp(masks->items[i].point, mount->point, mount->point_len) == 0)
			return true;
	return false;
}

static int add_over(const char *text, size_t len, const struct mount_row *base, struct masks *masks)
{
	const char *cursor = text;
	struct mount_row mount;
	enum mask_kind kind;
	int r, searches = 0;

	if (is_read_only(base))
		add_mask(MASK_READ_ONLY, base, masks);
	while ((r = mount_row_next(&cursor, text + len, &mount)) > 0) {
		if (!is_over(&mount, base, masks))
			continue;
		bool is_mask = classify(&mount, base, &kind);
		// Each search reads all of the text, whose length is the target's choice.
		if (is_mask && is_empty_tmpfs(&mount)) {
			masks->more |= searches == MASK_COUNT;
			if (searches == MASK_COUNT)
				continue;
			searches++;
			is_mask = !has_mounts_below(text, len, &mount);
		}
		if (is_mask)
			add_mask(kind, &mount, masks);
		else if (mount.parent != base->id)
			drop_mask(&mount, masks);
	}
	return r;
}

// Adds the words of MOUNT's options that hide something.
static void find_options(const struct mount_row *mount, struct masks *masks)
{
	const char *end = mount->options + mount->options_len;
	char *options = masks->options;

	for (const char *p = mount->options; p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t len = (size_t)((comma ? comma : end) - p), used = strlen(options);
		bool hides =
			len > 7 && (memcmp(p, "hidepid", 7) == 0 || memcmp(p, "subset=", 7) == 0);
		if (hides && used + len + 2 < MASK_OPTIONS_SIZE) {
			if (used > 0)
				options[used++] = ',';
			copy_word(p, len, options + used, MASK_OPTIONS_SIZE - used);
		}
		p += len + 1;
	}
}

static int compare_points(const void *a, const void *b)
{
	return strcmp(((const struct mask *)a)->point, ((const struct mask *)b)->point);
}

int masks_parse(const char *text, size_t len, struct masks *ret)
{
	struct bases bases = {0};
	int r = find_bases(text, len, &bases);
	const struct mount_row *root = base_at(&bases, "/");
	const struct mount_row *proc = base_at(&bases, "/proc"), *sys = base_at(&bases, "/sys");

	*ret = (struct masks){0};
	if (r < 0)
		return r;
	ret->root_read_only = root && is_read_only(root);
	if (proc && is_text(proc->type, proc->type_len, "proc")) {
		find_options(proc, ret);
		add_over(text, len, proc, ret);
	}
	if (sys && is_text(sys->type, sys->type_len, "sysfs"))
		add_over(text, len, sys, ret);
	qsort(ret->items, ret->count, sizeof(ret->items[0]), compare_points);
	return 0;
}

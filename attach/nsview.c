// SPDX-License-Identifier: GPL-2.0-or-later
// Looking at the namespaces of a process.
#include "nsview.h"

#include "cleanup.h"
#include "entry_check.h"
#include "fd.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { MAP_MAX = 64 << 10 };

void nsview_kinds(struct nsview_kind ret[static NSVIEW_KINDS])
{
	int count = 0;

	for (int i = 0; i < 2 * NSTYPE_COUNT; i++) {
		const struct nstype *type = &nstypes[i / 2];
		struct nsview_kind kind = {i % 2 ? type->children : type->file, i / 2, i % 2};
		int at = count;
		if (!kind.name)
			continue;
		assert(count < NSVIEW_KINDS);
		for (; at > 0 && strcmp(ret[at - 1].name, kind.name) > 0; at--)
			ret[at] = ret[at - 1];
		ret[at] = kind;
		count++;
	}
	assert(count == NSVIEW_KINDS);
}

const struct nsview_row *nsview_row(const struct nsview *view, const struct nsview_kind *kind)
{
	return kind->children ? &view->children[kind->type] : &view->types[kind->type];
}

static uint64_t parent_of(int fd)
{
	auto_fd int parent = ioctl(fd, NS_GET_PARENT);
	struct stat st;

	return parent >= 0 && fstat(parent, &st) == 0 ? st.st_ino : 0;
}

static void fill_row(int fd, const struct stat *st, struct nsview_row *row)
{
	row->id = st->st_ino;
	row->dev = st->st_dev;
	row->owner = userns_owner_id(fd);
	row->parent = parent_of(fd);
}

// The user who made the user namespace USER_FD, as an id of ours.
static void read_maker(int user_fd, struct nsview *view)
{
	view->has_maker = ioctl(user_fd, NS_GET_OWNER_UID, &view->maker) == 0;
}

static bool read_map(int dir_fd, const char *name, struct proc_idmap *ret)
{
	auto_free char *text = NULL;
	size_t len;

	return fd_read_file_at(dir_fd, name, MAP_MAX, &text, &len) == 0 &&
	       proc_idmap_parse(text, len, ret) == 0;
}

// What the files in DIR_FD say of user and time namespace.
static void read_details(int dir_fd, struct nsview *view)
{
	char text[256];
	ssize_t len = fd_read_small_at(dir_fd, "setgroups", text, sizeof(text));

	view->has_setgroups = len > 0;
	view->setgroups_denied = len > 0 && strncmp(text, "deny", 4) == 0;
	view->has_maps = read_map(dir_fd, "uid_map", &view->uid_map) &&
			 read_map(dir_fd, "gid_map", &view->gid_map);
	len = fd_read_small_at(dir_fd, "timens_offsets", text, sizeof(text));
	view->has_offsets = len > 0 && timens_parse(text, (size_t)len, &view->offsets) == 0;
}

static void find_names(const struct nsnames *names, struct nsview *view)
{
	for (int i = 0; i < 2 * NSTYPE_COUNT; i++) {
		struct nsview_row *row = i % 2 ? &view->children[i / 2] : &view->types[i / 2];
		if (row->id)
			row->name = nsnames_find(names, row->dev, row->id);
	}
}

static void read_own(int self_fd, int i, bool children, struct nsview *view)
{
	const char *file = children ? nstypes[i].children : nstypes[i].file;
	struct nsview_row *row = children ? &view->children[i] : &view->types[i];
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "ns/%s", file);
	auto_fd int fd = openat(self_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (errno != ENOENT)
			snprintf(row->unknown, sizeof(row->unknown), "%s", strerror(errno));
		return;
	}
	fill_row(fd, &st, row);
	row->same = true;
	if (i == NSTYPE_USER)
		read_maker(fd, view);
}

int nsview_read_self(const struct nsnames *names, struct nsview *ret, struct error *err)
{
	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");
	*ret = (struct nsview){0};
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		read_own(self_fd, i, false, ret);
		if (nstypes[i].children)
			read_own(self_fd, i, true, ret);
	}
	read_details(self_fd, ret);
	find_names(names, ret);
	return 0;
}

// The row of SELF that shows the namespace of ST, or NULL.
static const struct nsview_row *find_own(const struct nsview *self, int i, const struct stat *st)
{
	const struct nsview_row *rows[] = {&self->types[i], &self->children[i]};

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		if (rows[k]->id == st->st_ino && rows[k]->dev == st->st_dev)
			return rows[k];
	return NULL;
}

// Fills ROW with type I of SET, of which OURS is our own row of the kind.
static void fill_from_set(const struct nsset *set, int i, const struct nsview *self,
	const struct nsview_row *ours, struct nsview_row *row)
{
	const struct stat *st = &set->st[i];
	const struct nsview_row *own = find_own(self, i, st);

	if (st->st_ino == 0)
		return;
	if (set->fds[i] >= 0)
		fill_row(set->fds[i], st, row);
	else if (own)
		*row = *own;
	row->id = st->st_ino;
	row->dev = st->st_dev;
	row->same = ours->id == row->id && ours->dev == row->dev;
}

// Opens the namespace of type I for TARGET's children in the place of its own in SET, whose fds are
// borrowed. *RET_FD is the caller's.
static int open_children(
	const struct target *target, int i, struct nsset *set, int *ret_fd, struct error *err)
{
	const struct notice silent = {0};
	const struct nsset_request request = {.chosen = 1u << i, .children = true};
	auto_nsset struct nsset one = NSSET_EMPTY;
	int r = nsset_open(&request, target, &silent, &one, err);

	if (r < 0)
		return r;
	set->fds[i] = *ret_fd = take_fd(&one.fds[i]);
	set->st[i] = one.st[i];
	set->join = (set->join & ~(1u << i)) | one.join;
	set->pidfd = -EBADF;
	return 0;
}

// Who is looked at, and who looks.
struct look {
	const struct target *target;
	const struct nsview *self;
	struct userns_self user;
};

// The namespaces for children. SET are the process's own, OUTCOMES what joining those would do.
static void read_children(const struct look *look, const struct nsset *set,
	struct nsjoin outcomes[static NSTYPE_COUNT], struct nsview *view)
{
	int fds[NSTYPE_COUNT];
	struct nsset children = *set;
	bool is_other = false;

	for (int i = 0; i < NSTYPE_COUNT; i++) {
		struct nsview_row *row = &view->children[i];
		struct error why = {0};
		fds[i] = -EBADF;
		if (!nstypes[i].children || set->st[i].st_ino == 0)
			continue;
		if (open_children(look->target, i, &children, &fds[i], &why) < 0) {
			snprintf(row->unknown, sizeof(row->unknown), "%.200s",
				why.hint[0] ? why.hint : why.message);
			children.join &= ~(1u << i);
			continue;
		}
		fill_from_set(&children, i, look->self, &look->self->children[i], row);
		is_other |= row->id != set->st[i].st_ino;
	}
	// Mostly they are its own, of which all is known.
	if (is_other) {
		nsjoin_foresee(&children, &look->user, outcomes);
		nsjoin_try(&children, outcomes);
	}
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		if (view->children[i].id)
			view->children[i].join = outcomes[i];
		close_fd(&fds[i]);
	}
}

static int read_types(const struct look *look, struct nsview *view, struct error *err)
{
	const struct notice silent = {0};
	const struct nsset_request request = {.chosen = (1u << NSTYPE_COUNT) - 1};
	const struct nsview *self = look->self;
	struct nsjoin outcomes[NSTYPE_COUNT];
	auto_nsset struct nsset set = NSSET_EMPTY;
	int r = nsset_open(&request, look->target, &silent, &set, err);

	if (r < 0)
		return r;
	nsjoin_foresee(&set, &look->user, outcomes);
	nsjoin_try(&set, outcomes);
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		fill_from_set(&set, i, self, &self->types[i], &view->types[i]);
		view->types[i].join = outcomes[i];
	}
	if (set.fds[NSTYPE_USER] >= 0) {
		read_maker(set.fds[NSTYPE_USER], view);
	} else {
		view->has_maker = self->has_maker;
		view->maker = self->maker;
	}
	read_children(look, &set, outcomes, view);
	return 0;
}

int nsview_read(const struct target *target, const struct nsview *self, const struct nsnames *names,
	struct nsview *ret, struct error *err)
{
	struct look look = {.target = target, .self = self};
	int r = userns_self_init(&look.user);

	if (r < 0)
		return fail_sys(err, -r, "stat", "/proc/self/ns/user");
	*ret = (struct nsview){0};
	r = read_types(&look, ret, err);
	if (r == 0) {
		read_details(target->task_fd, ret);
		find_names(names, ret);
		r = target_verify(target, err);
	}
	return r < 0 ? entry_blame_exit(target, r, err) : 0;
}

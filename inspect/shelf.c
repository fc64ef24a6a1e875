// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of modules.
#include "shelf.h"

#include "cleanup.h"
#include "forward.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { SLOTS_FIRST = 64 };

struct shelf_item {
	struct stat stat; // of the file; zeroed when there is none
	struct snapshot_module source;
	struct module module;
	uint64_t hash;
};

int shelf_init(struct shelf *shelf, size_t most)
{
	*shelf = (struct shelf){.slot_count = SLOTS_FIRST, .most = most, .budget = EXTRA_BUDGET};
	shelf->slots = calloc(shelf->slot_count, sizeof(*shelf->slots));
	return shelf->slots ? 0 : -ENOMEM;
}

static void item_free(struct shelf_item *item)
{
	module_fini(&item->module);
	close_fd(&item->source.fd);
	free(item->source.path);
	free(item->source.image);
	free(item);
}

void shelf_fini(struct shelf *shelf)
{
	forward_forget(&shelf->walked);
	for (size_t i = 0; i < shelf->count; i++)
		item_free(shelf->items[i]);
	free(shelf->items);
	free(shelf->slots);
	memset(shelf, 0, sizeof(*shelf));
}

size_t shelf_most(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 > SHELF_MODULES_MAX)
		return SHELF_MODULES_MAX;
	return limit.rlim_cur / 2;
}

int shelf_make_room(struct shelf *shelf, size_t count)
{
	if (shelf->count == 0 ||
		(shelf->count + count <= shelf->most && shelf->budget >= EXTRA_BUDGET / 2))
		return 0;
	const size_t most = shelf->most;
	shelf_fini(shelf);
	return shelf_init(shelf, most);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_of(const struct snapshot_module *source, const struct stat *stat)
{
	uint64_t hash = (stat->st_dev * 31 + stat->st_ino) * UINT64_C(0x9e3779b97f4a7c15);

	hash = hash_bytes(hash, source->path, strlen(source->path));
	return hash ^ hash >> 32 ^ source->image_len;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool is_item(const struct shelf_item *item, const struct snapshot_module *source,
	const struct stat *stat)
{
	const struct snapshot_module *ours = &item->source;

	return same_stat(&item->stat, stat) && ours->source == source->source &&
	       ours->image_len == source->image_len && strcmp(ours->path, source->path) == 0 &&
	       strcmp(ours->note, source->note) == 0 &&
	       (source->image_len == 0 ||
		       memcmp(ours->image, source->image, source->image_len) == 0);
}

// The slot that holds SOURCE's item, or the free one where it belongs.
static uint32_t *find_slot(const struct shelf *shelf, const struct snapshot_module *source,
	const struct stat *stat, uint64_t hash)
{
	size_t mask = shelf->slot_count - 1, at = hash & mask;

	while (shelf->slots[at] != 0 && !is_item(shelf->items[shelf->slots[at] - 1], source, stat))
		at = (at + 1) & mask;
	return &shelf->slots[at];
}

// Room for one more item; the slots stay half empty.
static int grow(struct shelf *shelf)
{
	size_t capacity = shelf->slot_count;

	if (shelf->count < shelf->capacity)
		return 0;
	struct shelf_item **items = reallocarray(shelf->items, capacity, sizeof(items[0]));
	if (!items)
		return -ENOMEM;
	shelf->items = items;
	uint32_t *slots = calloc(2 * capacity, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(shelf->slots);
	shelf->slots = slots;
	shelf->slot_count = 2 * capacity;
	shelf->capacity = capacity;
	for (size_t i = 0; i < shelf->count; i++)
		*find_slot(shelf, &items[i]->source, &items[i]->stat, items[i]->hash) =
			(uint32_t)i + 1;
	return 0;
}

// A new item for SOURCE; its fd is taken over only when that succeeds.
static struct shelf_item *make_item(const struct snapshot_module *source, const struct stat *stat)
{
	struct shelf_item *item = calloc(1, sizeof(*item));

	if (!item)
		return NULL;
	item->stat = *stat;
	item->source = *source;
	item->source.fd = -EBADF;
	item->source.path = strdup(source->path);
	item->source.image = source->image_len > 0 ? malloc(source->image_len) : NULL;
	if (!item->source.path || (source->image_len > 0 && !item->source.image)) {
		item_free(item);
		return NULL;
	}
	if (source->image_len > 0)
		memcpy(item->source.image, source->image, source->image_len);
	item->source.fd = source->fd;
	item->module.source = &item->source;
	return item;
}

struct module *shelf_take(struct shelf *shelf, const struct snapshot_module *source)
{
	struct stat stat = {0};
	int fd = source->fd;

	if (fd >= 0 && fstat(fd, &stat) < 0)
		memset(&stat, 0, sizeof(stat));
	uint64_t hash = hash_of(source, &stat);
	struct shelf_item *item = NULL;
	if (grow(shelf) == 0) {
		uint32_t *slot = find_slot(shelf, source, &stat, hash);
		if (*slot != 0) {
			close_fd(&fd);
			return &shelf->items[*slot - 1]->module;
		}
		item = make_item(source, &stat);
		if (item) {
			item->hash = hash;
			shelf->items[shelf->count++] = item;
			*slot = (uint32_t)shelf->count;
		}
	}
	if (!item)
		close_fd(&fd);
	return item ? &item->module : NULL;
}

int shelf_take_all(struct shelf *shelf, struct snapshot *snapshot, struct module ***ret)
{
	size_t count = snapshot->module_count;
	auto_free struct module **modules = calloc(count + 1, sizeof(struct module *));

	if (!modules)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		modules[i] = shelf_take(shelf, &snapshot->modules[i]);
		if (!modules[i])
			return -ENOMEM;
		snapshot->modules[i].fd = modules[i]->source->fd;
	}
	*ret = take_ptr(modules);
	return 0;
}

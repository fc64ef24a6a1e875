// SPDX-License-Identifier: GPL-2.0-or-later
// Opening what is mapped.
#include "files.h"

#include "buildid.h"
#include "cleanup.h"
#include "fd.h"
#include "memory.h"
#include "proc_maps.h"
#include "sys.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	MAPS_MAX = 64 << 20, // bytes of maps text: 65530 mappings of the longest path fit twice
	VDSO_MAX = 1 << 20,  // the vDSO is a few pages
	NOTES_READ = 4096,   // where linkers put the build id: the first page
	FDS_RESERVED = 64,   // fds that are never spent on mapped files
};

int files_read_maps(
	const struct target *target, char **ret_text, size_t *ret_len, struct error *err)
{
	int r = fd_read_file_at(target->task_fd, "maps", MAPS_MAX, ret_text, ret_len);

	if (r == 0)
		return 0;
	fail_sys(err, -r, "reading the memory map", "process %d", target->pid);
	if (r == -EACCES || r == -EPERM)
		error_hint(err, "ptrace access to the process is needed: run as root, or with "
				"CAP_SYS_PTRACE in its user namespace");
	return r;
}

// The path of MAP with the kernel's "\012" turned back into newlines; NULL: no memory.
static char *copy_path(const struct proc_map *map)
{
	char *path = malloc(map->path_len + 1);
	size_t len = 0;

	if (!path)
		return NULL;
	for (size_t i = 0; i < map->path_len; i++) {
		if (map->path_len - i >= 4 && memcmp(map->path + i, "\\012", 4) == 0) {
			path[len++] = '\n';
			i += 3;
		} else {
			path[len++] = map->path[i];
		}
	}
	path[len] = '\0';
	return path;
}

// A mapped file, while the maps are being grouped. Files are told apart by device, inode and path
// together: overlay file systems may show one inode number for two files.
struct file_key {
	uint64_t inode;
	uint32_t major, minor;
	const char *path;
	size_t path_len;
	uint64_t start, end; // of its first mapping
	uint64_t first_page; // where offset 0 of it is mapped, or UINT64_MAX
};

static bool same_file(const struct file_key *key, const struct proc_map *map)
{
	return key->inode == map->inode && key->major == map->dev_major &&
	       key->minor == map->dev_minor && key->path_len == map->path_len &&
	       memcmp(key->path, map->path, map->path_len) == 0;
}

// The files with executable mappings, in the order of the snapshot's modules, and a hash table of
// them: there may be as many as a process may have mappings.
struct file_table {
	struct file_key *keys;
	size_t count;
	uint32_t *slots;   // module + 1, 0: free
	size_t slot_count; // a power of two, at least twice the files
};

// The slot of MAP's file, or the free one where it belongs.
static uint32_t *find_slot(const struct file_table *table, const struct proc_map *map)
{
	uint64_t hash = map->inode ^ ((uint64_t)map->dev_major << 32) ^ map->dev_minor;

	for (size_t i = 0; i < map->path_len; i++)
		hash = (hash ^ (unsigned char)map->path[i]) * UINT64_C(0x100000001b3);
	for (size_t at = hash & (table->slot_count - 1);; at = (at + 1) & (table->slot_count - 1)) {
		uint32_t *slot = &table->slots[at];
		if (*slot == 0 || same_file(&table->keys[*slot - 1], map))
			return slot;
	}
}

static int init_table(struct file_table *table, size_t file_count)
{
	*table = (struct file_table){.slot_count = 16};
	while (table->slot_count < 2 * (file_count + 1))
		table->slot_count *= 2;
	table->keys = calloc(file_count + 1, sizeof(*table->keys));
	table->slots = calloc(table->slot_count, sizeof(*table->slots));
	return table->keys && table->slots ? 0 : -ENOMEM;
}

static void cleanup_table(struct file_table *table)
{
	free(table->keys);
	free(table->slots);
}

static void set_note(struct snapshot_module *module, const char *what, int errnum)
{
	snprintf(module->note, sizeof(module->note), "%s: %s", what, strerror(errnum));
}

// Opens the very file behind the mapping START-END.
static int open_mapped(const struct target *target, uint64_t start, uint64_t end)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)start,
		(unsigned long long)end);
	// Looked at before it is opened: a device must not be.
	auto_fd int seen = openat(target->task_fd, path, O_PATH | O_CLOEXEC);
	if (seen < 0)
		return -errno;
	if (fstat(seen, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", seen);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static struct buildid buildid_of_file(int fd)
{
	unsigned char page[NOTES_READ];
	ssize_t n = pread(fd, page, sizeof(page), 0);

	return n < 0 ? (struct buildid){0} : buildid_from_image(page, (size_t)n);
}

static struct buildid buildid_of_memory(const struct target *target, uint64_t start)
{
	unsigned char page[NOTES_READ];
	auto_fd int memory = memory_open(target);
	ssize_t n = memory_read(target->pid, memory, start, page, sizeof(page));

	return n < 0 ? (struct buildid){0} : buildid_from_image(page, (size_t)n);
}

// Opens MODULE's file by its path inside the target's root; only the one that is mapped will do.
static int open_by_path(
	const struct target *target, struct snapshot_module *module, uint64_t first_page)
{
	auto_fd int root = openat(target->task_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		int saved = errno;
		set_note(module, "the target's root cannot be opened", saved);
		return -saved;
	}
	auto_fd int fd = fd_open_regular_in_root(root, module->path);
	if (fd < 0) {
		set_note(module, "the file cannot be opened in the target's root", -fd);
		return fd;
	}
	struct buildid in_file = buildid_of_file(fd);
	struct buildid in_memory = {0};
	if (first_page != UINT64_MAX)
		in_memory = buildid_of_memory(target, first_page);
	if (!buildid_equal(&in_file, &in_memory)) {
		snprintf(module->note, sizeof(module->note), "%s",
			in_memory.len == 0 ? "the mapped file has no build id to compare"
					   : "the file at that path is not the one that is mapped");
		return -ESTALE;
	}
	return take_fd(&fd);
}

static void open_module(
	const struct target *target, struct snapshot_module *module, const struct file_key *key)
{
	// Any mapping of the file will do; the first is as good as the others.
	int r = open_mapped(target, key->start, key->end);

	if (r >= 0) {
		module->fd = r;
		module->source = SNAPSHOT_SOURCE_MAP_FILES;
		return;
	}
	if (r == -EINVAL) {
		snprintf(module->note, sizeof(module->note), "what is mapped is no regular file");
		return;
	}
	r = open_by_path(target, module, key->first_page);
	if (r >= 0) {
		module->fd = r;
		module->source = SNAPSHOT_SOURCE_ROOT;
	}
}

// Copies the vDSO, which is no file.
static void copy_vdso(const struct target *target, struct snapshot_module *module)
{
	size_t len = module->end - module->start;

	if (len > VDSO_MAX || !(module->image = malloc(len)))
		return;
	auto_fd int memory = memory_open(target);
	ssize_t n = memory_read(target->pid, memory, module->start, module->image, len);
	if (n < 0) {
		set_note(module, "its memory cannot be read", (int)-n);
		return;
	}
	module->image_len = (size_t)n;
	module->source = SNAPSHOT_SOURCE_MEMORY;
}

// True when MAP, which stands behind BEFORE, may be code of BEFORE's file that was moved to
// anonymous memory (to have it in huge pages).
static bool is_moved_code(const struct proc_map *before, const struct proc_map *map)
{
	return map->executable && map->inode == 0 && !proc_map_is_vdso(map) && before->inode != 0 &&
	       !before->executable && before->end == map->start;
}

// The lines of a maps text.
struct map_rows {
	struct proc_map *rows;
	size_t count;
	size_t code_count; // of executable mappings of files
};

static void cleanup_rows(struct map_rows *maps)
{
	free(maps->rows);
}

// Parses TEXT, which must outlive *RET. Fails with -EINVAL or -ENOMEM.
static int parse_maps(const char *text, size_t len, struct map_rows *ret)
{
	const char *cursor = text, *end = text + len;
	size_t lines = 1;
	int r;

	for (const char *p = text; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	ret->rows = reallocarray(NULL, lines + 1, sizeof(*ret->rows));
	if (!ret->rows)
		return -ENOMEM;
	// The last is a row that is not there.
	while ((r = proc_map_next(&cursor, end, &ret->rows[ret->count])) > 0) {
		const struct proc_map *map = &ret->rows[ret->count];
		ret->code_count +=
			proc_map_is_code(map) || (ret->count > 0 && is_moved_code(map - 1, map));
		ret->count++;
	}
	return r;
}

// Makes a module of MAP's file, unless there is one.
static int make_module(
	const struct proc_map *map, struct snapshot *snapshot, struct file_table *table)
{
	uint32_t *slot = find_slot(table, map);
	struct snapshot_module *module = &snapshot->modules[table->count];

	if (*slot != 0)
		return 0;
	*module = (struct snapshot_module){.start = map->start, .end = map->end, .fd = -EBADF};
	module->path = copy_path(map);
	if (!module->path)
		return -ENOMEM;
	table->keys[table->count] = (struct file_key){.inode = map->inode,
		.major = map->dev_major,
		.minor = map->dev_minor,
		.path = map->path,
		.path_len = map->path_len,
		.first_page = UINT64_MAX};
	*slot = (uint32_t)++table->count;
	snapshot->module_count++;
	return 0;
}

// Makes a module of each file with executable mappings, also such as have been moved away; TABLE
// remembers which.
static int make_modules(
	const struct map_rows *maps, struct snapshot *snapshot, struct file_table *table)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < maps->count; i++) {
		const struct proc_map *map = &maps->rows[i];
		if (proc_map_is_code(map))
			r = make_module(map, snapshot, table);
		else if (i > 0 && is_moved_code(map - 1, map))
			r = make_module(map - 1, snapshot, table);
	}
	return r;
}

// Notes mapping MAP of the file KEY, which is MODULE.
static void add_mapping(
	const struct proc_map *map, struct file_key *key, struct snapshot_module *module)
{
	if (key->end == 0) {
		key->start = map->start;
		key->end = map->end;
	}
	if (map->offset == 0 && key->first_page == UINT64_MAX)
		key->first_page = map->start;
	if (map->end > module->end)
		module->end = map->end;
	if (map->start < module->start)
		module->start = map->start;
}

static void fill_maps(
	const struct map_rows *maps, struct snapshot *snapshot, struct file_table *table)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct proc_map *map = &maps->rows[i];
		struct snapshot_map *to = &snapshot->maps[snapshot->map_count++];
		*to = (struct snapshot_map){map->start, map->end, map->offset, SNAPSHOT_NO_MODULE,
			map->writable, map->executable};
		uint32_t slot =
			map->inode != 0 || proc_map_is_vdso(map) ? *find_slot(table, map) : 0;
		if (slot == 0)
			continue;
		to->module = (int)slot - 1;
		add_mapping(map, &table->keys[slot - 1], &snapshot->modules[slot - 1]);
	}
}

// How many files may be opened, so that some fds are left for everything else.
static size_t open_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= FDS_RESERVED)
		return 0;
	return limit.rlim_cur - FDS_RESERVED;
}

int files_open_modules(const struct target *target, const char *text, size_t len,
	struct snapshot *snapshot, struct error *err)
{
	__attribute__((cleanup(cleanup_rows))) struct map_rows maps = {0};
	int r = parse_maps(text, len, &maps);
	if (r == -EINVAL)
		return fail(err, ERROR_SYSTEM, EINVAL, "the memory map of process %d is malformed",
			target->pid);
	__attribute__((cleanup(cleanup_table))) struct file_table table;
	int made = init_table(&table, maps.code_count);
	snapshot->maps = calloc(maps.count + 1, sizeof(*snapshot->maps));
	snapshot->modules = calloc(maps.code_count + 1, sizeof(*snapshot->modules));
	if (r < 0 || made < 0 || !snapshot->maps || !snapshot->modules ||
		make_modules(&maps, snapshot, &table) < 0)
		return fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the map of process %d",
			target->pid);
	fill_maps(&maps, snapshot, &table);

	size_t most = open_max();
	for (size_t i = 0; i < snapshot->module_count; i++) {
		struct snapshot_module *module = &snapshot->modules[i];
		if (strcmp(module->path, "[vdso]") == 0)
			copy_vdso(target, module);
		else if (i >= most)
			snprintf(module->note, sizeof(module->note),
				"more files are mapped than may be opened (%zu)", most);
		else
			open_module(target, module, &table.keys[i]);
	}
	return 0;
}

void files_find_kept(struct snapshot_module *module, const struct buildid *id)
{
	auto_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = host < 0 ? -ENOENT : fd_open_regular_in_root(host, module->path);
	struct buildid found = fd < 0 ? (struct buildid){0} : buildid_of_file(fd);

	if (!buildid_equal(&found, id)) {
		snprintf(module->note, sizeof(module->note),
			"its file was not kept, and is not at its path on this host");
		return;
	}
	module->fd = take_fd(&fd);
	module->source = SNAPSHOT_SOURCE_HOST;
	module->note[0] = '\0';
}

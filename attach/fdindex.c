// SPDX-License-Identifier: GPL-2.0-or-later
// Making the index, keeping it in a file, and searching it.
#include "fdindex.h"

#include "cleanup.h"
#include "clock.h"
#include "fdwalk.h"
#include "number.h"
#include "proc_wait.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
	ROWS_MAX = 1 << 20,
	COMPLETE = 0x6e736678,
	ENOUGH_MS = 100, // for a pass: one that was cut sooner is not kept for others
};

// What the file begins with; it is written last.
struct head {
	uint32_t complete; // COMPLETE
	uint32_t cut;
	uint64_t count; // of rows behind it
};

// An index that is being made.
struct making {
	struct fdindex_row *rows;
	size_t count, capacity;
	bool full;
	pid_t pid;
	int fds_fd;
	char mount_ns[64];
};

enum { KEY_PIPE = 1, KEY_SOCKET, KEY_NAME };

// FNV-1a of TEXT, behind what HASH is of.
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t fdindex_key(const char *link, const char *mount_ns)
{
	uint64_t inode = proc_link_inode(link, "pipe");

	if (inode)
		return inode << 2 | KEY_PIPE;
	if ((inode = proc_link_inode(link, "socket")))
		return inode << 2 | KEY_SOCKET;
	if (link[0] != '/')
		return 0;
	return hash_text(hash_text(UINT64_C(0xcbf29ce484222325), mount_ns), link) << 2 | KEY_NAME;
}

static void on_process(void *arg, pid_t pid, int fds_fd)
{
	struct making *making = arg;

	making->pid = pid;
	making->fds_fd = fds_fd;
	ssize_t len =
		readlinkat(fds_fd, "../ns/mnt", making->mount_ns, sizeof(making->mount_ns) - 1);
	making->mount_ns[len < 0 ? 0 : len] = '\0';
}

static bool has_room(struct making *making)
{
	if (making->count < making->capacity)
		return true;
	size_t capacity = making->capacity ? 2 * making->capacity : 1024;
	void *rows = capacity > ROWS_MAX
			     ? NULL
			     : reallocarray(making->rows, capacity, sizeof(*making->rows));
	if (!rows) {
		making->full = true;
		return false;
	}
	making->rows = rows;
	making->capacity = capacity;
	return true;
}

static void on_file(void *arg, const char *name, const char *link)
{
	struct making *making = arg;
	uint64_t key = fdindex_key(link, making->mount_ns), fd;
	struct stat st; // of the link, whose mode is how the file is open

	if (key == 0 || number_parse_u64(name, &fd) < 0 || fd >= 1u << 30 ||
		fstatat(making->fds_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !has_room(making))
		return;
	making->rows[making->count++] = (struct fdindex_row){.key = key,
		.pid = (uint32_t)making->pid,
		.fd = (uint32_t)fd & 0x3fffffff,
		.modes = (st.st_mode & S_IRUSR ? FDINDEX_READS : 0u) |
			 (st.st_mode & S_IWUSR ? FDINDEX_WRITES : 0u)};
}

static int order_rows(const void *left, const void *right)
{
	const struct fdindex_row *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int write_all(int fd, const void *data, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t written = pwrite(fd, data, len, at);
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		data = (const char *)data + written;
		len -= (size_t)written;
		at += written;
	}
	return 0;
}

// Goes through /proc, and writes the index to RUN's file. One that was cut is kept too, unless RUN
// had little time left: another pass would come no further.
static int make(const struct context_run *run)
{
	struct making making = {0};
	const struct fdwalk_visitor visitor = {on_process, on_file, &making};

	const uint64_t begin_us = clock_now_us();
	fdwalk_all(run, &visitor);
	auto_free struct fdindex_row *rows = making.rows;
	const struct head head = {.complete = COMPLETE,
		.cut = making.full || context_is_late(run),
		.count = making.count};
	if (head.cut && clock_now_us() - begin_us < ENOUGH_MS * UINT64_C(1000))
		return -ETIME;
	if (making.count > 0)
		qsort(rows, making.count, sizeof(*rows), order_rows);
	int r = ftruncate(run->index_fd, 0) < 0 ? -errno : 0;
	if (r == 0)
		r = write_all(run->index_fd, rows, making.count * sizeof(*rows), sizeof(head));
	return r < 0 ? r : write_all(run->index_fd, &head, sizeof(head), 0);
}

// Maps what is in FD. Returns 0, or -ENOENT when no index is there.
static int map(int fd, struct fdindex *ret)
{
	struct stat st;
	struct head head;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) || head.complete != COMPLETE ||
		fstat(fd, &st) < 0 || head.count > ROWS_MAX ||
		(uint64_t)st.st_size != sizeof(head) + head.count * sizeof(struct fdindex_row))
		return -ENOENT;
	size_t len = (size_t)st.st_size;
	char *mapping = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (mapping == MAP_FAILED)
		return -errno;
	*ret = (struct fdindex){.rows = (const void *)(mapping + sizeof(head)),
		.count = head.count,
		.cut = head.cut,
		.mapping = mapping,
		.mapping_len = len};
	return 0;
}

int fdindex_create(void)
{
	int fd = memfd_create("nspeek-index", MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int fdindex_open(const struct context_run *run, struct fdindex *ret)
{
	int r = map(run->index_fd, ret);

	if (r == -ENOENT && (r = make(run)) == 0)
		r = map(run->index_fd, ret);
	return r;
}

void fdindex_fini(struct fdindex *index)
{
	if (index->mapping)
		munmap(index->mapping, index->mapping_len);
	index->mapping = NULL;
}

const struct fdindex_row *fdindex_find(const struct fdindex *index, uint64_t key, size_t *ret_count)
{
	size_t first = 0, end = index->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		if (index->rows[middle].key < key)
			first = middle + 1;
		else
			end = middle;
	}
	for (end = first; end < index->count && index->rows[end].key == key;)
		end++;
	*ret_count = end - first;
	return index->rows + first;
}

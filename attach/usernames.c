// SPDX-License-Identifier: GPL-2.0-or-later
// The names of users.
#include "usernames.h"

#include "cleanup.h"
#include "fd.h"
#include "passwd.h"
#include "subtask.h"
#include "targetfiles.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

enum {
	LIMIT_MS = 1000,
	FILE_MAX = 1 << 20,
	NAME_MAX_LEN = 255, // LOGIN_NAME_MAX
};

struct username {
	uint32_t uid;
	const char *name;
};

// What the child reads into.
struct room {
	const struct target *target;
	size_t len;
	char text[FILE_MAX + 1];
};

static int read_file(void *arg)
{
	struct room *room = arg;
	auto_fd int root = openat(room->target->task_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	auto_fd int fd = targetfiles_open(root, "etc/passwd", room->target->proc_fd);
	if (fd < 0)
		return fd;

	ssize_t len = fd_read_exact(fd, room->text, sizeof(room->text));
	if (len < 0)
		return (int)len;
	if (len > FILE_MAX)
		return -EFBIG;
	room->len = (size_t)len;
	return 0;
}

// By uid, and then as they stand in the file.
static int compare(const void *a, const void *b)
{
	const struct username *one = a, *other = b;

	if (one->uid != other->uid)
		return one->uid < other->uid ? -1 : 1;
	return one->name < other->name ? -1 : one->name > other->name;
}

// Fills NAMES from TEXT, of LEN bytes, for which it has room.
static int take_rows(struct usernames *names, const char *text, size_t len)
{
	const char *cursor = names->text, *end = names->text + len;
	size_t capacity = 0;
	struct passwd_row row;

	memcpy(names->text, text, len);
	names->text[len] = '\0';

	while (passwd_next(&cursor, end, &row)) {
		if (names->count == capacity) {
			capacity = capacity ? 2 * capacity : 64;
			struct username *grown =
				reallocarray(names->rows, capacity, sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			names->rows = grown;
		}
		names->rows[names->count++] = (struct username){row.uid, row.name.text};
	}
	if (names->count > 0)
		qsort(names->rows, names->count, sizeof(*names->rows), compare);
	// Ends the names, since the lines are read.
	for (size_t i = 0; i < names->count; i++)
		names->text[(size_t)(strchr(names->rows[i].name, ':') - names->text)] = '\0';
	return 0;
}

static int fail_read(int errnum, struct error *err)
{
	const char *why = errnum == EINVAL      ? "it is no regular file"
			  : errnum == EFBIG     ? "it is longer than 1 MiB"
			  : errnum == ETIMEDOUT ? "its file system does not answer"
						: strerror(errnum);

	return fail(
		err, ERROR_SYSTEM, errnum, "the container's /etc/passwd cannot be read: %s", why);
}

int usernames_read(const struct target *target, struct usernames *ret, struct error *err)
{
	auto_usernames struct usernames names = {0};
	struct room *room = mmap(
		NULL, sizeof(*room), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return fail_read(errno, err);

	room->target = target;
	int r = subtask_run(read_file, room, LIMIT_MS);
	if (r == 0) {
		names.text = malloc(room->len + 1);
		r = names.text ? take_rows(&names, room->text, room->len) : -ENOMEM;
	}
	munmap(room, sizeof(*room));
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return fail_read(-r, err);
	*ret = names;
	names = (struct usernames){0};
	return 0;
}

const char *usernames_find(const struct usernames *names, uint32_t uid)
{
	size_t first = 0, end = names->count;

	while (first < end) {
		size_t middle = (first + end) / 2;
		if (names->rows[middle].uid < uid)
			first = middle + 1;
		else
			end = middle;
	}
	if (first == names->count || names->rows[first].uid != uid ||
		strlen(names->rows[first].name) > NAME_MAX_LEN)
		return NULL;
	return names->rows[first].name;
}

void usernames_fini(struct usernames *names)
{
	free(names->text);
	free(names->rows);
	*names = (struct usernames){0};
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Finding where runtimes keep their state, from a container's mounts.
#include "container_mounts.h"

#include "cgroup_text.h"
#include "cleanup.h"
#include "fd.h"

#include <stdio.h>
#include <string.h>

enum {
	MOUNTINFO_MAX = 4 << 20,       // bytes of our own
	THEIR_MOUNTINFO_MAX = 1 << 20, // of a container's, which is as long as somebody in it likes
	SEARCHES_MAX = 16,             // of our own, for one container
	ID_LEN = 64
};

// Our own mounts, read when they are first asked for.
struct own_mounts {
	int proc_fd;
	char *text;
	size_t len;
	int searches; // that were made
};

// The 64 digits behind PART in PATH, if they stand between slashes, or NULL.
static const char *id_behind(const char *path, const char *part)
{
	const char *at = strstr(path, part);
	const char *id = at ? at + strlen(part) : NULL;

	return id && strspn(id, "0123456789abcdef") == ID_LEN && id[ID_LEN] == '/' ? id : NULL;
}

bool mount_hint_parse(const char *path, struct mount_hint *ret)
{
	static const char *const docker_files[] = {"hostname", "hosts", "resolv.conf"};
	static const char userdata[] = "userdata/";
	const char *id = id_behind(path, "/containers/");

	for (size_t i = 0; id && i < sizeof(docker_files) / sizeof(docker_files[0]); i++)
		if (strcmp(id + ID_LEN + 1, docker_files[i]) == 0) {
			*ret = (struct mount_hint){
				runtime_find("docker", 6), id, (size_t)(id - 1 - path)};
			return true;
		}
	id = id_behind(path, "-containers/");
	if (!id || strncmp(id + ID_LEN + 1, userdata, sizeof(userdata) - 1) != 0)
		return false;
	*ret = (struct mount_hint){runtime_find("podman", 6), id, (size_t)(id - 1 - path)};
	return true;
}

// Writes where the file system DEV of MOUNT shows PATH here, by our own mounts, to RET of SIZE
// bytes. Returns false when it does not.
static bool find_here(struct own_mounts *own, const struct mount_row *mount, const char *path,
	char *ret, size_t size)
{
	struct mount_row row;

	if (own->searches++ >= SEARCHES_MAX ||
		(!own->text && fd_read_file_at(own->proc_fd, "self/mountinfo", MOUNTINFO_MAX,
				       &own->text, &own->len) < 0))
		return false;
	const char *cursor = own->text;
	while (mount_row_next(&cursor, own->text + own->len, &row) > 0) {
		char root[PATH_MAX], point[PATH_MAX];
		if (row.dev_major != mount->dev_major || row.dev_minor != mount->dev_minor ||
			mount_unescape(row.root, row.root_len, root, sizeof(root)) < 0 ||
			mount_unescape(row.point, row.point_len, point, sizeof(point)) < 0)
			continue;
		size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);
		if (strncmp(path, root, len) != 0 || path[len] != '/')
			continue;
		int written = snprintf(
			ret, size, "%s%s", strcmp(point, "/") == 0 ? "" : point, path + len);
		return written > 0 && (size_t)written < size;
	}
	return false;
}

// Takes what stands before PART in PATH as the graph root. Returns whether it is there.
static bool take_graph(const char *path, const char *part, char *ret, size_t size)
{
	const char *at = strstr(path, part);
	size_t len = at ? (size_t)(at - path) : 0;

	if (len == 0 || len >= size)
		return false;
	memcpy(ret, path, len);
	ret[len] = '\0';
	return true;
}

// The root directory's mount: a layer of the storage, by itself or on top of others.
static void take_root(struct own_mounts *own, const struct mount_row *mount, const char *root,
	struct container_mounts *mounts)
{
	static const char upper[] = "upperdir=";
	char options[PATH_MAX], path[PATH_MAX];

	if (strstr(root, "/vfs/dir/")) {
		if (find_here(own, mount, root, path, sizeof(path)))
			take_graph(path, "/vfs/dir/", mounts->graph, sizeof(mounts->graph));
		return;
	}
	if (mount_unescape(mount->options, mount->options_len, options, sizeof(options)) < 0)
		return;
	char *at = strstr(options, upper);
	if (!at)
		return;
	at += sizeof(upper) - 1;
	at[strcspn(at, ",")] = '\0';
	if (take_graph(at, "/overlay2/", path, sizeof(path)) && mounts->docker[0] == '\0')
		snprintf(mounts->docker, sizeof(mounts->docker), "%.4000s/containers", path);
	else
		take_graph(at, "/overlay/", mounts->graph, sizeof(mounts->graph));
}

static void take_mount(
	struct own_mounts *own, const struct mount_row *mount, struct container_mounts *mounts)
{
	char root[PATH_MAX], path[PATH_MAX];
	struct mount_hint hint;

	if (mount_unescape(mount->root, mount->root_len, root, sizeof(root)) < 0)
		return;
	if (mount->point_len == 1 && mount->point[0] == '/')
		take_root(own, mount, root, mounts);
	if (mounts->runtime || !mount_hint_parse(root, &hint))
		return;
	mounts->runtime = hint.runtime;
	memcpy(mounts->id, hint.id, ID_LEN);
	mounts->id[ID_LEN] = '\0';
	root[hint.dir_len] = '\0';
	if (strcmp(hint.runtime->name, "docker") == 0 &&
		find_here(own, mount, root, path, sizeof(path)))
		memcpy(mounts->docker, path, strlen(path) + 1);
}

int container_mounts_read(
	int proc_fd, const struct container *container, struct container_mounts *ret)
{
	auto_free char *theirs = NULL;
	struct own_mounts own = {.proc_fd = proc_fd};
	size_t theirs_len;
	char path[32];
	struct mount_row mount;

	memset(ret, 0, sizeof(*ret));
	snprintf(path, sizeof(path), "%d/mountinfo", container->leader);
	int r = fd_read_file_at(proc_fd, path, THEIR_MOUNTINFO_MAX, &theirs, &theirs_len);
	if (r < 0)
		return r;
	const char *cursor = theirs;
	while (mount_row_next(&cursor, theirs + theirs_len, &mount) > 0)
		take_mount(&own, &mount, ret);
	free(own.text);
	return 0;
}

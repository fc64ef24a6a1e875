// SPDX-License-Identifier: GPL-2.0-or-later
// Mapping files with names of made code.
#include "jitfiles.h"

#include "jitdump.h"
#include "perfmap.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const off_t FILE_MAX = (off_t)1 << 30;

// Maps all that FD has now, *RET_LEN bytes, or returns NULL.
static const void *map_file(int fd, size_t *ret_len)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > FILE_MAX)
		return NULL;
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	*ret_len = (size_t)st.st_size;
	return bytes == MAP_FAILED ? NULL : bytes;
}

bool jitfiles_add_perfmap(struct jitnames *names, int fd)
{
	size_t len;
	const char *text = map_file(fd, &len);

	if (text)
		perfmap_read(names, text, len);
	return text != NULL;
}

// True when PATH is that of a file as compilers name them.
static bool is_dump_path(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return strncmp(name, "jit-", 4) == 0 && strstr(name, ".dump");
}

bool jitfiles_add_dumps(struct jitnames *names, const struct snapshot *snapshot)
{
	bool found = false;

	for (size_t i = 0; i < snapshot->module_count; i++) {
		size_t len;
		if (!is_dump_path(snapshot->modules[i].path))
			continue;
		const unsigned char *bytes = map_file(snapshot->modules[i].fd, &len);
		if (!bytes || !jitdump_is(bytes, len))
			continue;
		jitdump_read(names, bytes, len);
		found = true;
	}
	return found;
}

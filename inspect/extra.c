// SPDX-License-Identifier: GPL-2.0-or-later
// Opening what there is beside a module.
#include "extra.h"

#include "cleanup.h"
#include "debugdata.h"
#include "object.h"

#include <elfutils/libdwelf.h>
#include <string.h>

int extra_unpack(struct extra *extra, Elf *of, size_t *budget)
{
	auto_free unsigned char *image = NULL;
	size_t len, most = *budget < EXTRA_UNPACKED_MAX ? *budget : EXTRA_UNPACKED_MAX;
	int r = debugdata_unpack(of, most, &image, &len);

	if (r < 0) {
		*budget -= r == -EFBIG ? most : 0;
		return r;
	}
	*budget -= len;
	Elf *elf = len > 0 ? elf_memory((char *)image, len) : NULL;
	if (!object_is_native(elf) || !object_has_segments_of(of, elf)) {
		elf_end(elf);
		return -ENOEXEC;
	}
	extra->elf = elf;
	extra->image = take_ptr(image);
	return 0;
}

static struct buildid buildid_of(Elf *elf)
{
	const void *bytes;
	ssize_t len = dwelf_elf_gnu_build_id(elf, &bytes);
	struct buildid id = {0};

	if (len > 0 && len <= BUILDID_MAX) {
		id.len = (size_t)len;
		memcpy(id.bytes, bytes, id.len);
	}
	return id;
}

// True when the bytes of ELF are those that LINK names.
static bool is_linked(Elf *elf, const struct debuglink *link, size_t *budget)
{
	size_t len;
	const char *image = link ? elf_rawfile(elf, &len) : NULL;

	if (!image || len > *budget)
		return false;
	*budget -= len;
	return debuglink_fits(link, image, len);
}

static bool belongs_to(
	Elf *elf, Elf *of, const struct buildid *id, const struct debuglink *link, size_t *budget)
{
	if (!object_is_native(elf) || !object_has_segments_of(of, elf))
		return false;
	struct buildid its_id = buildid_of(elf);
	if (its_id.len > 0 && id->len > 0)
		return buildid_equal(&its_id, id);
	return is_linked(elf, link, budget);
}

bool extra_take_file(struct extra *extra, Elf *of, const struct buildid *id,
	const struct debuglink *link, int fd, size_t *budget)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);

	if (extra->elf || !belongs_to(elf, of, id, link, budget)) {
		elf_end(elf);
		close_fd(&fd);
		return false;
	}
	extra->elf = elf;
	extra->fd = fd;
	extra->by_id = id->len > 0 && buildid_of(elf).len > 0;
	return true;
}

void extra_fini(struct extra *extra)
{
	if (extra->elf && !extra->image)
		close_fd(&extra->fd);
	elf_end(extra->elf);
	free(extra->image);
	memset(extra, 0, sizeof(*extra));
}

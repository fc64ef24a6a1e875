// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and proving debug links.
#include "debuglink.h"

#include "cleanup.h"
#include "object.h"

#include <lzma.h>
#include <string.h>

int debuglink_read(Elf *elf, struct debuglink *ret)
{
	GElf_Shdr shdr;
	Elf_Scn *section = object_section(elf, ".gnu_debuglink", &shdr);

	if (!section)
		return -ENOENT;
	const Elf_Data *data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return -EINVAL;
	const char *name = data->d_buf;
	size_t len = strnlen(name, data->d_size);
	size_t at = (len + 1 + 3) & ~(size_t)3; // the CRC is aligned
	if (len == 0 || len > NAME_MAX || at > data->d_size ||
		data->d_size - at < sizeof(ret->crc) || memchr(name, '/', len) ||
		strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	memcpy(ret->name, name, len + 1);
	memcpy(&ret->crc, name + at, sizeof(ret->crc));
	return 0;
}

bool debuglink_fits(const struct debuglink *link, const void *image, size_t len)
{
	return link->name[0] && lzma_crc32(image, len, 0) == link->crc;
}

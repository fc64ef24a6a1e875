// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacking by liblzma, within bounds.
#include "debugdata.h"

#include "cleanup.h"
#include "object.h"

#include <lzma.h>

enum {
	MEMORY_MAX = 80 << 20, // for unpacking: a dictionary of 64 MiB, as of xz -9, fits
	ROOM_FIRST = 64 << 10,
};

// Unpacks what STREAM has been given, to its end.
static int unpack(lzma_stream *stream, size_t max, unsigned char **ret, size_t *ret_len)
{
	auto_free unsigned char *bytes = NULL;
	size_t room = 0;
	lzma_ret status = LZMA_OK;

	while (status == LZMA_OK) {
		if (stream->total_out == room) {
			if (room == max)
				return -EFBIG;
			size_t wanted = room ? 2 * room : ROOM_FIRST;
			room = wanted < max ? wanted : max;
			unsigned char *grown = realloc(bytes, room);
			if (!grown)
				return -ENOMEM;
			bytes = grown;
		}
		stream->next_out = bytes + stream->total_out;
		stream->avail_out = room - stream->total_out;
		status = lzma_code(stream, LZMA_FINISH);
	}
	if (status != LZMA_STREAM_END)
		return status == LZMA_MEM_ERROR        ? -ENOMEM
		       : status == LZMA_MEMLIMIT_ERROR ? -EFBIG
						       : -EINVAL;
	*ret_len = stream->total_out;
	*ret = take_ptr(bytes);
	return 0;
}

int debugdata_unpack(Elf *elf, size_t max, unsigned char **ret, size_t *ret_len)
{
	GElf_Shdr shdr;
	Elf_Scn *section = object_section(elf, ".gnu_debugdata", &shdr);
	lzma_stream stream = LZMA_STREAM_INIT;

	if (!section)
		return -ENOENT;
	const Elf_Data *data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return -EINVAL;
	if (lzma_stream_decoder(&stream, MEMORY_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	stream.next_in = data->d_buf;
	stream.avail_in = data->d_size;
	int r = unpack(&stream, max, ret, ret_len);
	lzma_end(&stream);
	return r;
}

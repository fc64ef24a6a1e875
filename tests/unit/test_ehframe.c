// SPDX-License-Identifier: GPL-2.0-or-later
// The table made of this program's .eh_frame is the one that the linker made of it.
#include "ehframe.h"
#include "unit.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

static Elf *elf;
static int elf_fd;

static void open_self(void)
{
	elf_version(EV_CURRENT);
	elf_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	elf = elf_begin(elf_fd, ELF_C_READ, NULL);
	check_true(elf != NULL);
}

static void close_self(void)
{
	elf_end(elf);
	elf = NULL;
	close(elf_fd);
	check_no_leak();
}

// Section NAME of this program: its address into *RET_ADDR, its bytes.
static Elf_Data *find_section(const char *name, uint64_t *ret_addr)
{
	size_t names;
	Elf_Scn *section = NULL;

	check_int(elf_getshdrstrndx(elf, &names), 0);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr shdr;
		check_true(gelf_getshdr(section, &shdr) != NULL);
		if (strcmp(elf_strptr(elf, names, shdr.sh_name), name) == 0) {
			*ret_addr = shdr.sh_addr;
			return elf_rawdata(section, NULL);
		}
	}
	cr_assert(false, "no section %s", name);
	return NULL;
}

static int make(Elf_Data *data, uint64_t addr, struct ehframe_row **rows, size_t *count)
{
	return ehframe_index(
		(const unsigned char *)elf_getident(elf, NULL), data, addr, rows, count);
}

Test(ehframe, equals_the_linkers_table, .init = open_self)
{
	uint64_t hdr_addr, addr;
	const Elf_Data *hdr = find_section(".eh_frame_hdr", &hdr_addr);
	Elf_Data *data = find_section(".eh_frame", &addr);
	struct ehframe_row *rows, linked;
	size_t count;
	uint32_t linked_count;

	check_int(make(data, addr, &rows, &count), 0);
	memcpy(&linked_count, (const char *)hdr->d_buf + 8, 4);
	check_int(count, linked_count);
	for (size_t i = 0; i < count; i++) {
		memcpy(&linked, (const char *)hdr->d_buf + 12 + 8 * i, sizeof(linked));
		check_u64(addr + (uint64_t)(int64_t)rows[i].start,
			hdr_addr + (uint64_t)(int64_t)linked.start);
		check_u64(addr + (uint64_t)(int64_t)rows[i].fde,
			hdr_addr + (uint64_t)(int64_t)linked.fde);
	}
	free(rows);
	close_self();
}

Test(ehframe, truncated_anywhere, .init = open_self)
{
	uint64_t addr;
	Elf_Data *data = find_section(".eh_frame", &addr);

	for (size_t len = 0; len < data->d_size; len++) {
		// A copy of its own size, so that a read past its end is seen by the sanitizer.
		Elf_Data part = *data;
		struct ehframe_row *rows = NULL;
		size_t count = 0;
		part.d_buf = malloc(len + 1);
		part.d_size = len;
		memcpy(part.d_buf, data->d_buf, len);
		int r = make(&part, addr, &rows, &count);
		check_true(r == 0 ? count > 0 : r == -ENOENT);
		free(rows);
		free(part.d_buf);
	}
	close_self();
}

Test(ehframe, each_byte_damaged, .init = open_self)
{
	uint64_t addr;
	Elf_Data *data = find_section(".eh_frame", &addr);
	unsigned char *bytes = malloc(data->d_size);
	Elf_Data copy = *data;

	memcpy(bytes, data->d_buf, data->d_size);
	copy.d_buf = bytes;
	for (size_t at = 0; at < data->d_size && at < 2000; at++) {
		static const unsigned char values[] = {0x00, 0x7f, 0xff};
		unsigned char saved = bytes[at];
		for (size_t v = 0; v < sizeof(values); v++) {
			struct ehframe_row *rows = NULL;
			size_t count = 0;
			bytes[at] = values[v];
			if (make(&copy, addr, &rows, &count) == 0)
				for (size_t i = 1; i < count; i++)
					check_true(rows[i - 1].start <= rows[i].start);
			free(rows);
		}
		bytes[at] = saved;
	}
	free(bytes);
	close_self();
}

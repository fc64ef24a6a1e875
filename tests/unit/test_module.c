// SPDX-License-Identifier: GPL-2.0-or-later
// ELF objects: this very program, and what is left of it when it is damaged.
#include "module.h"
#include "self_snapshot.h"

#include <sys/mman.h>
#include <sys/stat.h>

static unsigned char *image;
static size_t image_len;

// The first bytes of this program, up to 64 KiB, and its whole length in a file otherwise zero.
static void read_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	check_int(fstat(fd, &st), 0);
	image_len = (size_t)st.st_size;
	image = malloc(image_len);
	check_int(pread(fd, image, image_len, 0), image_len);
	close(fd);
}

// Opens LEN bytes of the image as a module, and closes it.
static struct module open_image(size_t len, struct snapshot_module *source)
{
	struct module module = {0};

	*source = (struct snapshot_module){.source = SNAPSHOT_SOURCE_MEMORY, .fd = -EBADF};
	source->image = image;
	source->image_len = len;
	module_open(&module, source);
	return module;
}

Test(module, this_program, .init = read_self)
{
	struct snapshot_module source;
	struct module module = open_image(image_len, &source);

	check_true(module.elf != NULL);
	check_str(module.note, "");
	check_true(module.eh_row_count > 10 && !module.eh_rows);
	check_true(module.build_id.len == 20);
	check_true(module.segment_count >= 2);

	struct snapshot_map map = {.executable = true};
	for (size_t i = 0; i < module.segment_count; i++)
		if (module.segments[i].executable)
			map.offset = module.segments[i].offset & ~UINT64_C(4095);
	map.start = UINT64_C(0x555500000000) + map.offset;
	map.end = map.start + 4096;
	uint64_t bias;
	check_int(module_bias(&module, &map, &bias), 0);
	map.offset = UINT64_C(1) << 40;
	check_int(module_bias(&module, &map, &bias), -ENOENT);
	module_fini(&module);
	free(image);
	check_no_leak();
}

Test(module, truncated_anywhere, .init = read_self)
{
	for (size_t len = 0; len < 4096 && len < image_len; len++) {
		struct snapshot_module source;
		struct module module = open_image(len, &source);
		check_true(module.elf || module.note[0]);
		module_fini(&module);
	}
	for (size_t len = 4096; len < image_len; len += 997) {
		struct snapshot_module source;
		struct module module = open_image(len, &source);
		module_fini(&module);
	}
}

Test(module, each_header_byte_damaged, .init = read_self)
{
	for (size_t at = 0; at < 1024 && at < image_len; at++) {
		static const unsigned char values[] = {0x00, 0x7f, 0x80, 0xff};
		for (size_t v = 0; v < sizeof(values); v++) {
			unsigned char saved = image[at];
			struct snapshot_module source;
			image[at] = values[v];
			struct module module = open_image(image_len, &source);
			check_true(module.elf || module.note[0]);
			module_fini(&module);
			image[at] = saved;
		}
	}
}

Test(module, reading_is_bounded, .init = read_self)
{
	struct snapshot_module source;
	struct module module = open_image(image_len, &source);
	char byte[8];

	check_int(module_read(&module, 0, byte, 4), 0);
	check_int(memcmp(byte, "\177ELF", 4), 0);
	check_int(module_read(&module, image_len - 8, byte, 8), 0);
	check_int(module_read(&module, image_len - 7, byte, 8), -EFAULT);
	check_int(module_read(&module, UINT64_MAX, byte, 8), -EFAULT);
	check_int(module_read(&module, UINT64_MAX - 3, byte, 8), -EFAULT);
	module_fini(&module);
}

Test(module, what_has_no_file_says_why)
{
	struct snapshot_module source = {.source = SNAPSHOT_SOURCE_NONE, .fd = -EBADF};
	struct module module = {0};

	strcpy(source.note, "gone");
	module_open(&module, &source);
	check_true(module.elf == NULL);
	check_str(module.note, "gone");
	module_fini(&module);
}

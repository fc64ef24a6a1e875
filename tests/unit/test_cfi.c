// SPDX-License-Identifier: GPL-2.0-or-later
// Rows out of call frame information: of this very program, and of what is left when it is damaged.
#include "cfi.h"

#include "self_snapshot.h"

#include <sys/stat.h>

static unsigned char *image;
static size_t image_len;
static struct snapshot_module source;
static struct module module;
static struct cfi cfi;

static void open_image(void)
{
	source = (struct snapshot_module){.source = SNAPSHOT_SOURCE_MEMORY, .fd = -EBADF};
	source.image = image;
	source.image_len = image_len;
	module = (struct module){0};
	module_open(&module, &source);
	cfi = (struct cfi){0};
}

static void close_image(void)
{
	cfi_fini(&cfi);
	module_fini(&module);
}

static void read_self(void)
{
	auto_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	check_int(fstat(fd, &st), 0);
	image_len = (size_t)st.st_size;
	image = malloc(image_len);
	for (size_t done = 0; done < image_len;) {
		ssize_t n = pread(fd, image + done, image_len - done, (off_t)done);
		check_true(n > 0);
		done += (size_t)n;
	}
}

// The ELF virtual address of this program's function FUNCTION.
static uint64_t vaddr_of(const void *function)
{
	struct snapshot snapshot = {0};
	uint64_t addr = (uint64_t)(uintptr_t)function, bias = 0;

	self_maps(&snapshot);
	const struct snapshot_map *map = snapshot_find_map(&snapshot, addr);
	check_int(module_bias(&module, map, &bias), 0);
	snapshot_fini(&snapshot);
	return addr - bias;
}

Test(cfi, a_function_at_its_first_instruction)
{
	struct row row;
	bool debug;

	read_self();
	open_image();
	check_int(
		cfi_find(&cfi, &module, vaddr_of((const void *)read_self), &row, &debug), CFI_ROW);
	check_true(!debug);
#if defined(__x86_64__)
	check_int(row.cfa_reg, ARCH_REG_SP);
	check_int(row.cfa_offset, 8);
	check_int(row.pc.kind, ROW_RULE_AT_CFA);
	check_int(row.pc.offset, -8);
#endif
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++)
		check_int(row.saved[i].kind, ROW_RULE_SAME);
	check_int(cfi_find(&cfi, &module, module.entry, &row, &debug), CFI_END);
	check_int(cfi_find(&cfi, &module, UINT64_MAX, &row, &debug), CFI_NONE);
	check_int(cfi_find(&cfi, &module, 0, &row, &debug), CFI_NONE);
	close_image();
	free(image);
}

// Bytes of the search table and of what follows it, again and again.
Test(cfi, damaged)
{
	struct row row;
	bool debug;

	read_self();
	open_image();
	uint64_t from = vaddr_of((const void *)open_image);
	uint64_t at = module.eh_base - module.segments[0].vaddr; // .eh_frame_hdr, then .eh_frame
	close_image();
	check_true(at < image_len);
	srandom(4);
	for (int round = 0; round < 300; round++) {
		enum { DAMAGES = 12 };
		size_t places[DAMAGES];
		unsigned char saved[DAMAGES];
		for (int i = 0; i < DAMAGES; i++) {
			places[i] = at + (size_t)random() % (i < 2 ? 64 : 8192);
			places[i] %= image_len;
			saved[i] = image[places[i]];
			image[places[i]] = (unsigned char)(random() % 3 ? random() : 0xff);
		}
		open_image();
		for (uint64_t pc = from - 2048; pc < from + 2048; pc += 64)
			check_true(cfi_find(&cfi, &module, pc, &row, &debug) <= CFI_COMPLEX);
		close_image();
		for (int i = DAMAGES; i-- > 0;)
			image[places[i]] = saved[i];
	}
	free(image);
}

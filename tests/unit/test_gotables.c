// SPDX-License-Identifier: GPL-2.0-or-later
// Two independent accounts of the same code: Go's function table, and the .debug_frame that Go's
// linker writes. Of the Go program that NSPEEK_GO_PROGRAM names (stack_go_tables.sh builds it),
// whole, without section headers, and damaged.
#include "cfi.h"
#include "gostep.h"

#include "cleanup.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVERY = 3, FUNCTIONS_MIN = 1000, ROUNDS = 400, DAMAGES = 6 };

static unsigned char *image;
static size_t image_len;
static struct snapshot snapshot;
static struct snapshot_module source;
static struct space space;

static void read_program(void)
{
	const char *path = getenv("NSPEEK_GO_PROGRAM");
	auto_fd int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;
	struct stat st;

	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "NSPEEK_GO_PROGRAM names no file");
	image_len = (size_t)st.st_size;
	image = malloc(image_len);
	for (size_t done = 0; done < image_len;) {
		ssize_t n = pread(fd, image + done, image_len - done, (off_t)done);
		check_true(n > 0);
		done += (size_t)n;
	}
}

static const struct module *open_image(void)
{
	source = (struct snapshot_module){.source = SNAPSHOT_SOURCE_MEMORY, .fd = -EBADF};
	source.image = image;
	source.image_len = image_len;
	snapshot = (struct snapshot){.modules = &source, .module_count = 1};
	check_int(space_init(&space, &snapshot), 0);
	return space_module(&space, 0);
}

static void close_image(void)
{
	space_fini(&space);
}

// Compares all of FUNCTION. Returns how many places were.
static unsigned long compare_function(
	struct cfi *cfi, const struct module *module, const struct gopclntab_function *function)
{
	unsigned long compared = 0;

	for (uint64_t pc = function->start; pc < function->end; pc += EVERY) {
		struct row truth;
		bool debug;
		int32_t depth;
		if (cfi_find(cfi, module, pc, &truth, &debug) != CFI_ROW || !debug ||
			!gopclntab_depth(&module->gopclntab, function, pc, &depth))
			continue;
		compared++;
		check_int(truth.cfa_reg, ARCH_REG_SP);
		cr_assert(truth.cfa_offset == depth + 8, "%s+%#llx: the CFA is %d or %d away",
			function->name, (unsigned long long)(pc - function->start),
			truth.cfa_offset, depth + 8);
	}
	return compared;
}

Test(gotables, agree_with_debug_frame, .timeout = 100)
{
	struct gopclntab_function function;
	unsigned long functions = 0, compared = 0, possible = 0;
	struct cfi cfi = {0};

	read_program();
	const struct module *module = open_image();
	check_true(module->gopclntab.form != GOPCLNTAB_NONE);
	uint64_t start = module->gopclntab.text;
	for (; functions < module->gopclntab.count; functions++, start = function.end) {
		check_true(gopclntab_find(&module->gopclntab, start, &function));
		check_u64(function.start, start);
		compared += compare_function(&cfi, module, &function);
		possible += (function.end - function.start) / EVERY;
	}
	check_false(gopclntab_find(&module->gopclntab, start, &function));
	printf("%lu functions, %lu of %lu places agree\n", functions, compared, possible);
	check_true(functions > FUNCTIONS_MIN);
	check_true(compared > possible / 10 * 9);
	cfi_fini(&cfi);
	close_image();
	free(image);
}

static void set_number(size_t at, size_t len)
{
	memset(image + at, 0, len);
}

Test(gotables, without_section_headers)
{
	read_program();
	struct gopclntab with = open_image()->gopclntab;
	close_image();
	set_number(offsetof(Elf64_Ehdr, e_shoff), sizeof(((Elf64_Ehdr *)0)->e_shoff));
	set_number(offsetof(Elf64_Ehdr, e_shnum), sizeof(((Elf64_Ehdr *)0)->e_shnum));
	set_number(offsetof(Elf64_Ehdr, e_shstrndx), sizeof(((Elf64_Ehdr *)0)->e_shstrndx));
	struct gopclntab without = open_image()->gopclntab;
	check_int(without.form, with.form);
	check_u64(without.count, with.count);
	check_u64(without.text, with.text);
	close_image();
	free(image);
	check_no_leak();
}

// Looks at places all over a table, all of which may be damaged.
static void look_around(const struct module *module)
{
	const struct gopclntab *table = &module->gopclntab;
	struct gopclntab_function function;
	struct gostep step;
	int32_t depth;

	for (int i = 0; i < 200; i++) {
		uint64_t vaddr = table->text + (uint64_t)random() % (1 << 20);
		struct location at = {.module = 0, .vaddr = vaddr};
		if (gopclntab_find(table, vaddr, &function) &&
			gopclntab_depth(table, &function, vaddr, &depth))
			check_true(strlen(function.name) < GOPCLNTAB_NAME_MAX);
		gostep_find(&space, &at, i % 2, &step);
	}
}

Test(gotables, damaged, .timeout = 100)
{
	size_t places[DAMAGES];
	unsigned char saved[DAMAGES];
	unsigned taken = 0;

	read_program();
	const struct module *module = open_image();
	size_t at = (size_t)(module->gopclntab.bytes - image), len = module->gopclntab.len;
	close_image();
	check_true(at < image_len && len <= image_len - at);
	srandom(11);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < DAMAGES; i++) {
			size_t room = i == 0 && round % 4 == 0 ? 72 : len; // the header, too
			places[i] = at + (size_t)random() % room;
			saved[i] = image[places[i]];
			image[places[i]] = (unsigned char)(random() % 2 ? random() : 0xff);
		}
		module = open_image();
		taken += module->gopclntab.form != GOPCLNTAB_NONE;
		look_around(module);
		close_image();
		for (int i = DAMAGES; i-- > 0;)
			image[places[i]] = saved[i];
	}
	check_true(taken > ROUNDS / 2);
	free(image);
	check_no_leak();
}

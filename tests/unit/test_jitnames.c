// SPDX-License-Identifier: GPL-2.0-or-later
// Which name code has that was made at run time, and where compilers write it down.
#include "arch.h"
#include "cleanup.h"
#include "jitdump.h"
#include "jitfiles.h"
#include "perfmap.h"
#include "unit.h"

#include <sys/mman.h>

static char dump_path[] = "/tmp/jit-7.dump", other_path[] = "/bin/true";
static struct jitnames names;

static void check_name(uint64_t addr, const char *expected)
{
	const struct jitname *name = jitnames_find(&names, addr);

	cr_assert(!name == !expected, "%#llx: %s", (unsigned long long)addr,
		name ? "it has a name" : "no name");
	if (name)
		check_bytes(name->text, name->len, expected);
}

static void read_map(const char *text)
{
	jitnames_fini(&names);
	perfmap_read(&names, text, strlen(text));
	jitnames_seal(&names);
}

Test(jitnames, lines_in_any_order)
{
	read_map("2000 100 second\n1000 80 first with spaces\n0x3000 0x10 third\n");
	check_name(0xfff, NULL);
	check_name(0x1000, "first with spaces");
	check_name(0x107f, "first with spaces");
	check_name(0x1080, NULL);
	check_name(0x2000, "second");
	check_name(0x300f, "third");
	check_name(UINT64_MAX, NULL);
	jitnames_fini(&names);
	check_no_leak();
}

Test(jitnames, lines_that_are_none)
{
	read_map(
		"\n1000\n1000 80\nzz 80 f\n1000 zz f\n1000 80 \n1000 0 empty\n"
		"fffffffffffffff0 20 wraps\n11111111111111111 8 long\n4000 8 good\n5000 8 not yet");
	check_int(names.count, 1);
	check_name(0x4000, "good");
	check_name(0x5000, NULL);
	read_map("");
	check_name(0, NULL);
	jitnames_fini(&names);
}

// What is written down later was made later, in memory that had become free.
Test(jitnames, memory_that_is_used_again)
{
	read_map("1000 100 old\n1000 100 new\n");
	check_name(0x1000, "new");
	read_map("1000 100 old\n1080 100 new\n");
	check_name(0x1000, NULL);
	check_name(0x107f, NULL);
	check_name(0x1080, "new");
	check_name(0x117f, "new");
	read_map("1000 100 old\n1040 8 new\n");
	check_name(0x1000, NULL);
	check_name(0x1040, "new");
	check_name(0x1048, NULL);
	read_map("1040 8 old\n1000 100 new\n");
	check_name(0x1040, "new");
	check_name(0x1000, "new");
	jitnames_fini(&names);
}

// So many pieces over each other as nobody makes cost no time: there is no name then.
Test(jitnames, a_heap_of_overlaps)
{
	for (uint64_t i = 0; i < 100000; i++)
		jitnames_add(&names, 0x1000 + i, 1 << 20, "f", 1);
	jitnames_seal(&names);
	for (uint64_t i = 0; i < 100000; i++)
		jitnames_find(&names, 0x1000 + i);
	check_name(0x1000 + 99999, NULL);
	jitnames_fini(&names);
}

Test(jitnames, too_many)
{
	for (uint64_t i = 0; i <= JITNAMES_MAX; i++)
		jitnames_add(&names, i * 16, 16, "f", 1);
	check_true(names.broken);
	jitnames_add(&names, 0, 16, "f", 1);
	jitnames_seal(&names);
	check_name(0, NULL);
	check_no_leak();
}

static unsigned char dump[4096];
static size_t dump_len;

static void put(size_t at, uint64_t value, size_t width)
{
	memcpy(dump + at, &value, width);
}

static void begin_dump(void)
{
	memset(dump, 0, sizeof(dump));
	put(0, 0x4a695444, 4);
	put(4, 1, 4);
	put(8, 40, 4);
	put(12, ARCH_ELF_MACHINE, 4);
	dump_len = 40;
}

static void add_record(uint32_t id, uint32_t total)
{
	put(dump_len, id, 4);
	put(dump_len + 4, total, 4);
	dump_len += total;
}

static void add_load(uint64_t addr, uint64_t len, uint64_t index, const char *name)
{
	size_t at = dump_len;

	add_record(0, (uint32_t)(56 + strlen(name) + 1 + 4));
	put(at + 24, addr, 8);
	put(at + 32, addr, 8);
	put(at + 40, len, 8);
	put(at + 48, index, 8);
	memcpy(dump + at + 56, name, strlen(name) + 1);
}

static void add_move(uint64_t from, uint64_t to, uint64_t len, uint64_t index)
{
	size_t at = dump_len;

	add_record(1, 64);
	put(at + 24, to, 8);
	put(at + 32, from, 8);
	put(at + 40, to, 8);
	put(at + 48, len, 8);
	put(at + 56, index, 8);
}

static void read_dump(size_t len)
{
	jitnames_fini(&names);
	jitdump_read(&names, dump, len);
	jitnames_seal(&names);
}

Test(jitnames, records_of_a_dump)
{
	begin_dump();
	add_load(0x1000, 0x40, 1, "one");
	add_record(2, 24); // debug info
	add_load(0x2000, 0x40, 700, "two");
	add_move(0x1000, 0x3000, 0x40, 1);
	add_load(0x1020, 0x40, 3, "three");
	add_move(0x2000, 0x5000, 0x40, 99); // of a piece that is not known
	read_dump(dump_len);
	check_name(0x3000, "one");
	check_name(0x1000, NULL);
	check_name(0x1020, "three");
	check_name(0x2000, "two");
	check_name(0x5000, NULL);
	read_dump(dump_len - 1);
	check_name(0x3000, "one");
	for (size_t len = 0; len <= dump_len; len++)
		read_dump(len);
	jitnames_fini(&names);
	check_no_leak();
}

Test(jitnames, dumps_that_are_none)
{
	begin_dump();
	add_load(0x1000, 0x40, UINT64_MAX, "one");
	size_t name_at = dump_len - 8;
	read_dump(dump_len);
	check_name(0x1000, "one");
	memset(dump + name_at, 'x', 8); // it does not end
	read_dump(dump_len);
	check_name(0x1000, NULL);
	put(44, 15, 4); // a record shorter than its head
	read_dump(dump_len);
	put(44, 0xfffffff0, 4);
	read_dump(dump_len);
	check_int(names.count, 0);
	put(8, 0xffffffff, 4);
	read_dump(dump_len);
	check_int(names.count, 0);
	put(12, EM_NONE + 1, 4);
	check_false(jitdump_is(dump, dump_len));
	jitnames_fini(&names);
}

static int make_file(const void *bytes, size_t len)
{
	int fd = memfd_create("names", MFD_CLOEXEC);

	check_int(write(fd, bytes, len), len);
	return fd;
}

Test(jitnames, files)
{
	begin_dump();
	add_load(0x1000, 0x40, 1, "one");
	struct snapshot_module modules[] = {{.path = dump_path, .fd = -EBADF},
		{.path = dump_path, .fd = make_file("", 0)},
		{.path = other_path, .fd = make_file(dump, dump_len)},
		{.path = dump_path, .fd = make_file(dump, dump_len)}};
	struct snapshot snapshot = {.modules = modules, .module_count = 3};

	check_false(jitfiles_add_dumps(&names, &snapshot));
	snapshot.module_count = 4;
	check_true(jitfiles_add_dumps(&names, &snapshot));
	check_int(names.count, 1);
	auto_fd int map = make_file("2000 8 f\n", 9);
	check_true(jitfiles_add_perfmap(&names, map));
	check_int(names.count, 2);
	check_false(jitfiles_add_perfmap(&names, modules[1].fd));
	check_false(jitfiles_add_perfmap(&names, -EBADF));
	for (size_t i = 1; i < 4; i++)
		close_fd(&modules[i].fd);
	jitnames_fini(&names);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Which modules are the same as one that is kept.
#include "shelf.h"

#include "cleanup.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/lib/one";
static unsigned char image[] = "bytes";

static struct snapshot_module of_file(int fd)
{
	return (struct snapshot_module){
		.path = path, .source = SNAPSHOT_SOURCE_MAP_FILES, .fd = fd};
}

static struct snapshot_module of_bytes(size_t len)
{
	return (struct snapshot_module){.path = path,
		.source = SNAPSHOT_SOURCE_MEMORY,
		.fd = -EBADF,
		.image = image,
		.image_len = len};
}

static struct module *take(struct shelf *shelf, struct snapshot_module source)
{
	struct module *module = shelf_take(shelf, &source);

	check_true(module != NULL);
	check_true(module->source != NULL);
	check_true(module->source->path != source.path);
	check_str(module->source->path, source.path);
	return module;
}

Test(shelf, the_same_file_is_one_module)
{
	auto_fd int file = memfd_create("one", MFD_CLOEXEC);
	struct shelf shelf;

	check_int(shelf_init(&shelf, shelf_most()), 0);
	struct module *first = take(&shelf, of_file(dup(file)));
	int second_fd = dup(file);
	check_true(take(&shelf, of_file(second_fd)) == first);
	check_int(fcntl(second_fd, F_GETFD), -1); // closed: the first one serves
	check_true(fcntl(first->source->fd, F_GETFD) >= 0);
	check_int(shelf.count, 1);

	// It has changed in place.
	check_int(ftruncate(file, 7), 0);
	check_true(take(&shelf, of_file(dup(file))) != first);
	// The same inode by another name.
	struct snapshot_module named = of_file(dup(file));
	named.path = (char[]){"/lib/two"};
	take(&shelf, named);
	// Another file.
	take(&shelf, of_file(memfd_create("two", MFD_CLOEXEC)));
	check_int(shelf.count, 4);
	int kept = first->source->fd;
	shelf_fini(&shelf);
	check_int(fcntl(kept, F_GETFD), -1);
	check_no_leak();
}

Test(shelf, without_a_file_the_bytes_tell)
{
	struct shelf shelf;

	check_int(shelf_init(&shelf, shelf_most()), 0);
	struct module *first = take(&shelf, of_bytes(sizeof(image)));
	check_true(first->source->image != image);
	check_true(take(&shelf, of_bytes(sizeof(image))) == first);
	check_true(take(&shelf, of_bytes(sizeof(image) - 1)) != first);
	image[0] ^= 1;
	check_true(take(&shelf, of_bytes(sizeof(image))) != first);
	image[0] ^= 1;

	// What could not be opened is told apart by the reason.
	struct snapshot_module none = {.path = path, .fd = -EBADF, .note = "why"};
	struct module *without = take(&shelf, none);
	check_true(take(&shelf, none) == without);
	none.note[0] = 'W';
	check_true(take(&shelf, none) != without);
	shelf_fini(&shelf);
	check_no_leak();
}

static unsigned released;

static void release(void *part)
{
	released += *(int *)part == 7;
}

Test(shelf, what_is_found_out_is_kept_and_released_with_it)
{
	struct shelf shelf;

	check_int(shelf_init(&shelf, shelf_most()), 0);
	int *part = module_part(
		take(&shelf, of_bytes(sizeof(image))), MODULE_NAMES, sizeof(*part), release);
	check_int(*part, 0);
	*part = 7;
	part = module_part(
		take(&shelf, of_bytes(sizeof(image))), MODULE_NAMES, sizeof(*part), release);
	check_int(*part, 7);
	check_int(released, 0);
	shelf_fini(&shelf);
	check_int(released, 1);
	check_no_leak();
}

Test(shelf, many_modules)
{
	enum { COUNT = 1000 };
	static struct module *modules[COUNT];
	static char paths[COUNT][16];
	struct shelf shelf;

	check_int(shelf_init(&shelf, shelf_most()), 0);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < COUNT; i++) {
			struct snapshot_module source = of_bytes(sizeof(image));
			snprintf(paths[i], sizeof(paths[i]), "/lib/%d", i);
			source.path = paths[i];
			struct module *module = take(&shelf, source);
			check_true(round == 0 || module == modules[i]);
			modules[i] = module;
		}
	check_int(shelf.count, COUNT);
	shelf_fini(&shelf);
	check_no_leak();
}

// Files are not kept that leave no fd for others, nor is what is beside modules that leaves no
// memory.
Test(shelf, room_is_made)
{
	const struct rlimit limit = {64, 64};
	struct shelf shelf;

	check_int(shelf_init(&shelf, shelf_most()), 0);
	take(&shelf, of_bytes(sizeof(image)));
	check_int(shelf_make_room(&shelf, 100), 0);
	check_int(shelf.count, 1);
	check_int(shelf_make_room(&shelf, SHELF_MODULES_MAX), 0);
	check_int(shelf.count, 0);
	shelf_fini(&shelf);
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_int(shelf_init(&shelf, shelf_most()), 0);
	take(&shelf, of_bytes(sizeof(image)));
	check_int(shelf_make_room(&shelf, 31), 0);
	check_int(shelf.count, 1);
	check_int(shelf_make_room(&shelf, 32), 0);
	check_int(shelf.count, 0);
	take(&shelf, of_bytes(sizeof(image)));
	shelf.budget = EXTRA_BUDGET / 2 - 1;
	check_int(shelf_make_room(&shelf, 1), 0);
	check_int(shelf.count, 0);
	check_u64(shelf.budget, EXTRA_BUDGET);
	shelf_fini(&shelf);
	check_no_leak();
}

Test(shelf, a_whole_snapshot)
{
	auto_fd int file = memfd_create("one", MFD_CLOEXEC);
	struct snapshot_module modules[2] = {of_file(dup(file)), of_file(dup(file))};
	struct snapshot snapshot = {.modules = modules, .module_count = 2};
	struct module **taken = NULL;
	struct shelf shelf;

	check_int(shelf_init(&shelf, shelf_most()), 0);
	check_int(shelf_take_all(&shelf, &snapshot, &taken), 0);
	check_true(taken[0] == taken[1]);
	check_int(modules[1].fd, modules[0].fd);
	free(taken);
	shelf_fini(&shelf);
	check_no_leak();
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Asking for files beside debug information, and recognizing them.
#include "beside.h"

#include "cleanup.h"
#include "object.h"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <limits.h>
#include <stdio.h>

enum { PLACES_MAX = 64 }; // where a file is looked for

struct beside_file {
	struct beside_file *next;
	int fd;
	Elf *elf;
	struct dbg_file file;
};

static void file_free(struct beside_file *file)
{
	dbg_file_fini(&file->file);
	elf_end(file->elf);
	close_fd(&file->fd);
	free(file);
}

// True when ELF is an ELF file of this machine, and not cut off before its sections are listed.
static bool is_usable(Elf *elf)
{
	GElf_Shdr shdr;

	return object_is_native(elf) && gelf_getshdr(elf_getscn(elf, 1), &shdr);
}

// Opens what is asked for, at *PLACE or a later one. Returns it, or NULL when there is none; *OTHER
// is set then if there was one, but it is no ELF file that can be used.
static struct beside_file *ask(struct beside *beside, enum wire_request_kind kind, const char *name,
	const struct buildid *id, unsigned *place, bool *other)
{
	const struct positions *positions = beside->positions;
	const struct buildid none = {0};
	bool unusable = false;

	for (; *place < PLACES_MAX; ++*place) {
		auto_fd int fd = positions->open_file(positions->open_file_arg, beside->index, kind,
			name, id ? id : &none, place);
		struct beside_file *file = fd < 0 ? NULL : calloc(1, sizeof(*file));
		if (!file) {
			*other |= unusable || fd == -EINVAL;
			return NULL;
		}
		file->fd = take_fd(&fd);
		file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
		if (is_usable(file->elf))
			return file;
		file_free(file);
		unusable = true;
	}
	*other |= unusable;
	return NULL;
}

// Keeps FILE, whose debug sections are those of split units if IS_SPLIT.
static struct dbg_file *keep(struct beside *beside, struct beside_file *file, bool is_split)
{
	dbg_file_init(&file->file, file->elf, is_split, beside->limits);
	file->next = beside->files;
	beside->files = file;
	return &file->file;
}

// Finds the unit that SKELETON stands for in the package of the module, if there is one.
static bool find_packed(
	struct beside *beside, const struct dbg_unit *skeleton, struct dbg_unit *ret)
{
	struct dbg_part part;
	unsigned place = 0;

	if (!beside->package_sought) {
		beside->package_sought = true;
		beside->package = ask(
			beside, WIRE_REQUEST_PACKAGE, "", NULL, &place, &beside->package_is_other);
		if (beside->package)
			keep(beside, beside->package, true);
	}
	return beside->package && dbg_package_find(&beside->package->file, skeleton->id, &part) &&
	       dbg_unit_read(&beside->package->file, part.info, &part, skeleton, ret) &&
	       (!ret->has_id || ret->id == skeleton->id);
}

// The path of the file that SKELETON names, absolute, into PATH. Returns false when it names none.
static bool name_split(const struct dbg_unit *skeleton, char *path, size_t size)
{
	const char *name = dbg_value_string(skeleton, &skeleton->values[DBG_DWO_NAME]);
	const char *directory = dbg_value_string(skeleton, &skeleton->values[DBG_DIRECTORY]);

	if (!name)
		return false;
	bool is_whole = name[0] == '/';
	if (!is_whole && !directory)
		return false;
	int len = snprintf(
		path, size, "%s%s%s", is_whole ? "" : directory, is_whole ? "" : "/", name);
	return len > 0 && (size_t)len < size;
}

// The unit of FILE that SKELETON stands for.
static bool find_unit(struct dbg_file *file, const struct dbg_unit *skeleton, struct dbg_unit *ret)
{
	uint64_t at;

	// Asked for the last byte, it lists them all.
	if (dbg_section(file, DBG_INFO).len == 0 ||
		!dbg_file_unit_of(file, dbg_section(file, DBG_INFO).len - 1, &at))
		return false;
	for (size_t i = 0; i < file->unit_count; i++)
		if (dbg_unit_read(file, file->units[i], NULL, skeleton, ret) && ret->has_id &&
			ret->id == skeleton->id)
			return true;
	return false;
}

// Finds the unit that SKELETON stands for in a file of its own. Sets *OTHER as ask() does.
static bool find_alone(
	struct beside *beside, const struct dbg_unit *skeleton, bool *other, struct dbg_unit *ret)
{
	char path[WIRE_TEXT_MAX];
	unsigned place = 0;

	if (!name_split(skeleton, path, sizeof(path)))
		return false;
	struct beside_file *file = ask(beside, WIRE_REQUEST_SPLIT, path, NULL, &place, other);
	return file && find_unit(keep(beside, file, true), skeleton, ret);
}

bool beside_split(struct beside *beside, const struct dbg_unit *skeleton, struct dbg_unit *ret)
{
	bool other = false;

	if (find_packed(beside, skeleton, ret) || find_alone(beside, skeleton, &other, ret))
		return true;
	dbg_trouble(beside->limits, other || beside->package_is_other ? DBG_OTHER : DBG_NO_SPLIT);
	return false;
}

static bool has_id(Elf *elf, const struct buildid *id)
{
	const void *bytes;
	ssize_t len = dwelf_elf_gnu_build_id(elf, &bytes);

	return len > 0 && (size_t)len == id->len && memcmp(bytes, id->bytes, id->len) == 0;
}

struct dbg_file *beside_alt(void *arg, struct dbg_file *of)
{
	struct beside *beside = arg;
	const char *name;
	struct buildid id;
	bool other = false;

	if (!dbg_alt_link(of->elf, &name, &id))
		return NULL;
	for (unsigned place = 0; place < PLACES_MAX; place++) {
		struct beside_file *file = ask(beside, WIRE_REQUEST_ALT, name, &id, &place, &other);
		if (!file)
			break;
		if (has_id(file->elf, &id))
			return keep(beside, file, false);
		file_free(file);
	}
	if (other)
		dbg_trouble(beside->limits, DBG_OTHER);
	return NULL;
}

void beside_fini(struct beside *beside)
{
	while (beside->files) {
		struct beside_file *file = beside->files;
		beside->files = file->next;
		file_free(file);
	}
}

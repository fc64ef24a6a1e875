// SPDX-License-Identifier: GPL-2.0-or-later
// Sections of debug information.
#include "dbgfile.h"

#include "cleanup.h"
#include "object.h"
#include "packed.h"

#include <limits.h>

enum {
	SECTIONS_MAX = 1 << 16, // looked at
	UNITS_MAX = 1 << 22,    // of one file
	STRING_STEP = 64,       // bytes of a string that are a step
};

static const char *const names[DBG_SECTION_COUNT] = {
	[DBG_INFO] = "info",
	[DBG_ABBREV] = "abbrev",
	[DBG_LINE] = "line",
	[DBG_STR] = "str",
	[DBG_LINE_STR] = "line_str",
	[DBG_STR_OFFSETS] = "str_offsets",
	[DBG_ADDR] = "addr",
	[DBG_RANGES] = "ranges",
	[DBG_RNGLISTS] = "rnglists",
	[DBG_ARANGES] = "aranges",
	[DBG_CU_INDEX] = "cu_index",
};

void dbg_trouble(struct dbg_limits *limits, enum dbg_trouble trouble)
{
	if (trouble > limits->trouble)
		limits->trouble = trouble;
}

// Which section NAME is, or DBG_SECTION_COUNT. *RET_OLD: compressed as .zdebug_ is.
static enum dbg_section section_of(const char *name, bool is_split, bool *ret_old)
{
	size_t len = strlen(name);
	bool has_end = len > 4 && strcmp(name + len - 4, ".dwo") == 0;
	bool is_index = strcmp(name, ".debug_cu_index") == 0;
	int section = 0;

	*ret_old = strncmp(name, ".zdebug_", 8) == 0;
	if (!*ret_old && strncmp(name, ".debug_", 7) != 0)
		return DBG_SECTION_COUNT;
	// A package's index has no such ending.
	if (is_index ? !is_split : has_end != is_split)
		return DBG_SECTION_COUNT;
	name += *ret_old ? 8 : 7;
	len = strlen(name) - (has_end ? 4 : 0);
	while (section < DBG_SECTION_COUNT &&
		(strncmp(names[section], name, len) != 0 || names[section][len] != '\0'))
		section++;
	return (enum dbg_section)section;
}

// Unpacks FROM, whose head is HEAD, as SECTION of FILE.
static void unpack(struct dbg_file *file, enum dbg_section section, struct dbg_bytes from,
	const struct packed_head *head)
{
	struct dbg_limits *limits = file->limits;
	size_t *budget = limits->unpack_budget;
	size_t len = head->len;
	bool fits = len <= limits->unpack_most && len <= *budget;
	unsigned char *to = fits && len > 0 ? malloc(len) : NULL;

	if (!to) {
		dbg_trouble(limits, len == 0                    ? DBG_FINE
				    : len > limits->unpack_most ? DBG_LEFT
								: DBG_TOO_LARGE);
		return;
	}
	*budget -= len;
	limits->unpack_most -= len;
	if (!packed_unpack(head, from.at, from.len, to)) {
		free(to);
		dbg_trouble(limits, DBG_BROKEN);
		return;
	}
	file->packed[section].unpacked = to;
	file->sections[section] = (struct dbg_bytes){to, len};
}

static struct packed_head read_head(const struct dbg_packed *packed)
{
	const struct packed_head none = {0};

	return packed->compressed || packed->old
		       ? packed_read_head(packed->bytes.at, packed->bytes.len, packed->old)
		       : none;
}

struct dbg_bytes dbg_section(struct dbg_file *file, enum dbg_section section)
{
	struct dbg_packed *packed = &file->packed[section];

	if (packed->looked)
		return file->sections[section];
	packed->looked = true;
	if (!packed->compressed && !packed->old) {
		file->sections[section] = packed->bytes;
		return packed->bytes;
	}
	struct packed_head head = read_head(packed);
	if (head.method != PACKED_UNKNOWN)
		unpack(file, section, packed->bytes, &head);
	else
		dbg_trouble(file->limits, DBG_PACKED);
	return file->sections[section];
}

// Calls TAKE for each section of ELF that has bytes in the file, until it returns false.
static void each_section(Elf *elf,
	bool (*take)(void *arg, const char *name, const GElf_Shdr *shdr, Elf_Scn *section),
	void *arg)
{
	size_t strings, count = 0;
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;

	if (!elf || elf_getshdrstrndx(elf, &strings) < 0)
		return;
	while ((section = elf_nextscn(elf, section)) && count++ < SECTIONS_MAX) {
		if (!gelf_getshdr(section, &shdr) || shdr.sh_type == SHT_NOBITS)
			continue;
		const char *name = elf_strptr(elf, strings, shdr.sh_name);
		if (name && !take(arg, name, &shdr, section))
			return;
	}
}

static struct dbg_packed packed_of(const Elf_Data *data, const GElf_Shdr *shdr, bool is_old)
{
	bool compressed = (shdr->sh_flags & SHF_COMPRESSED) != 0;

	return (struct dbg_packed){.bytes = {data->d_buf, data->d_size},
		.compressed = compressed,
		.old = is_old && !compressed};
}

static bool take_section(void *arg, const char *name, const GElf_Shdr *shdr, Elf_Scn *elf_section)
{
	struct dbg_file *file = arg;
	bool is_old;
	enum dbg_section section = section_of(name, file->is_split, &is_old);

	if (section == DBG_SECTION_COUNT || file->packed[section].bytes.at)
		return true;
	const Elf_Data *data = elf_rawdata(elf_section, NULL);
	if (!data || !data->d_buf)
		return true;
	file->packed[section] = packed_of(data, shdr, is_old);
	return true;
}

void dbg_file_init(struct dbg_file *ret, Elf *elf, bool is_split, struct dbg_limits *limits)
{
	*ret = (struct dbg_file){.limits = limits, .elf = elf, .is_split = is_split};
	each_section(elf, take_section, ret);
}

void dbg_file_fini(struct dbg_file *file)
{
	for (int i = 0; i < DBG_SECTION_COUNT; i++)
		free(file->packed[i].unpacked);
	free(file->units);
	memset(file, 0, sizeof(*file));
}

struct info_search {
	uint64_t most;
	bool found;
};

static bool take_info(void *arg, const char *name, const GElf_Shdr *shdr, Elf_Scn *section)
{
	struct info_search *search = arg;
	uint32_t first = 0;
	bool is_old;

	if (section_of(name, false, &is_old) != DBG_INFO)
		return true;
	const Elf_Data *data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf)
		return true;
	struct dbg_packed packed = packed_of(data, shdr, is_old);
	// Neither a unit nor a head begins with four zeros.
	if (packed.bytes.len >= sizeof(first))
		memcpy(&first, packed.bytes.at, sizeof(first));
	search->found = first != 0 && read_head(&packed).len <= search->most;
	return !search->found;
}

bool dbg_is_in(Elf *elf, uint64_t most)
{
	struct info_search search = {.most = most};

	each_section(elf, take_info, &search);
	return search.found;
}

void dbg_section_broken(struct dbg_file *file, enum dbg_section section)
{
	if (dbg_section(file, section).len > 0)
		dbg_trouble(file->limits, DBG_BROKEN);
}

const char *dbg_file_string(struct dbg_file *file, enum dbg_section section, uint64_t offset)
{
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(file, section), offset);
	const char *string = dbg_string(&cursor);
	size_t len = string ? strlen(string) : 0;

	if (!string)
		dbg_section_broken(file, section);
	return string && dbg_step(file->limits, (uint32_t)(len / STRING_STEP)) ? string : NULL;
}

// Lists where the units of FILE begin, up to the first that cannot be.
static void list_units(struct dbg_file *file)
{
	struct dbg_cursor cursor = dbg_cursor_at(dbg_section(file, DBG_INFO), 0);
	size_t capacity = 0;

	file->units_known = true;
	while (!cursor.failed && cursor.at < cursor.end && dbg_step(file->limits, 1)) {
		uint64_t offset = (uint64_t)(cursor.at - dbg_section(file, DBG_INFO).at);
		uint8_t offset_len;
		if (file->unit_count == capacity) {
			capacity = 2 * capacity + 256;
			uint64_t *grown = reallocarray(file->units, capacity, sizeof(*grown));
			if (!grown || capacity > UNITS_MAX) {
				file->units = grown ? grown : file->units;
				dbg_trouble(file->limits, DBG_TOO_LARGE);
				return;
			}
			file->units = grown;
		}
		file->units[file->unit_count++] = offset;
		dbg_take(&cursor, dbg_length(&cursor, &offset_len));
	}
}

bool dbg_file_unit_of(struct dbg_file *file, uint64_t offset, uint64_t *ret)
{
	size_t low = 0, high;

	if (!file->units_known)
		list_units(file);
	high = file->unit_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (file->units[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || offset >= dbg_section(file, DBG_INFO).len)
		return false;
	*ret = file->units[low - 1];
	return true;
}

bool dbg_alt_link(Elf *elf, const char **ret_name, struct buildid *ret_id)
{
	GElf_Shdr shdr;
	Elf_Scn *section = object_section(elf, ".gnu_debugaltlink", &shdr);
	const Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;

	if (!data || !data->d_buf)
		return false;
	struct dbg_cursor cursor = {
		data->d_buf, (unsigned char *)data->d_buf + data->d_size, false};
	const char *name = dbg_string(&cursor);
	size_t len = dbg_left(&cursor);
	if (!name || strlen(name) >= PATH_MAX || len == 0 || len > BUILDID_MAX)
		return false;
	*ret_name = name;
	*ret_id = (struct buildid){.len = len};
	memcpy(ret_id->bytes, cursor.at, len);
	return true;
}

struct dbg_file *dbg_file_alt(struct dbg_file *file)
{
	if (!file->alt_sought) {
		file->alt_sought = true;
		file->alt = file->find_alt ? file->find_alt(file->find_alt_arg, file) : NULL;
		if (!file->alt)
			dbg_trouble(file->limits, DBG_NO_ALT);
	}
	return file->alt;
}

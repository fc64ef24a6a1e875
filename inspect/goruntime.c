// SPDX-License-Identifier: GPL-2.0-or-later
// References of Go's runtime to its variables.
#include "goruntime.h"

#include <string.h>

static const uint64_t heap_start = UINT64_C(0xc000000000);

static const struct goruntime_layout layouts[] = {
	{18, 22, .sp = 56, .pc = 64, .self = 72, .bp = 104, .status = 144, .id = 152, .since = 168,
		.wait = 176},
	{23, 24, .sp = 56, .pc = 64, .self = 72, .bp = 104, .status = 152, .id = 160, .since = 176,
		.wait = 184},
	{25, 26, .sp = 56, .pc = 64, .self = 72, .bp = 96, .status = 144, .id = 152, .since = 168,
		.wait = 176},
};

enum {
	INFO_ALIGNMENT = 16,
	INFO_STRINGS_AT = 32, // behind the magic, the pointer size and the flags
	INFO_FLAGS_AT = 15,
	INFO_FLAG_INLINE = 2,   // the strings follow
	SEARCHED_MAX = 1 << 20, // bytes of a segment in which it is looked for
	FUNCTION_MAX = 4096,    // bytes of a function that are looked through
	REFERENCE_LEN = 7,      // of an instruction that refers to memory relative to the pc
};

bool goruntime_is_there(struct space *space)
{
	const struct snapshot_map *map = space_find_map(space, heap_start);

	return map && map->module == SNAPSHOT_NO_MODULE;
}

// The N of "go1.N" in the LEN BYTES of a string with its length before it, or 0.
static unsigned read_version(const unsigned char *bytes, size_t len)
{
	unsigned minor = 0;
	size_t at = 1;

	if (len < 1 || bytes[0] > 127 || bytes[0] >= len || bytes[0] < 5 ||
		memcmp(bytes + 1, "go1.", 4) != 0)
		return 0;
	for (at = 5; at <= bytes[0] && bytes[at] >= '0' && bytes[at] <= '9' && minor < 1000; at++)
		minor = minor * 10 + (bytes[at] - '0');
	return minor;
}

// The N of the version 1.N of Go that MODULE was built with, or 0: it is older than 1.18, or does
// not say. Source: Go's debug/buildinfo.
static unsigned goruntime_version(const struct module *module)
{
	static const char magic[] = "\xff Go buildinf:";
	size_t len;

	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		const unsigned char *bytes = module_bytes(module, segment, 0, &len);
		if (segment->executable || !bytes)
			continue;
		if (len > SEARCHED_MAX)
			len = SEARCHED_MAX;
		for (size_t at = -segment->vaddr % INFO_ALIGNMENT; at + INFO_STRINGS_AT < len;
			at += INFO_ALIGNMENT)
			if (memcmp(bytes + at, magic, sizeof(magic) - 1) == 0 &&
				(bytes[at + INFO_FLAGS_AT] & INFO_FLAG_INLINE))
				return read_version(
					bytes + at + INFO_STRINGS_AT, len - at - INFO_STRINGS_AT);
	}
	return 0;
}

const struct goruntime_layout *goruntime_layout(unsigned version)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (version >= layouts[i].first && version <= layouts[i].last)
			return &layouts[i];
	return NULL;
}

// Adds the addresses to which the function of MODULE called NAME refers, BIAS above their ELF
// virtual ones, to the *COUNT ADDRESSES: by loading or storing a word, or an address.
static void add_references(const struct module *module, uint64_t bias, const char *name,
	uint64_t *addresses, size_t *count)
{
	struct gopclntab_function function;
	const unsigned char *code;
	int32_t distance;
	size_t len;

	if (!gopclntab_find_name(&module->gopclntab, name, &function) ||
		!(code = module_code(module, function.start, &len)))
		return;
	if (len > function.end - function.start)
		len = function.end - function.start;
	for (size_t at = 0; at + REFERENCE_LEN <= len && at < FUNCTION_MAX; at++) {
		// REX.W; mov, mov, lea; a register, and memory relative to the pc.
		if ((code[at] & 0xfb) != 0x48 ||
			(code[at + 1] != 0x8b && code[at + 1] != 0x89 && code[at + 1] != 0x8d) ||
			(code[at + 2] & 0xc7) != 0x05)
			continue;
		memcpy(&distance, code + at + 3, sizeof(distance));
		uint64_t addr =
			function.start + at + REFERENCE_LEN + (uint64_t)(int64_t)distance + bias;
		size_t i = 0;
		while (i < *count && addresses[i] != addr)
			i++;
		if (i == *count && *count < GORUNTIME_CANDIDATES_MAX)
			addresses[(*count)++] = addr;
	}
}

// The distance from ELF virtual addresses of module INDEX to its addresses, into *RET.
static bool find_bias(struct space *space, int index, uint64_t *ret)
{
	const struct snapshot *snapshot = space->snapshot;

	for (size_t i = 0; i < snapshot->map_count; i++) {
		const struct snapshot_map *map = &snapshot->maps[i];
		if (map->module == index && map->executable &&
			module_bias(space_module(space, index), map, ret) == 0)
			return true;
	}
	return false;
}

const char *goruntime_find(struct space *space, struct goruntime *ret)
{
	struct goruntime found = {0};
	uint64_t bias;
	int index = 0, count = (int)space->snapshot->module_count;

	while (index < count && (!space->modules[index]->opened ||
					space->modules[index]->gopclntab.form == GOPCLNTAB_NONE))
		index++;
	if (index == count || !find_bias(space, index, &bias))
		return "its function table was not found";
	const struct module *module = space_module(space, index);
	found.layout = goruntime_layout(goruntime_version(module));
	if (!found.layout)
		return "its version of Go is not known";
	add_references(module, bias, "runtime.allgadd", found.lists, &found.list_count);
	add_references(module, bias, "runtime.goroutineheader", found.words, &found.word_count);
	*ret = found;
	return found.list_count > 0 ? NULL : "its runtime is not as it is known";
}

// SPDX-License-Identifier: GPL-2.0-or-later
// Reading Go's function table. Every offset in it is the target's word only.
#include "gopclntab.h"

#include "module.h"

#include "arch.h"
#include "cleanup.h"

#include <gelf.h>
#include <string.h>

enum {
	HEADER_LEN = 8,      // magic, two zeros, the unit of code addresses, the size of pointers
	ALIGNMENT = 8,       // of a table, at least
	WORD = 8,            // of the only machines there are here
	STARTS_CHECKED = 64, // functions whose order is checked before a table is believed
	VARINT_MAX = 5,
	DYNAMIC_MAX = 4096, // entries of a dynamic section looked at
	CODE_UNIT = ARCH_ELF_MACHINE == EM_X86_64 ? 1 : 4,
};

enum { FLAG_FIRST = 1, FLAG_WRITES_SP = 2 };

// Where things are in each form: words of the header behind its first eight bytes (-1: the table
// itself), and bytes of a function's record.
static const struct form {
	uint32_t magic;
	int8_t text, names, depths, functions;
	uint8_t field; // bytes of an address or offset in the list of functions
	uint8_t name_at, depths_at, flags_at;
} forms[] = {
	[GOPCLNTAB_1_2] = {0xfffffffb, -1, -1, -1, -1, 8, 8, 20, 0},
	[GOPCLNTAB_1_16] = {0xfffffffa, -1, 2, 5, 6, 8, 8, 20, 41},
	[GOPCLNTAB_1_18] = {0xfffffff0, 2, 3, 6, 7, 4, 4, 16, 37},
	[GOPCLNTAB_1_20] = {0xfffffff1, 2, 3, 6, 7, 4, 4, 16, 41},
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]), LIST_1_2 = HEADER_LEN + WORD };

// Functions whose frames are unlike those that others have. Before Go 1.17 no flag says so.
static const struct {
	const char *name;
	enum gopclntab_kind kind;
} known[] = {
	{"runtime.goexit", GOPCLNTAB_FIRST},
	{"runtime.rt0_go", GOPCLNTAB_FIRST},
	{"_rt0_amd64", GOPCLNTAB_FIRST},
	{"_rt0_amd64_linux", GOPCLNTAB_FIRST},
	// It takes the scheduler's stack from where that began: nothing above will run again, and
	// what it calls does not return to it.
	{"runtime.mcall", GOPCLNTAB_FIRST},
	{"runtime.morestack", GOPCLNTAB_GROW},
	{"runtime.schedule", GOPCLNTAB_SCHEDULE},
	{"runtime.clone", GOPCLNTAB_CHILD},
	{"runtime.mstart", GOPCLNTAB_START},
	{"runtime.sigtramp", GOPCLNTAB_PLAIN}, // the kernel called it
	{"runtime.sigpanic", GOPCLNTAB_INJECTED},
	{"runtime.asyncPreempt", GOPCLNTAB_INJECTED},
	{"runtime.asmcgocall", GOPCLNTAB_TO_C},
	{"runtime.cgocallback", GOPCLNTAB_FROM_C},
	{"runtime.cgocallback_gofunc", GOPCLNTAB_FROM_C},
	{"runtime.gogo", GOPCLNTAB_SWITCHES},
	{"runtime.nanotime", GOPCLNTAB_SWITCHES},
	{"runtime.nanotime1", GOPCLNTAB_SWITCHES},
	{"runtime.systemstack", GOPCLNTAB_SWITCHES},
	{"runtime.walltime", GOPCLNTAB_SWITCHES},
	{"runtime.walltime1", GOPCLNTAB_SWITCHES},
};

static bool read_number(const struct gopclntab *table, uint64_t at, size_t size, uint64_t *ret)
{
	uint64_t value = 0;

	if (at > table->len || size > table->len - at)
		return false;
	memcpy(&value, table->bytes + at, size); // both machines are little endian
	*ret = value;
	return true;
}

// The start of function INDEX, or, with INDEX the count, the end of the last, into *RET.
static bool read_start(const struct gopclntab *table, uint64_t index, uint64_t *ret)
{
	size_t field = forms[table->form].field;
	size_t list = table->form == GOPCLNTAB_1_2 ? LIST_1_2 : table->functions;

	if (!read_number(table, list + index * 2 * field, field, ret))
		return false;
	if (field < WORD)
		*ret += table->text;
	return true;
}

static bool read_record(const struct gopclntab *table, uint64_t index, uint64_t *ret_at)
{
	size_t field = forms[table->form].field;
	size_t list = table->form == GOPCLNTAB_1_2 ? LIST_1_2 : table->functions;

	if (!read_number(table, list + (index * 2 + 1) * field, field, ret_at) ||
		*ret_at > table->len)
		return false;
	*ret_at += table->functions;
	return true;
}

// The addend of the relocation of the word at VADDR of MODULE, into *RET: where a linker leaves
// zeros to be relocated, it is the word. gABI "Dynamic Section", "Relocation".
static bool find_relocation(const struct module *module, uint64_t vaddr, uint64_t *ret)
{
	uint64_t rela = 0, size = 0;
	size_t count, len;
	GElf_Phdr phdr;
	Elf64_Rela entry;
	Elf64_Dyn dynamic;

	if (elf_getphdrnum(module->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(module->elf, (int)i, &phdr) || phdr.p_type != PT_DYNAMIC)
			continue;
		for (size_t j = 0; j < DYNAMIC_MAX && (j + 1) * sizeof(dynamic) <= phdr.p_filesz;
			j++) {
			if (module_read(module, phdr.p_offset + j * sizeof(dynamic), &dynamic,
				    sizeof(dynamic)) < 0 ||
				dynamic.d_tag == DT_NULL)
				break;
			if (dynamic.d_tag == DT_RELA)
				rela = dynamic.d_un.d_ptr;
			if (dynamic.d_tag == DT_RELASZ)
				size = dynamic.d_un.d_val;
		}
		break;
	}
	const unsigned char *bytes = module_constants(module, rela, &len);
	if (!bytes)
		return false;
	for (size_t at = 0; at + sizeof(entry) <= len && at + sizeof(entry) <= size;
		at += sizeof(entry)) {
		memcpy(&entry, bytes + at, sizeof(entry));
		if (entry.r_offset == vaddr && ELF64_R_SYM(entry.r_info) == 0) {
			*ret = (uint64_t)entry.r_addend;
			return true;
		}
	}
	return false;
}

// Word INDEX of the header behind its first eight bytes: an offset in the table, into *RET.
static bool read_offset(const struct gopclntab *table, int index, size_t *ret)
{
	uint64_t value = 0;

	if (index >= 0 && (!read_number(table, HEADER_LEN + WORD * (uint64_t)index, WORD, &value) ||
				  value >= table->len))
		return false;
	*ret = value;
	return true;
}

// True when the list of functions is all there, begins in code, and ascends as far as is looked.
static bool is_list(const struct gopclntab *table, const struct module *module)
{
	size_t field = forms[table->form].field;
	uint64_t before, start;

	if (table->count == 0 || table->count > table->len / (2 * field) ||
		!read_start(table, table->count, &start) || !module_is_code(module, start - 1) ||
		!read_start(table, 0, &before) || !module_is_code(module, before) ||
		before >= start)
		return false;
	for (uint64_t i = 1; i <= table->count && i <= STARTS_CHECKED; i++) {
		if (!read_start(table, i, &start) || start <= before)
			return false;
		before = start;
	}
	return true;
}

// True when any function has a flag. In the form of Go 1.16, which 1.17 gave flags, that tells them
// apart: a program without goexit, which has one, there is not.
static bool has_flags(const struct gopclntab *table)
{
	uint64_t at, flags;

	if (table->form != GOPCLNTAB_1_16)
		return table->form > GOPCLNTAB_1_16;
	for (uint64_t i = 0; i < table->count; i++)
		if (read_record(table, i, &at) &&
			read_number(table, at + forms[table->form].flags_at, 1, &flags) &&
			flags != 0)
			return true;
	return false;
}

bool gopclntab_read(struct gopclntab *ret, const struct module *module, const unsigned char *bytes,
	size_t len, uint64_t vaddr)
{
	struct gopclntab table = {.bytes = bytes, .len = len};
	uint64_t magic;
	unsigned form = GOPCLNTAB_1_2;

	if (len < HEADER_LEN + WORD || bytes[4] != 0 || bytes[5] != 0 || bytes[6] != CODE_UNIT ||
		bytes[7] != WORD || !read_number(&table, 0, 4, &magic))
		return false;
	while (form < FORMS && forms[form].magic != magic)
		form++;
	if (form == FORMS)
		return false;
	table.form = (enum gopclntab_form)form;
	if (!read_number(&table, HEADER_LEN, WORD, &table.count) ||
		!read_offset(&table, forms[form].names, &table.names) ||
		!read_offset(&table, forms[form].depths, &table.depths) ||
		!read_offset(&table, forms[form].functions, &table.functions))
		return false;
	if (forms[form].text >= 0) {
		uint64_t at = HEADER_LEN + WORD * (uint64_t)forms[form].text;
		if (!read_number(&table, at, WORD, &table.text) ||
			(table.text == 0 && !find_relocation(module, vaddr + at, &table.text)))
			return false;
	}
	if (!is_list(&table, module))
		return false;
	table.flagged = has_flags(&table);
	*ret = table;
	return true;
}

// Looks for a section with the table. Returns whether it may be elsewhere: where there are no
// section headers, or in a section that another linker has made of several of Go's.
static bool look_in_sections(struct gopclntab *ret, const struct module *module)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	size_t strings;
	Elf_Scn *section = NULL;
	bool is_go = false;

	if (elf_getshdrstrndx(module->elf, &strings) < 0 || strings == SHN_UNDEF)
		return true;
	while ((section = elf_nextscn(module->elf, section))) {
		GElf_Shdr shdr;
		const char *name;
		if (!gelf_getshdr(section, &shdr) || shdr.sh_type != SHT_PROGBITS ||
			!(name = elf_strptr(module->elf, strings, shdr.sh_name)))
			continue;
		is_go |= strcmp(name, ".go.buildinfo") == 0;
		if ((strcmp(name, names[0]) != 0 && strcmp(name, names[1]) != 0) ||
			shdr.sh_offset > module->image_len ||
			shdr.sh_size > module->image_len - shdr.sh_offset)
			continue;
		gopclntab_read(
			ret, module, module->image + shdr.sh_offset, shdr.sh_size, shdr.sh_addr);
		return false;
	}
	return is_go;
}

static void look_in_segments(struct gopclntab *ret, const struct module *module)
{
	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		const unsigned char *bytes;
		size_t len;
		if (segment->executable || !(bytes = module_bytes(module, segment, 0, &len)))
			continue;
		// A table lies at a multiple of its alignment in memory.
		size_t first = -segment->vaddr % ALIGNMENT;
		for (size_t at = first; at + HEADER_LEN <= len; at += ALIGNMENT)
			if (bytes[at + 3] == 0xff && bytes[at + 7] == WORD &&
				gopclntab_read(
					ret, module, bytes + at, len - at, segment->vaddr + at))
				return;
	}
}

void gopclntab_open(struct gopclntab *ret, const struct module *module)
{
	*ret = (struct gopclntab){0};
	if (module->elf && module->image_len > 0 && look_in_sections(ret, module))
		look_in_segments(ret, module);
}

// The last function that begins at or below VADDR, into *RET.
static bool find_index(const struct gopclntab *table, uint64_t vaddr, uint64_t *ret)
{
	uint64_t low = 0, high = table->count, start;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (!read_start(table, middle, &start))
			return false;
		if (start <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low - 1;
	return low > 0;
}

static const char *name_at(const struct gopclntab *table, uint64_t offset)
{
	uint64_t at = table->names + offset;

	if (at >= table->len)
		return NULL;
	size_t left = table->len - at;
	const char *name = (const char *)table->bytes + at;
	size_t most = left < GOPCLNTAB_NAME_MAX ? left : GOPCLNTAB_NAME_MAX;
	return memchr(name, '\0', most) ? name : NULL;
}

static enum gopclntab_kind kind_of(const struct gopclntab *table, const char *name, uint64_t flags)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		enum gopclntab_kind kind = known[i].kind;
		bool switches = kind >= GOPCLNTAB_SWITCHES && kind <= GOPCLNTAB_GROW;
		// Of the same name is what adapts Go's calls to assembly's: it is as all others.
		if (strcmp(name, known[i].name) == 0 &&
			(!switches || !table->flagged || (flags & FLAG_WRITES_SP)))
			return kind;
	}
	return flags & FLAG_FIRST       ? GOPCLNTAB_FIRST
	       : flags & FLAG_WRITES_SP ? GOPCLNTAB_SWITCHES
					: GOPCLNTAB_PLAIN;
}

bool gopclntab_find(const struct gopclntab *table, uint64_t vaddr, struct gopclntab_function *ret)
{
	struct gopclntab_function function;
	uint64_t index, at, start, name, depths, flags = 0;
	const struct form *form = &forms[table->form];

	if (table->form == GOPCLNTAB_NONE || !find_index(table, vaddr, &index) ||
		!read_start(table, index, &function.start) ||
		!read_start(table, index + 1, &function.end) || vaddr < function.start ||
		vaddr >= function.end || !read_record(table, index, &at) ||
		!read_number(table, at, form->field, &start) ||
		start + (form->field < WORD ? table->text : 0) != function.start ||
		!read_number(table, at + form->name_at, 4, &name) ||
		!read_number(table, at + form->depths_at, 4, &depths) ||
		(table->flagged && !read_number(table, at + form->flags_at, 1, &flags)))
		return false;
	function.name = name_at(table, name);
	if (!function.name)
		return false;
	function.depths = (uint32_t)depths;
	function.kind = kind_of(table, function.name, flags);
	*ret = function;
	return true;
}

bool gopclntab_find_name(
	const struct gopclntab *table, const char *name, struct gopclntab_function *ret)
{
	uint64_t start, at, offset;

	for (uint64_t i = 0; table->form != GOPCLNTAB_NONE && i < table->count; i++) {
		const char *found;
		if (read_record(table, i, &at) &&
			read_number(table, at + forms[table->form].name_at, 4, &offset) &&
			(found = name_at(table, offset)) && strcmp(found, name) == 0 &&
			read_start(table, i, &start))
			return gopclntab_find(table, start, ret);
	}
	return false;
}

// Reads a number of 7 bits a byte at *AT, which is moved behind it.
static bool read_varint(const struct gopclntab *table, uint64_t *at, uint32_t *ret)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < VARINT_MAX && *at < table->len; i++) {
		unsigned char byte = table->bytes[(*at)++];
		value |= (uint32_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

bool gopclntab_depth(const struct gopclntab *table, const struct gopclntab_function *function,
	uint64_t vaddr, int32_t *ret)
{
	uint64_t at = table->depths + (uint64_t)function->depths, pc = function->start;
	uint32_t value = UINT32_MAX, step, len;

	// Each turn goes on by an instruction at least.
	while (function->depths != 0 && pc <= vaddr && read_varint(table, &at, &step)) {
		if (step == 0 && pc != function->start)
			return false;
		value += (step >> 1) ^ -(step & 1);
		if (!read_varint(table, &at, &len) || len == 0)
			return false;
		pc += (uint64_t)len * CODE_UNIT;
		if (vaddr < pc && pc <= function->end) {
			*ret = (int32_t)value;
			return true;
		}
	}
	return false;
}

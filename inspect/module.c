// SPDX-License-Identifier: GPL-2.0-or-later
// Opening ELF objects with libelf.
#include "module.h"

#include "arch.h"
#include "cleanup.h"
#include "object.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>

enum {
	EH_HDR_LEN = 12,     // version, three encodings, eh_frame_ptr, fde_count
	SEGMENTS_MAX = 4096, // program headers looked at
	PAGE_MASK = 4095,
};

// Notes TEXT, what is to be known of MODULE, unless something is noted already.
static void module_note(struct module *module, const char *text)
{
	if (!module->note[0])
		snprintf(module->note, sizeof(module->note), "%s", text);
}

void module_damage(struct module *module, const char *text)
{
	module_note(module, text);
	module->damaged = true;
}

int module_read(const struct module *module, uint64_t offset, void *buffer, size_t len)
{
	if (offset > module->image_len || len > module->image_len - offset)
		return -EFAULT;
	memcpy(buffer, module->image + offset, len);
	return 0;
}

// The file offset of ELF virtual address VADDR into *RET, with at least LEN bytes there.
static int offset_of(const struct module *module, uint64_t vaddr, size_t len, uint64_t *ret)
{
	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		if (vaddr < segment->vaddr || vaddr - segment->vaddr >= segment->file_len ||
			len > segment->file_len - (vaddr - segment->vaddr))
			continue;
		*ret = segment->offset + (vaddr - segment->vaddr);
		return 0;
	}
	return -EFAULT;
}

// Looks at the .eh_frame_hdr search table, which only one encoding of is in use.
static void find_eh_table(struct module *module, const GElf_Phdr *phdr)
{
	static const unsigned char usual[4] = {1, DW_EH_PE_pcrel | DW_EH_PE_sdata4, DW_EH_PE_udata4,
		DW_EH_PE_datarel | DW_EH_PE_sdata4};
	unsigned char header[EH_HDR_LEN];
	uint64_t offset;
	uint32_t count;

	if (phdr->p_filesz < EH_HDR_LEN ||
		offset_of(module, phdr->p_vaddr, EH_HDR_LEN, &offset) < 0 ||
		module_read(module, offset, header, sizeof(header)) < 0 ||
		memcmp(header, usual, sizeof(usual)) != 0)
		return;
	memcpy(&count, header + 8, sizeof(count));
	uint64_t room = (phdr->p_filesz - EH_HDR_LEN) / sizeof(struct ehframe_row);
	module->eh_base = phdr->p_vaddr;
	module->eh_row_count = count < room ? count : room;
}

// Makes a search table out of .eh_frame, which sections name and segments do not.
static void make_eh_table(struct module *module)
{
	GElf_Shdr shdr;
	Elf_Scn *section = object_section(module->elf, ".eh_frame", &shdr);
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	const char *ident = elf_getident(module->elf, NULL);

	if (data && data->d_buf && ident &&
		ehframe_index((const unsigned char *)ident, data, shdr.sh_addr, &module->eh_rows,
			&module->eh_row_count) == 0)
		module->eh_base = shdr.sh_addr;
}

static int read_segments(struct module *module, size_t count)
{
	module->segments = calloc(count + 1, sizeof(*module->segments));
	if (!module->segments)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;
		if (!gelf_getphdr(module->elf, (int)i, &phdr) || phdr.p_type != PT_LOAD)
			continue;
		module->segments[module->segment_count++] =
			(struct module_segment){phdr.p_vaddr, phdr.p_offset, phdr.p_filesz,
				(phdr.p_flags & PF_X) != 0, (phdr.p_flags & PF_W) != 0};
	}
	return 0;
}

// The build id out of the notes of program header PHDR.
static void read_notes(struct module *module, const GElf_Phdr *phdr)
{
	if (module->build_id.len > 0 || phdr->p_offset > module->image_len ||
		phdr->p_filesz > module->image_len - phdr->p_offset)
		return;
	module->build_id = buildid_from_notes(module->image + phdr->p_offset, phdr->p_filesz);
}

static void read_program_headers(struct module *module)
{
	size_t count;

	if (elf_getphdrnum(module->elf, &count) < 0 || count > SEGMENTS_MAX ||
		read_segments(module, count) < 0) {
		module_note(module, "its program headers cannot be read");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;
		if (!gelf_getphdr(module->elf, (int)i, &phdr))
			continue;
		if (phdr.p_type == PT_GNU_EH_FRAME)
			find_eh_table(module, &phdr);
		else if (phdr.p_type == PT_NOTE)
			read_notes(module, &phdr);
	}
	if (module->eh_row_count == 0)
		make_eh_table(module);
	gopclntab_open(&module->gopclntab, module);
	if (module->eh_row_count == 0 && module->gopclntab.form == GOPCLNTAB_NONE)
		module_note(module, "it has no call frame information that can be used");
}

static Elf *open_elf(const struct snapshot_module *source)
{
	if (source->source == SNAPSHOT_SOURCE_MEMORY)
		return elf_memory((char *)source->image, source->image_len);
	return elf_begin(source->fd, ELF_C_READ_MMAP, NULL);
}

void module_open(struct module *module, const struct snapshot_module *source)
{
	if (module->opened)
		return;
	*module = (struct module){.source = source, .opened = true};
	if (source->source == SNAPSHOT_SOURCE_NONE) {
		module_note(module, source->note);
		return;
	}
	elf_version(EV_CURRENT);
	Elf *elf = open_elf(source);
	if (!object_is_native(elf)) {
		module_note(module, "it is no ELF file of this machine");
		elf_end(elf);
		return;
	}
	module->elf = elf;
	module->image = (const unsigned char *)elf_rawfile(elf, &module->image_len);
	if (!module->image)
		module->image_len = 0;
	GElf_Ehdr ehdr;
	if (gelf_getehdr(elf, &ehdr)) {
		module->entry = ehdr.e_entry;
		module->fixed = ehdr.e_type == ET_EXEC;
	}
	read_program_headers(module);
}

void module_open_made(struct module *module, const struct made_code *made)
{
	*module = (struct module){.opened = true, .made = made};
}

bool module_is_written(const struct module *module, uint64_t offset)
{
	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		if (segment->writable && offset >= segment->offset &&
			offset - segment->offset < segment->file_len)
			return true;
	}
	return false;
}

const unsigned char *module_bytes(const struct module *module, const struct module_segment *segment,
	uint64_t offset, size_t *ret_len)
{
	if (offset >= segment->file_len || segment->offset > module->image_len ||
		offset >= module->image_len - segment->offset)
		return NULL;
	uint64_t len = segment->file_len - offset;
	uint64_t left = module->image_len - segment->offset - offset;
	*ret_len = len < left ? len : left;
	return module->image + segment->offset + offset;
}

static const unsigned char *find_bytes(
	const struct module *module, uint64_t vaddr, bool executable, size_t *ret_len)
{
	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		if (segment->executable == executable && !segment->writable &&
			vaddr >= segment->vaddr && vaddr - segment->vaddr < segment->file_len)
			return module_bytes(module, segment, vaddr - segment->vaddr, ret_len);
	}
	return NULL;
}

const unsigned char *module_code(const struct module *module, uint64_t vaddr, size_t *ret_len)
{
	if (module->made)
		return module->made->find(module->made->arg, vaddr, ret_len);
	return find_bytes(module, vaddr, true, ret_len);
}

const unsigned char *module_constants(const struct module *module, uint64_t vaddr, size_t *ret_len)
{
	return find_bytes(module, vaddr, false, ret_len);
}

bool module_is_code(const struct module *module, uint64_t vaddr)
{
	size_t len;

	return module_code(module, vaddr, &len) != NULL;
}

bool module_unpack(struct module *module, size_t *budget)
{
	struct extra *extra = &module->extras[EXTRA_MINI];

	if (extra->sought || !module->elf)
		return false;
	extra->sought = true;
	int r = extra_unpack(extra, module->elf, budget);
	if (r < 0 && r != -ENOENT)
		module_note(module, r == -EFBIG    ? "its .gnu_debugdata is too large"
				    : r == -ENOMEM ? "there is no memory for its .gnu_debugdata"
						   : "its .gnu_debugdata cannot be read");
	return r == 0;
}

bool module_add_debug_file(struct module *module, enum extra_kind kind,
	const struct debuglink *link, int fd, size_t *budget)
{
	return extra_take_file(
		&module->extras[kind], module->elf, &module->build_id, link, fd, budget);
}

// True when MAP can be SEGMENT by its size: of two segments on one page, that tells them apart.
static bool fits_address(const struct module_segment *segment, const struct snapshot_map *map)
{
	uint64_t len = (segment->offset & PAGE_MASK) + segment->file_len;

	return map->end - map->start == ((len + PAGE_MASK) & ~(uint64_t)PAGE_MASK);
}

int module_bias(const struct module *module, const struct snapshot_map *map, uint64_t *ret)
{
	const struct module_segment *found = NULL;

	// The segment that begins on the mapping's page; one that only contains it is for mappings
	// that mprotect(2) has split. Two segments can share a page of the file.
	for (size_t i = 0; i < module->segment_count; i++) {
		const struct module_segment *segment = &module->segments[i];
		uint64_t first = segment->offset & ~(uint64_t)PAGE_MASK;
		uint64_t last = segment->offset + segment->file_len;
		if (segment->executable != map->executable || map->offset < first ||
			map->offset >= last)
			continue;
		bool begins = first == map->offset;
		if (!found || begins)
			found = segment;
		if (begins && fits_address(segment, map))
			break;
	}
	if (!found)
		return -ENOENT;
	*ret = map->start - map->offset - (found->vaddr - found->offset);
	return 0;
}

void *module_part(
	struct module *module, enum module_part part, size_t len, void (*fini)(void *data))
{
	if (!module->parts[part].data) {
		module->parts[part].data = calloc(1, len);
		module->parts[part].fini = fini;
	}
	return module->parts[part].data;
}

// Releases the parts, which refer to the module.
static void release_parts(struct module *module)
{
	for (size_t i = 0; i < MODULE_PART_COUNT; i++) {
		if (module->parts[i].data)
			module->parts[i].fini(module->parts[i].data);
		free(module->parts[i].data);
	}
}

void module_fini(struct module *module)
{
	release_parts(module);
	elf_end(module->elf);
	for (size_t i = 0; i < EXTRA_COUNT; i++)
		extra_fini(&module->extras[i]);
	free(module->segments);
	free(module->eh_rows);
	memset(module, 0, sizeof(*module));
}

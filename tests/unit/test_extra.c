// SPDX-License-Identifier: GPL-2.0-or-later
// What stands beside a module: its .gnu_debugdata and separate debug files, hostile ones included.
#include "cfi.h"
#include "cleanup.h"
#include "debug_frame.h"
#include "section_image.h"
#include "space.h"
#include "symbols.h"

#include <fcntl.h>
#include <lzma.h>
#include <sys/mman.h>
#include <unistd.h>

enum { VADDR = 0x400000, CODE = 0x400100, PACKED_MAX = 1 << 16 };

static unsigned char packed[PACKED_MAX];
static size_t packed_len;

static void pack(const void *bytes, size_t len)
{
	packed_len = 0;
	check_int(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes, len, packed,
			  &packed_len, sizeof(packed)),
		LZMA_OK);
}

// A build id note of one byte.
struct note {
	Elf64_Nhdr header;
	char name[4];
	unsigned char id[4];
};

static struct note note_of(unsigned char id)
{
	return (struct note){{4, 1, NT_GNU_BUILD_ID}, "GNU", {id}};
}

// An ELF file with a symbol, NAME, of 16 bytes at CODE, a .debug_frame for it with CFA_OFFSET, and
// the build id ID; each only if it is not 0.
static struct section_image extra_with(const char *name, unsigned char cfa_offset, unsigned char id)
{
	static char strings[64];
	static struct debug_frame frame;
	static struct note note;
	static Elf64_Sym symbols[2];

	symbols[1] = (Elf64_Sym){.st_name = 1,
		.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
		.st_shndx = 1,
		.st_value = CODE,
		.st_size = 16};
	snprintf(strings + 1, sizeof(strings) - 1, "%s", name ? name : "");
	frame = debug_frame_of(CODE, 16, cfa_offset);
	note = note_of(id);
	const struct section_row rows[] = {
		{.name = ".strtab", .data = strings, .len = sizeof(strings), .type = SHT_STRTAB},
		{.name = name ? ".symtab" : ".other",
			.data = symbols,
			.len = sizeof(symbols),
			.type = name ? SHT_SYMTAB : SHT_PROGBITS,
			.link = 1,
			.entsize = sizeof(Elf64_Sym)},
		{.name = cfa_offset ? ".debug_frame" : ".other",
			.data = &frame,
			.len = sizeof(frame)},
		{.name = ".note.gnu.build-id",
			.data = &note,
			.len = id ? sizeof(note) : 0,
			.type = SHT_NOTE,
			.align = 4}};
	return section_image_with(rows, 4, VADDR);
}

// The module that is looked at, alone in its space.
static struct snapshot_module source = {.source = SNAPSHOT_SOURCE_MEMORY, .fd = -EBADF};
static struct snapshot snapshot = {.modules = &source, .module_count = 1};
static struct space space;
static struct module *module;
static struct section_image image;

// Opens a module with the packed bytes as .gnu_debugdata, and a debug link LINK of LINK_LEN bytes.
static void open_module(const void *link, size_t link_len, unsigned char id)
{
	const struct section_row rows[] = {
		{.name = ".gnu_debugdata", .data = packed, .len = packed_len},
		{.name = ".gnu_debuglink", .data = link, .len = link_len}};

	image = section_image_with(rows, link_len > 0 ? 2 : 1, VADDR);
	source.image = image.bytes;
	source.image_len = image.len;
	check_int(space_init(&space, &snapshot), 0);
	module = space_module(&space, 0);
	check_true(module->elf != NULL);
	if (id)
		module->build_id = (struct buildid){.len = 1, .bytes = {id}};
}

static void close_module(void)
{
	space_fini(&space);
	free(image.bytes);
}

static const char *name_at(uint64_t vaddr)
{
	struct symbol_query query = {.vaddr = vaddr};

	symbols_resolve(module, &query, 1);
	return query.name ? query.name : "(none)";
}

// The CFA's offset that .debug_frame says at CODE + 1, or -1.
static int cfa_offset_at_code(void)
{
	struct cfi cfi = {0};
	struct row row = {0};
	bool debug = false;
	enum cfi_answer answer = cfi_find(&cfi, module, CODE + 1, &row, &debug);

	cfi_fini(&cfi);
	check_true(debug && answer <= CFI_COMPLEX);
	return answer == CFI_ROW ? row.cfa_offset : -1;
}

// Asserts that the packed bytes are refused with NOTE.
static void check_refused(const char *note)
{
	open_module(NULL, 0, 0);
	check_false(space_extend(&space, 0));
	check_str(name_at(CODE), "(none)");
	check_int(cfa_offset_at_code(), -1);
	check_true(strstr(module->note, "it has no call frame information") == module->note);
	close_module();
	// Without a note before it, its own is kept.
	open_module(NULL, 0, 0);
	module->note[0] = '\0';
	check_false(space_extend(&space, 0));
	check_str(module->note, note);
	close_module();
}

Test(extra, minidebuginfo_has_names_and_frames)
{
	struct section_image mini = extra_with("inner", 48, 0);

	pack(mini.bytes, mini.len);
	free(mini.bytes);
	open_module(NULL, 0, 0);
	check_str(name_at(CODE), "(none)");
	check_int(cfa_offset_at_code(), -1);
	check_true(space_extend(&space, 0));
	check_str(name_at(CODE), "inner");
	check_str(name_at(CODE + 15), "inner");
	check_str(name_at(CODE + 16), "(none)");
	check_int(cfa_offset_at_code(), 48);
	check_false(space_extend(&space, 0)); // there is nothing more
	close_module();
	check_no_leak();
}

static const char unreadable[] = "its .gnu_debugdata cannot be read";

Test(extra, minidebuginfo_of_another_machine)
{
	struct section_image mini = extra_with("inner", 48, 0);

	mini.ehdr->e_machine = EM_S390;
	pack(mini.bytes, mini.len);
	check_refused(unreadable);
	mini.ehdr->e_machine = ARCH_ELF_MACHINE;
	mini.ehdr->e_ident[EI_CLASS] = ELFCLASS32;
	pack(mini.bytes, mini.len);
	check_refused(unreadable);
	free(mini.bytes);
}

Test(extra, minidebuginfo_of_other_addresses)
{
	struct section_image mini = extra_with("inner", 48, 0);

	mini.phdr->p_vaddr++;
	pack(mini.bytes, mini.len);
	check_refused(unreadable);
	// One that names no segments says nothing against it.
	mini.phdr->p_type = PT_NULL;
	pack(mini.bytes, mini.len);
	open_module(NULL, 0, 0);
	check_true(space_extend(&space, 0));
	check_str(name_at(CODE), "inner");
	close_module();
	free(mini.bytes);
}

Test(extra, minidebuginfo_that_is_none)
{
	pack("", 0);
	check_refused(unreadable);
	pack("no ELF file", 11);
	check_refused(unreadable);
	memcpy(packed, "no xz stream", 12);
	packed_len = 12;
	check_refused(unreadable);
}

// The .gnu_debugdata of a .gnu_debugdata is nobody's.
Test(extra, minidebuginfo_nested)
{
	struct section_image mini = extra_with("inner", 48, 0);

	pack(mini.bytes, mini.len);
	free(mini.bytes);
	const struct section_row row = {
		.name = ".gnu_debugdata", .data = packed, .len = packed_len};
	struct section_image around = section_image_with(&row, 1, VADDR);
	pack(around.bytes, around.len);
	free(around.bytes);
	open_module(NULL, 0, 0);
	check_true(space_extend(&space, 0));
	check_false(space_extend(&space, 0));
	check_str(name_at(CODE), "(none)");
	check_int(cfa_offset_at_code(), -1);
	close_module();
}

Test(extra, what_all_modules_unpack_is_bounded)
{
	struct section_image mini = extra_with("inner", 48, 0);

	pack(mini.bytes, mini.len);
	open_module(NULL, 0, 0);
	module->note[0] = '\0';
	space.extra_budget = mini.len - 1;
	check_false(space_extend(&space, 0));
	check_str(module->note, "its .gnu_debugdata is too large");
	check_int(space.extra_budget, 0);
	close_module();
	open_module(NULL, 0, 0);
	space.extra_budget = mini.len;
	check_true(space_extend(&space, 0));
	check_int(space.extra_budget, 0);
	close_module();
	free(mini.bytes);
}

Test(extra, minidebuginfo_damaged)
{
	struct section_image mini = extra_with("inner", 48, 0);

	for (size_t at = 0; at < mini.len; at++) {
		static const unsigned char values[] = {0x00, 0x7f, 0xff};
		for (size_t v = 0; v < sizeof(values); v++) {
			unsigned char saved = mini.bytes[at];
			mini.bytes[at] = values[v];
			pack(mini.bytes, mini.len);
			mini.bytes[at] = saved;
			open_module(NULL, 0, 0);
			space_extend(&space, 0);
			name_at(CODE);
			cfa_offset_at_code();
			close_module();
		}
	}
	for (size_t len = 0; len < mini.len; len++) {
		pack(mini.bytes, len);
		open_module(NULL, 0, 0);
		space_extend(&space, 0);
		name_at(CODE);
		cfa_offset_at_code();
		close_module();
	}
	free(mini.bytes);
	check_no_leak();
}

// The files that are there to be found, one for each place.
static int files[8];
static unsigned file_count, asked;

static int add_file(struct section_image file)
{
	int fd = memfd_create("debug file", MFD_CLOEXEC);

	check_int(write(fd, file.bytes, file.len), file.len);
	free(file.bytes);
	files[file_count++] = fd;
	return fd;
}

static int open_debug(void *arg, int index, const struct debuglink *link, unsigned *place)
{
	(void)arg;
	check_int(index, 0);
	check_true(!link->name[0] || strcmp(link->name, "x.debug") == 0);
	asked++;
	if (*place >= file_count)
		return -ENOENT;
	return files[*place];
}

static void open_linked(const void *link, size_t link_len, unsigned char id)
{
	packed_len = 0;
	open_module(link, link_len, id);
	space.open_debug = open_debug;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(extra, a_debug_file_has_the_build_id)
{
	int other = add_file(extra_with("other", 32, 8)),
	    without = add_file(extra_with("w", 32, 0));
	struct section_image file = extra_with("moved", 32, 7);
	file.phdr->p_vaddr++;
	int moved = add_file(file);
	file = extra_with("foreign", 32, 7);
	file.ehdr->e_machine = EM_S390;
	int foreign = add_file(file);
	int right = add_file(extra_with("right", 64, 7));

	open_linked(NULL, 0, 7);
	check_true(space_extend(&space, 0));
	check_int(asked, 5);
	check_str(name_at(CODE), "right");
	check_int(cfa_offset_at_code(), 64);
	check_false(is_open(other) || is_open(without) || is_open(moved) || is_open(foreign));
	check_true(is_open(right));
	check_false(space_extend(&space, 0)); // it is not asked for twice
	check_int(asked, 5);
	close_module();
	check_false(is_open(right));
	check_no_leak();
}

static uint32_t sum_of(struct section_image file)
{
	uint32_t crc = lzma_crc32(file.bytes, file.len, 0);

	free(file.bytes);
	return crc;
}

Test(extra, a_linked_file_has_the_sum)
{
	struct {
		char name[8];
		uint32_t crc;
	} link = {"x.debug", sum_of(extra_with("right", 64, 0))};
	add_file(extra_with("wrong", 32, 0));
	add_file(extra_with("right", 64, 0));

	open_linked(&link, sizeof(link), 0);
	check_true(space_extend(&space, 0));
	check_int(asked, 2);
	check_str(name_at(CODE), "right");
	check_int(cfa_offset_at_code(), 64);
	close_module();
}

// Where both have a build id, it alone decides.
Test(extra, a_linked_file_with_another_build_id)
{
	struct {
		char name[8];
		uint32_t crc;
	} link = {"x.debug", sum_of(extra_with("linked", 64, 8))};
	add_file(extra_with("linked", 64, 8));

	open_linked(&link, sizeof(link), 7);
	check_false(space_extend(&space, 0));
	check_str(name_at(CODE), "(none)");
	close_module();
}

Test(extra, summing_up_is_bounded)
{
	struct {
		char name[8];
		uint32_t crc;
	} link = {"x.debug", sum_of(extra_with("right", 64, 0))};
	add_file(extra_with("right", 64, 0));

	open_linked(&link, sizeof(link), 0);
	space.extra_budget = 100;
	check_false(space_extend(&space, 0));
	close_module();
}

Test(extra, nobody_is_asked_for_nothing)
{
	open_linked(NULL, 0, 0); // neither a build id nor a link
	check_false(space_extend(&space, 0));
	check_int(asked, 0);
	close_module();
	open_linked("/etc/shadow\0\0\0\0\0", 16, 0);
	check_false(space_extend(&space, 0));
	check_int(asked, 0);
	close_module();
	open_linked(NULL, 0, 7);
	space.open_debug = NULL;
	check_false(space_extend(&space, 0));
	close_module();
}

// Opens a module with minidebuginfo, which has a frame too, and a debug file, which has not.
static void open_with_both(void)
{
	struct section_image mini = extra_with("mini", 48, 0);

	add_file(extra_with("full", 0, 7));
	pack(mini.bytes, mini.len);
	free(mini.bytes);
	open_module(NULL, 0, 7);
	space.open_debug = open_debug;
}

// The names are those of the debug file, which has all; frames are of whatever has one.
Test(extra, the_debug_file_is_better)
{
	open_with_both();
	check_true(space_extend(&space, 0));
	check_str(name_at(CODE), "mini");
	check_true(space_extend(&space, 0));
	check_str(name_at(CODE), "full");
	check_int(cfa_offset_at_code(), 48);
	close_module();
}

// What was asked for ahead is taken by itself; nothing else is looked for.
Test(extra, the_debug_file_that_was_asked_for_ahead)
{
	open_with_both();
	space_take_ahead(&space, 0); // it was not
	check_int(asked, 0);
	check_str(name_at(CODE), "(none)");
	space.ahead = 0;
	space_take_ahead(&space, 0);
	space_take_ahead(&space, 0);
	check_int(asked, 1);
	check_str(name_at(CODE), "full");
	check_true(module->extras[EXTRA_MINI].elf == NULL);
	close_module();
}

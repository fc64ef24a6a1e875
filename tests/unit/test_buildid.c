// SPDX-License-Identifier: GPL-2.0-or-later
#include "buildid.h"
#include "elf_image.h"
#include "unit.h"

#include <link.h>

struct notes {
	unsigned char bytes[400];
	size_t len;
};

static void append(struct notes *notes, const void *data, size_t len)
{
	memcpy(notes->bytes + notes->len, data, len);
	notes->len += len;
	while (notes->len % 4)
		notes->bytes[notes->len++] = 0xee; // padding is not looked at
}

static void add_note(struct notes *notes, const char *name, Elf64_Word type, const char *desc)
{
	Elf64_Nhdr header = {.n_namesz = (Elf64_Word)strlen(name) + 1,
		.n_descsz = (Elf64_Word)strlen(desc),
		.n_type = type};

	append(notes, &header, sizeof(header));
	append(notes, name, header.n_namesz);
	append(notes, desc, header.n_descsz);
}

static struct buildid find(const struct notes *notes)
{
	unsigned char *exact = calloc(1, notes->len + 1);
	memcpy(exact, notes->bytes, notes->len);
	struct buildid id = buildid_from_notes(exact, notes->len);
	free(exact);
	return id;
}

Test(buildid, among_other_notes)
{
	struct notes notes = {0};

	add_note(&notes, "GNU", NT_GNU_ABI_TAG, "abitag_");
	add_note(&notes, "stapsdt", NT_GNU_BUILD_ID, "someone else's");
	add_note(&notes, "GNU", NT_GNU_BUILD_ID, "ABCDEFGHIJKLMNOPQRST");
	add_note(&notes, "GNU", NT_GNU_BUILD_ID, "the second does not count");
	struct buildid id = find(&notes);
	check_bytes(id.bytes, id.len, "ABCDEFGHIJKLMNOPQRST");
}

Test(buildid, none)
{
	struct notes notes = {0};

	check_u64(find(&notes).len, 0);
	add_note(&notes, "GNU", NT_GNU_ABI_TAG, "x");
	add_note(&notes, "Go", NT_GNU_BUILD_ID, "gobuildid");
	add_note(&notes, "GNU1", NT_GNU_BUILD_ID, "x");
	check_u64(find(&notes).len, 0);
}

Test(buildid, of_every_length)
{
	for (size_t len = 0; len <= 80; len++) {
		char desc[81];
		struct notes notes = {0};
		memset(desc, 'd', len);
		desc[len] = '\0';
		add_note(&notes, "GNU", NT_GNU_BUILD_ID, desc);
		check_u64(find(&notes).len, len <= BUILDID_MAX ? len : 0);
	}
	check_no_leak();
}

Test(buildid, hostile_sizes)
{
	static const Elf64_Word sizes[] = {
		1000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xfffffffd, 0xffffffff};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct notes name = {0}, desc = {0};
		add_note(&name, "GNU", NT_GNU_BUILD_ID, "0123456789");
		add_note(&desc, "GNU", NT_GNU_BUILD_ID, "0123456789");
		memcpy(name.bytes, &sizes[i], sizeof(sizes[i]));
		memcpy(desc.bytes + 4, &sizes[i], sizeof(sizes[i]));
		check_u64(find(&name).len, 0);
		check_u64(find(&desc).len, 0);
	}
}

Test(buildid, every_truncation_of_notes)
{
	struct notes notes = {0};

	add_note(&notes, "GNU", NT_GNU_ABI_TAG, "abitag");
	add_note(&notes, "GNU", NT_GNU_BUILD_ID, "0123456789abcdef");
	size_t whole = notes.len;
	for (; notes.len > 0; notes.len--)
		check_u64(find(&notes).len, notes.len == whole ? 16 : 0);
	check_no_leak();
}

static struct elf_image image_with_id(void)
{
	struct notes notes = {0};

	add_note(&notes, "GNU", NT_GNU_BUILD_ID, "0123456789abcdef");
	return elf_image_with(PT_NOTE, notes.bytes, notes.len);
}

static size_t id_len(const struct elf_image *image, size_t len)
{
	unsigned char *exact = calloc(1, len + 1);
	memcpy(exact, image->bytes, len);
	struct buildid id = buildid_from_image(exact, len);
	free(exact);
	return id.len;
}

Test(buildid, of_an_image)
{
	struct elf_image image = image_with_id();

	struct buildid id = buildid_from_image(image.bytes, sizeof(image.bytes));
	check_bytes(id.bytes, id.len, "0123456789abcdef");
	elf_image_set_phdr(&image, p_type, PT_LOAD);
	check_u64(id_len(&image, sizeof(image.bytes)), 0);
}

Test(buildid, hostile_images)
{
	static const uint64_t values[] = {ELF_IMAGE_SIZE + 1, UINT64_MAX, UINT64_MAX - 55,
		(uint64_t)1 << 63, ELF_IMAGE_SIZE - 1};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct elf_image image = image_with_id();
		elf_image_set_ehdr(&image, e_phoff, values[i]);
		check_u64(id_len(&image, sizeof(image.bytes)), 0);
		image = image_with_id();
		elf_image_set_phdr(&image, p_offset, values[i]);
		check_u64(id_len(&image, sizeof(image.bytes)), 0);
		image = image_with_id();
		elf_image_set_phdr(&image, p_filesz, values[i]);
		check_u64(id_len(&image, sizeof(image.bytes)), 0);
	}
	struct elf_image image = image_with_id();
	elf_image_set_ehdr(&image, e_phnum, 0xffff);
	check_u64(id_len(&image, sizeof(image.bytes)), 0);
	image = image_with_id();
	elf_image_set_ehdr(&image, e_ident[EI_CLASS], ELFCLASS32);
	check_u64(id_len(&image, sizeof(image.bytes)), 0);
	image = image_with_id();
	elf_image_set_ehdr(&image, e_ident[0], 'E');
	check_u64(id_len(&image, sizeof(image.bytes)), 0);
}

Test(buildid, every_truncation_of_an_image)
{
	struct elf_image image = image_with_id();
	size_t needed = ELF_IMAGE_DATA + sizeof(Elf64_Nhdr) + 4 + 16;

	for (size_t len = 0; len < needed; len++)
		check_u64(id_len(&image, len), 0);
	check_u64(id_len(&image, needed), 16);
	check_no_leak();
}

Test(buildid, equal)
{
	struct buildid a = {.len = 4, .bytes = "abcd"}, b = a, none = {0};

	check_true(buildid_equal(&a, &b));
	b.bytes[3] = 'x';
	check_false(buildid_equal(&a, &b));
	b = a;
	b.len = 3;
	check_false(buildid_equal(&a, &b));
	check_false(buildid_equal(&none, &none));
	check_false(buildid_equal(&a, &none));
}

Test(buildid, hex)
{
	struct buildid id = {.len = 3, .bytes = {0x00, 0x9f, 0xa0}};
	char hex[BUILDID_HEX_SIZE];

	buildid_to_hex(&id, hex);
	check_str(hex, "009fa0");
	buildid_to_hex(&(struct buildid){0}, hex);
	check_str(hex, "");
	id.len = BUILDID_MAX;
	memset(id.bytes, 0xff, BUILDID_MAX);
	buildid_to_hex(&id, hex);
	check_u64(strlen(hex), 2 * BUILDID_MAX);
}

static int find_own(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct buildid *id = arg;
	(void)size;

	for (unsigned i = 0; i < info->dlpi_phnum && id->len == 0; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			*id = buildid_from_notes(
				(const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
				info->dlpi_phdr[i].p_memsz);
	return 1; // the first object is the program itself
}

// The id in the file's first page and the one in memory are the same.
Test(buildid, our_own_program)
{
	static unsigned char bytes[4096];
	struct buildid loaded = {0};
	FILE *file = fopen("/proc/self/exe", "re");
	cr_assert(file);
	size_t len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);

	dl_iterate_phdr(find_own, &loaded);
	struct buildid id = buildid_from_image(bytes, len);
	check_true(id.len > 0);
	check_true(buildid_equal(&id, &loaded));
}

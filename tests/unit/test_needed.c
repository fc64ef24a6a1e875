// SPDX-License-Identifier: GPL-2.0-or-later
// What is needed of ELF files: this very program, with nothing else left of it, and damaged.
#include "module.h"
#include "needed.h"
#include "self_snapshot.h"
#include "symbols.h"

#include <gelf.h>
#include <sys/mman.h>
#include <sys/stat.h>

static unsigned char *image;
static size_t image_len;
static struct file_part rows[FILE_PARTS_MAX];
static size_t count;

static void read_self(void)
{
	auto_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	check_int(fstat(fd, &st), 0);
	image_len = (size_t)st.st_size;
	image = malloc(image_len);
	check_int(pread(fd, image, image_len, 0), image_len);
	elf_version(EV_CURRENT);
}

// What is needed of the first LEN bytes of the image. What is written to rows always fits.
static int find_needed(size_t len, bool debug)
{
	Elf *elf = elf_memory((char *)image, len);
	int r = needed_parts(elf, debug, len, rows, &count);

	check_true(r < 0 || file_parts_fit(rows, count, len));
	elf_end(elf);
	return r;
}

static bool is_covered(uint64_t offset, uint64_t len)
{
	for (size_t i = 0; i < count; i++)
		if (offset >= rows[i].offset && offset + len <= rows[i].offset + rows[i].len)
			return true;
	return len == 0;
}

// The section NAME of the image.
static GElf_Shdr find_section(const char *name)
{
	Elf *elf = elf_memory((char *)image, image_len);
	GElf_Shdr shdr, found = {0};
	size_t names;

	check_int(elf_getshdrstrndx(elf, &names), 0);
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));)
		if (gelf_getshdr(section, &shdr) &&
			strcmp(elf_strptr(elf, names, shdr.sh_name), name) == 0)
			found = shdr;
	elf_end(elf);
	cr_assert(found.sh_size > 0, "there is no %s", name);
	return found;
}

Test(needed, what_is_needed_and_what_is_not, .init = read_self)
{
	static const char *const wanted[] = {".text", ".rodata", ".dynsym", ".dynstr", ".symtab",
		".strtab", ".shstrtab", ".eh_frame", ".eh_frame_hdr", ".data",
		".note.gnu.build-id"};

	check_int(find_needed(image_len, false), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		GElf_Shdr shdr = find_section(wanted[i]);
		cr_assert(is_covered(shdr.sh_offset, shdr.sh_size), "%s", wanted[i]);
	}
	GElf_Shdr info = find_section(".debug_info");
	check_false(is_covered(info.sh_offset, info.sh_size));
	// Of a separate debug file what its program headers say is not there.
	GElf_Shdr text = find_section(".text"), symbols = find_section(".symtab");
	check_int(find_needed(image_len, true), 0);
	check_false(is_covered(text.sh_offset, text.sh_size));
	check_true(is_covered(symbols.sh_offset, symbols.sh_size));
}

// A file with the parts of the image that are needed, and zeros.
static int make_parted(void)
{
	int fd = memfd_create("parted", MFD_CLOEXEC);

	check_int(ftruncate(fd, (off_t)image_len), 0);
	for (size_t i = 0; i < count; i++)
		check_int(pwrite(fd, image + rows[i].offset, rows[i].len, (off_t)rows[i].offset),
			rows[i].len);
	return fd;
}

Test(needed, the_parts_are_as_good_as_the_whole, .init = read_self)
{
	struct snapshot_module whole_source = {.source = SNAPSHOT_SOURCE_MEMORY,
		.fd = -EBADF,
		.image = image,
		.image_len = image_len};
	struct module whole = {0}, parted = {0};
	GElf_Shdr text = find_section(".text");

	check_int(find_needed(image_len, false), 0);
	struct snapshot_module parted_source = {
		.source = SNAPSHOT_SOURCE_MAP_FILES, .fd = make_parted()};
	module_open(&whole, &whole_source);
	module_open(&parted, &parted_source);
	check_str(parted.note, "");
	check_u64(parted.eh_row_count, whole.eh_row_count);
	check_true(buildid_equal(&parted.build_id, &whole.build_id));
	check_int(symbols_are_complete(&parted), symbols_are_complete(&whole));
	for (uint64_t vaddr = text.sh_addr; vaddr < text.sh_addr + text.sh_size; vaddr += 64) {
		struct symbol_query a = {.vaddr = vaddr}, b = {.vaddr = vaddr};
		symbols_resolve(&whole, &a, 1);
		symbols_resolve(&parted, &b, 1);
		check_true(!a.name == !b.name);
		if (a.name)
			check_str(b.name, a.name);
	}
	module_fini(&whole);
	module_fini(&parted);
	close(parted_source.fd);
	free(image);
	check_no_leak();
}

Test(needed, of_what_is_no_elf_file_its_beginning, .init = read_self)
{
	image[0] = 'x';
	check_int(find_needed(image_len, false), 0);
	check_int(count, 1);
	check_u64(rows[0].offset, 0);
	check_u64(rows[0].len, 4096);
	check_int(needed_parts(NULL, false, 10, rows, &count), 0);
	check_u64(rows[0].len, 10);
	check_int(needed_parts(NULL, false, 0, rows, &count), 0);
	check_int(count, 0);
}

Test(needed, each_header_byte_damaged, .init = read_self)
{
	static const unsigned char values[] = {0x00, 0x7f, 0x80, 0xff};

	for (size_t at = 0; at < 1024 && at < image_len; at++)
		for (size_t i = 0; i < sizeof(values); i++) {
			unsigned char saved = image[at];
			image[at] = values[i];
			find_needed(image_len, at % 2);
			image[at] = saved;
		}
	for (size_t len = 0; len < image_len; len += 997)
		find_needed(len, false);
	// The section headers, where they are within the file.
	const Elf64_Ehdr *ehdr = (const void *)image;
	for (size_t at = ehdr->e_shoff; at < image_len; at++) {
		image[at] ^= 0xff;
		find_needed(image_len, at % 2);
		image[at] ^= 0xff;
	}
	free(image);
	check_no_leak();
}

Test(needed, too_many_parts)
{
	// Program headers that are far from each other.
	enum { PHDRS = FILE_PARTS_MAX + 8, STEP = 1024 };
	size_t len = sizeof(Elf64_Ehdr) + PHDRS * sizeof(Elf64_Phdr);
	unsigned char *bytes = calloc(1, 65536 + PHDRS * STEP + 1);
	Elf64_Ehdr ehdr = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_phoff = sizeof(ehdr),
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = PHDRS};

	memcpy(bytes, &ehdr, sizeof(ehdr));
	check_true(len < 65536);
	for (size_t i = 0; i < PHDRS; i++) {
		Elf64_Phdr phdr = {.p_type = PT_LOAD, .p_offset = 65536 + i * STEP, .p_filesz = 1};
		memcpy(bytes + sizeof(ehdr) + i * sizeof(phdr), &phdr, sizeof(phdr));
	}
	image = bytes;
	elf_version(EV_CURRENT);
	check_int(find_needed(65536 + PHDRS * STEP + 1, false), -E2BIG);
	check_int(find_needed(65536 + (PHDRS - 16) * STEP + 1, false), 0);
	free(bytes);
	check_no_leak();
}

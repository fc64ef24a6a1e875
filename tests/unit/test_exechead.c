// SPDX-License-Identifier: GPL-2.0-or-later
#include "elf_image.h"
#include "exechead.h"
#include "unit.h"

static void check_head(const void *bytes, size_t len, const char *interpreter)
{
	// Of exactly LEN bytes, for the address sanitizer.
	unsigned char *exact = calloc(1, len + 1);
	memcpy(exact, bytes, len);
	struct exechead head = exechead_parse(exact, len);
	free(exact);

	check_str(head.interpreter, interpreter);
}

Test(exechead, scripts)
{
	static const struct {
		const char *text, *interpreter;
	} scripts[] = {
		{"#!/bin/sh\n", "/bin/sh"},
		{"#!/bin/sh", "/bin/sh"},
		{"#! /bin/sh -e\necho\n", "/bin/sh"},
		{"#!\t /usr/bin/env\tpython3 -u\n", "/usr/bin/env"},
		{"#!/bin/sh\r\n", "/bin/sh\r"}, // as the kernel takes it
		{"#!relative\n", "relative"},
		{"#!/proc/self/exe\n", "/proc/self/exe"},
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		check_head(scripts[i].text, strlen(scripts[i].text), scripts[i].interpreter);
	check_head("#!/bin/sh\0/x\n", 14, "/bin/sh");
}

Test(exechead, no_script)
{
	static const char *const texts[] = {"", "#", "#!", "#!\n", "#! \t \n/bin/sh\n",
		" #!/bin/sh\n", "echo hello\n", "\n#!/bin/sh\n", "#!!", "\x7f",
		"\x7f"
		"EL",
		"\x7f"
		"ELF"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i], "#!!") == 0)
			check_head(texts[i], 3, "!");
		else
			check_head(texts[i], strlen(texts[i]), "");
}

Test(exechead, script_with_a_long_interpreter)
{
	for (size_t len = 240; len < 300; len++) {
		char text[310] = "#!", interpreter[310] = "";
		memset(text + 2, 'i', len);
		memset(interpreter, 'i', len);
		interpreter[len] = '\0';
		if (len < sizeof(((struct exechead *)NULL)->interpreter))
			check_head(text, len + 2, interpreter);
		else
			check_head(text, len + 2, "");
	}
}

Test(exechead, elf)
{
	static const char interpreter[] = "/lib64/ld-linux-x86-64.so.2";
	struct elf_image image = elf_image_with(PT_INTERP, interpreter, sizeof(interpreter));

	check_head(image.bytes, sizeof(image.bytes), interpreter);
	check_head(image.bytes, ELF_IMAGE_DATA + sizeof(interpreter), interpreter);

	image = elf_image_with(PT_LOAD, interpreter, sizeof(interpreter));
	check_head(image.bytes, sizeof(image.bytes), "");
	elf_image_set_ehdr(&image, e_phnum, 0);
	check_head(image.bytes, sizeof(image.bytes), "");
}

static struct elf_image with_interpreter(void)
{
	return elf_image_with(PT_INTERP, "/lib/ld.so", sizeof("/lib/ld.so"));
}

static void check_unknown(const struct elf_image *image)
{
	check_head(image->bytes, sizeof(image->bytes), "");
}

Test(exechead, elf_of_another_kind)
{
	struct elf_image image = with_interpreter();
	elf_image_set_ehdr(&image, e_ident[EI_CLASS], ELFCLASS32);
	check_unknown(&image);
	image = with_interpreter();
	elf_image_set_ehdr(&image, e_ident[EI_DATA], ELFDATA2MSB);
	check_unknown(&image);
	image = with_interpreter();
	elf_image_set_ehdr(&image, e_phentsize, sizeof(Elf64_Phdr) - 1);
	check_unknown(&image);
}

Test(exechead, hostile_program_headers)
{
	static const Elf64_Off offsets[] = {ELF_IMAGE_SIZE + 1, UINT64_MAX, UINT64_MAX - 55,
		ELF_IMAGE_SIZE - 1, (Elf64_Off)1 << 63};

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct elf_image image = with_interpreter();
		elf_image_set_ehdr(&image, e_phoff, offsets[i]);
		check_unknown(&image);
	}
	struct elf_image image = with_interpreter();
	elf_image_set_ehdr(&image, e_phnum, 0xffff);
	check_unknown(&image);
}

Test(exechead, hostile_interpreter)
{
	static const struct {
		Elf64_Off offset;
		Elf64_Xword filesz;
	} segments[] = {
		{ELF_IMAGE_DATA, 0},
		{ELF_IMAGE_DATA, 5}, // no NUL at its end
		{ELF_IMAGE_DATA, 257},
		{ELF_IMAGE_DATA, UINT64_MAX},
		{ELF_IMAGE_SIZE, 1},
		{ELF_IMAGE_SIZE + 1, 0},
		{UINT64_MAX, 1},
		{UINT64_MAX, UINT64_MAX},
		{ELF_IMAGE_SIZE - 4, 5},
	};

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		struct elf_image image = with_interpreter();
		elf_image_set_phdr(&image, p_offset, segments[i].offset);
		elf_image_set_phdr(&image, p_filesz, segments[i].filesz);
		check_unknown(&image);
	}
}

Test(exechead, every_truncation_of_elf)
{
	struct elf_image image = with_interpreter();

	for (size_t len = 0; len < ELF_IMAGE_DATA + sizeof("/lib/ld.so"); len++)
		check_head(image.bytes, len, "");
	check_no_leak();
}

Test(exechead, our_own_program)
{
	static char bytes[EXECHEAD_READ];
	FILE *file = fopen("/proc/self/exe", "re");
	cr_assert(file);
	size_t len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);

	struct exechead head = exechead_parse(bytes, len);
	check_true(strstr(head.interpreter, "ld-linux") != NULL);
}

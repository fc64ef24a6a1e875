// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of the first bytes of an executable.
#include "exechead.h"

#include <elf.h>
#include <string.h>

static struct exechead parse_script(const char *text, size_t len)
{
	struct exechead head = {0};
	size_t start = 2, end;

	while (start < len && (text[start] == ' ' || text[start] == '\t'))
		start++;
	for (end = start; end < len && !memchr(" \t\n\0", text[end], 4);)
		end++;
	if (end == start || end - start >= sizeof(head.interpreter))
		return head;
	memcpy(head.interpreter, text + start, end - start);
	return head;
}

static struct exechead parse_elf(const unsigned char *bytes, size_t len)
{
	struct exechead head = {0};
	Elf64_Ehdr ehdr;

	if (len < sizeof(ehdr) || bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB)
		return head;
	memcpy(&ehdr, bytes, sizeof(ehdr));
	if (ehdr.e_phentsize != sizeof(Elf64_Phdr) || ehdr.e_phoff > len ||
		ehdr.e_phnum > (len - ehdr.e_phoff) / sizeof(Elf64_Phdr))
		return head;
	for (unsigned i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr phdr;
		memcpy(&phdr, bytes + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type != PT_INTERP)
			continue;
		if (phdr.p_offset > len || phdr.p_filesz > len - phdr.p_offset ||
			phdr.p_filesz == 0 || phdr.p_filesz > sizeof(head.interpreter) ||
			bytes[phdr.p_offset + phdr.p_filesz - 1] != '\0')
			return head;
		memcpy(head.interpreter, bytes + phdr.p_offset, phdr.p_filesz);
		return head;
	}
	return head;
}

struct exechead exechead_parse(const void *bytes, size_t len)
{
	const char *text = bytes;

	if (len >= 2 && text[0] == '#' && text[1] == '!')
		return parse_script(text, len);
	if (len >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0)
		return parse_elf(bytes, len);
	return (struct exechead){0};
}

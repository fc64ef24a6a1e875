// SPDX-License-Identifier: GPL-2.0-or-later
// GNU build ids out of ELF notes.
#include "buildid.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

// The LEN of a note's part with its padding; fits because LEN is checked against a real length.
static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

struct buildid buildid_from_notes(const void *notes, size_t len)
{
	struct buildid id = {0};
	const unsigned char *p = notes;

	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		memcpy(&note, p, sizeof(note));
		p += sizeof(note);
		len -= sizeof(note);
		if (note.n_namesz > len || padded(note.n_namesz) > len)
			break;
		const unsigned char *desc = p + padded(note.n_namesz);
		size_t left = len - padded(note.n_namesz);
		if (note.n_descsz > left)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			memcmp(p, "GNU", 4) == 0) {
			if (note.n_descsz > 0 && note.n_descsz <= BUILDID_MAX) {
				id.len = note.n_descsz;
				memcpy(id.bytes, desc, id.len);
			}
			break;
		}
		if (padded(note.n_descsz) > left)
			break;
		p = desc + padded(note.n_descsz);
		len = left - padded(note.n_descsz);
	}
	return id;
}

struct buildid buildid_from_image(const void *image, size_t len)
{
	const unsigned char *bytes = image;
	Elf64_Ehdr ehdr;

	if (len < sizeof(ehdr) || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
		bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB)
		return (struct buildid){0};
	memcpy(&ehdr, bytes, sizeof(ehdr));
	if (ehdr.e_phentsize != sizeof(Elf64_Phdr) || ehdr.e_phoff > len ||
		ehdr.e_phnum > (len - ehdr.e_phoff) / sizeof(Elf64_Phdr))
		return (struct buildid){0};
	for (unsigned i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr phdr;
		memcpy(&phdr, bytes + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type != PT_NOTE || phdr.p_offset > len ||
			phdr.p_filesz > len - phdr.p_offset)
			continue;
		struct buildid id = buildid_from_notes(bytes + phdr.p_offset, phdr.p_filesz);
		if (id.len > 0)
			return id;
	}
	return (struct buildid){0};
}

bool buildid_equal(const struct buildid *a, const struct buildid *b)
{
	return a->len > 0 && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

void buildid_to_hex(const struct buildid *id, char hex[static BUILDID_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < id->len; i++) {
		hex[2 * i] = digits[id->bytes[i] >> 4];
		hex[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	hex[2 * id->len] = '\0';
}

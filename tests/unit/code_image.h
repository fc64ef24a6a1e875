// SPDX-License-Identifier: GPL-2.0-or-later
// A module that is nothing but some bytes of code: for the tests of what follows code.
#pragma once

#include "arch.h"
#include "elf_image.h"
#include "module.h"
#include "unit.h"

enum { CODE_VADDR = 0x1000, CODE_MAX = ELF_IMAGE_SIZE - ELF_IMAGE_DATA };

struct code_image {
	struct elf_image image;
	struct snapshot_module source;
	struct module module;
};

// Opens the LEN BYTES of code in CODE, at CODE_VADDR; module_fini(&CODE->module) closes it.
static inline void code_image_open(struct code_image *code, const void *bytes, size_t len)
{
	check_true(len <= CODE_MAX);
	*code = (struct code_image){.image = elf_image_with(PT_LOAD, bytes, len)};
	elf_image_set_ehdr(&code->image, e_machine, ARCH_ELF_MACHINE);
	elf_image_set_ehdr(&code->image, e_version, EV_CURRENT);
	elf_image_set_ehdr(&code->image, e_ehsize, sizeof(Elf64_Ehdr));
	elf_image_set_ehdr(&code->image, e_entry, CODE_VADDR + 0x800);
	elf_image_set_phdr(&code->image, p_flags, PF_R | PF_X);
	elf_image_set_phdr(&code->image, p_vaddr, CODE_VADDR);
	elf_image_set_phdr(&code->image, p_memsz, len);
	code->source = (struct snapshot_module){.source = SNAPSHOT_SOURCE_MEMORY, .fd = -EBADF};
	code->source.image = code->image.bytes;
	code->source.image_len = sizeof(code->image.bytes);
	module_open(&code->module, &code->source);
	check_true(code->module.elf != NULL);
}

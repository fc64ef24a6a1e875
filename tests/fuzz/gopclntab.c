// SPDX-License-Identifier: GPL-2.0-or-later
// Go's function table, of a module that is code at 0x1000.
#include "gopclntab.h"

#include "fuzz.h"
#include "module.h"

#include <string.h>

enum { CODE = 0x1000, CODE_LEN = 0x1000, TABLE = 0x9000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static unsigned char code[CODE + CODE_LEN];
	struct module_segment segment = {
		.vaddr = CODE, .offset = CODE, .file_len = CODE_LEN, .executable = true};
	const struct module module = {.opened = true,
		.image = code,
		.image_len = sizeof(code),
		.segments = &segment,
		.segment_count = 1};
	struct gopclntab table = {0};
	struct gopclntab_function function;
	volatile size_t sum = 0;
	int32_t depth;

	if (!gopclntab_read(&table, &module, data, len, TABLE))
		return 0;
	for (uint64_t vaddr = CODE - 1; vaddr < CODE + CODE_LEN; vaddr += 13) {
		if (!gopclntab_find(&table, vaddr, &function))
			continue;
		sum += strlen(function.name);
		if (gopclntab_depth(&table, &function, vaddr, &depth))
			sum += (size_t)depth;
	}
	(void)sum;
	return 0;
}

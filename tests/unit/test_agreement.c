// SPDX-License-Identifier: GPL-2.0-or-later
// Two independent accounts of the same code: what following it shows, and what the compiler wrote
// down as call frame information. All functions of the C library, at every few instructions.
#include "cfi.h"
#include "codewalk.h"

#include "unit.h"

#include <fcntl.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <unistd.h>

enum { EH_HDR_LEN = 12, EVERY = 13, STEPS_MAX = 400 };

static struct module module;
static struct cfi cfi;
static struct entries entries;
static struct codewalk *walk;

static struct {
	unsigned long points, unknown, by_entry, by_return, wrong_entry, wrong_return;
} counts;

static int find_library(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	if (!strstr(info->dlpi_name, LIBC_SO))
		return 0;
	*(int *)ret = open(info->dlpi_name, O_RDONLY | O_CLOEXEC);
	return 1;
}

// True when A and B say the same of the CFA, as far as they use the same register.
static bool agree(const struct row *a, const struct row *b)
{
	return a->cfa_reg != b->cfa_reg || a->cfa_deref || b->cfa_deref ||
	       a->cfa_offset == b->cfa_offset;
}

static void compare_at(uint64_t entry, uint64_t pc)
{
	struct codewalk_returns returns;
	struct row truth, row;
	bool debug, any = false;

	if (cfi_find(&cfi, &module, pc, &truth, &debug) != CFI_ROW)
		return;
	counts.points++;
	bool reached =
		codewalk_entry(walk, &module, &entries, entry, pc, false, &row) == CODEWALK_REACHED;
	counts.by_entry += reached;
	counts.wrong_entry += reached && !agree(&truth, &row);
	codewalk_forward(walk, &module, &entries, pc, &returns);
	for (size_t i = 0; i < returns.count; i++)
		any |= agree(&truth, &returns.rows[i]);
	counts.by_return += returns.count > 0;
	counts.wrong_return += returns.count == 1 && !returns.more && !any;
	counts.unknown += !reached && returns.count == 0;
}

static void compare_function(uint64_t entry, uint64_t end)
{
	struct insn insn;
	struct row first;
	uint64_t pc = entry;
	bool debug;

	// Cold parts of functions are entered in the middle.
	if (cfi_find(&cfi, &module, entry, &first, &debug) != CFI_ROW ||
		first.cfa_reg != ARCH_REG_SP || first.cfa_offset != 8)
		return;
	for (int i = 0; i < STEPS_MAX && pc < end; i++, pc += insn.len) {
		if (codewalk_decode(walk, &module, pc, &insn) == 0 || insn.kind == INSN_RETURN ||
			insn.kind == INSN_JUMP)
			return;
		if (i % EVERY == 0)
			compare_at(entry, pc);
	}
}

// Where function INDEX of the search table begins.
static uint64_t function_at(uint64_t index)
{
	int32_t start;
	size_t len;
	const unsigned char *bytes = module_constants(
		&module, module.eh_base + EH_HDR_LEN + index * sizeof(struct ehframe_row), &len);

	check_true(bytes && len >= sizeof(start));
	memcpy(&start, bytes, sizeof(start));
	return module.eh_base + (uint64_t)(int64_t)start;
}

Test(agreement, the_c_library)
{
	struct snapshot_module source = {.source = SNAPSHOT_SOURCE_MAP_FILES, .fd = -EBADF};

	dl_iterate_phdr(find_library, &source.fd);
	check_true(source.fd >= 0);
	module_open(&module, &source);
	check_true(module.eh_row_count > 1000 && !module.eh_rows);
	entries_init(&entries, &module);
	for (uint64_t i = 0; i < module.eh_row_count; i++) {
		if (i % 64 == 0) { // what all questions may cost is bounded: begin anew
			codewalk_close(walk);
			walk = codewalk_open();
		}
		compare_function(function_at(i),
			i + 1 < module.eh_row_count ? function_at(i + 1) : UINT64_MAX);
	}
	codewalk_close(walk);
	entries_fini(&entries);
	cfi_fini(&cfi);
	module_fini(&module);
	close(source.fd);
	// Assembly of the library that describes itself wrongly is among what differs, and padding,
	// which nothing reaches.
	cr_assert(counts.points > 5000 && counts.by_entry * 100 > counts.points * 95 &&
			  counts.by_return * 100 > counts.points * 90 &&
			  counts.wrong_entry * 1000 < counts.points &&
			  counts.wrong_return * 300 < counts.points,
		"of %lu places %lu by entry (%lu otherwise), %lu by return (%lu otherwise), %lu "
		"unknown",
		counts.points, counts.by_entry, counts.wrong_entry, counts.by_return,
		counts.wrong_return, counts.unknown);
}

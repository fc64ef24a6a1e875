// SPDX-License-Identifier: GPL-2.0-or-later
// Go's function table in each of its forms, made by hand, whole and damaged.
#include "gopclntab.h"

#include "code_image.h"

enum {
	UNIT = ARCH_ELF_MACHINE == EM_X86_64 ? 1 : 4, // bytes of an instruction at least
	TABLE_VADDR = 0x9000,
	NAMES = 128, // where the parts are in a table made here
	DEPTHS = 256,
	LIST = 320,
	RECORDS = 448, // one every RECORD_LEN bytes
	RECORD_LEN = 64,
	FUNCTIONS = 4,
	SIZE = RECORDS + FUNCTIONS * RECORD_LEN,
	F = CODE_VADDR,
	G = F + 64,
	H = G + 32,
	I = H + 16,
	END = I + 16,
};

static const uint64_t starts[] = {F, G, H, I, END};
static const char *const names[] = {"main.f", "runtime.mcall", "runtime.systemstack", "main.i"};
static const unsigned char flags[] = {0, 0, 2, 1};

static unsigned char table[SIZE];
static struct code_image code;
static struct gopclntab read_table;

static void put(size_t at, uint64_t value, size_t size)
{
	check_true(at + size <= SIZE);
	memcpy(table + at, &value, size);
}

// Everything but what stands at other places in other forms: names, depths.
static void put_common(uint32_t magic, uint64_t count)
{
	// f: 4 instructions at 0, 12 at 24, up to its 16th, then at 0 again. i: at 2^20, in long
	// form.
	static const unsigned char depths[] = {0, 2, 4, 0x30, 8, 0x2f, 4, 0};
	static const unsigned char deep[] = {0x82, 0x80, 0x80, 0x01, 0x84, 0x00, 0};

	memset(table, 0, sizeof(table));
	put(0, magic, 4);
	put(6, UNIT, 1);
	put(7, 8, 1);
	put(8, count, 8);
	for (size_t i = 0; i < FUNCTIONS; i++)
		strcpy((char *)table + NAMES + 32 * i, names[i]);
	memcpy(table + DEPTHS, depths, sizeof(depths));
	memcpy(table + DEPTHS + 32, deep, sizeof(deep));
}

static const uint32_t magics[] = {[GOPCLNTAB_1_2] = 0xfffffffb,
	[GOPCLNTAB_1_16] = 0xfffffffa,
	[GOPCLNTAB_1_18] = 0xfffffff0,
	[GOPCLNTAB_1_20] = 0xfffffff1};

// The forms before Go 1.18: addresses of 8 bytes; in the oldest, all offsets are the table's.
static void make_old(enum gopclntab_form form)
{
	bool oldest = form == GOPCLNTAB_1_2;
	size_t list = oldest ? 16 : LIST, base = oldest ? 0 : LIST;

	put_common(magics[form], FUNCTIONS);
	if (!oldest) {
		put(8 + 8 * 2, NAMES, 8);
		put(8 + 8 * 5, DEPTHS, 8);
		put(8 + 8 * 6, LIST, 8);
	}
	for (size_t i = 0; i <= FUNCTIONS; i++) {
		size_t record = RECORDS + RECORD_LEN * i;
		put(list + 16 * i, starts[i], 8);
		if (i == FUNCTIONS)
			break;
		put(list + 16 * i + 8, record - base, 8);
		put(record, starts[i], 8);
		put(record + 8, (oldest ? NAMES : 0) + 32 * i, 4);
		put(record + 20, (oldest ? DEPTHS : 0U) + (i == 3 ? 32U : 1U), 4);
	}
}

static void make_new(enum gopclntab_form form)
{
	put_common(magics[form], FUNCTIONS);
	put(8 + 8 * 2, F, 8);
	put(8 + 8 * 3, NAMES, 8);
	put(8 + 8 * 6, DEPTHS, 8);
	put(8 + 8 * 7, LIST, 8);
	for (size_t i = 0; i <= FUNCTIONS; i++) {
		size_t record = RECORDS + RECORD_LEN * i;
		put(LIST + 8 * i, starts[i] - F, 4);
		if (i == FUNCTIONS)
			break;
		put(LIST + 8 * i + 4, record - LIST, 4);
		put(record, starts[i] - F, 4);
		put(record + 4, 32 * i, 4);
		put(record + 16, i == 3 ? 32 : 1, 4);
		put(record + (form == GOPCLNTAB_1_18 ? 37 : 41), flags[i], 1);
	}
}

static void make(enum gopclntab_form form)
{
	static const unsigned char nothing[END - F];

	if (!code.module.elf)
		code_image_open(&code, nothing, sizeof(nothing));
	if (form >= GOPCLNTAB_1_18)
		make_new(form);
	else
		make_old(form);
}

static bool read_made(size_t len)
{
	return gopclntab_read(&read_table, &code.module, table, len, TABLE_VADDR);
}

static int32_t depth_at(uint64_t vaddr)
{
	struct gopclntab_function function;
	int32_t depth;

	if (!gopclntab_find(&read_table, vaddr, &function) ||
		!gopclntab_depth(&read_table, &function, vaddr, &depth))
		return -1;
	return depth;
}

static enum gopclntab_kind kind_at(uint64_t vaddr)
{
	struct gopclntab_function function;

	check_true(gopclntab_find(&read_table, vaddr, &function));
	return function.kind;
}

static void check_form(enum gopclntab_form form)
{
	struct gopclntab_function function;

	make(form);
	check_true(read_made(SIZE));
	check_int(read_table.form, form);
	check_int(read_table.count, FUNCTIONS);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		check_true(gopclntab_find(&read_table, starts[i + 1] - 1, &function));
		check_u64(function.start, starts[i]);
		check_u64(function.end, starts[i + 1]);
		check_str(function.name, names[i]);
		check_true(gopclntab_find(&read_table, starts[i], &function));
		check_u64(function.start, starts[i]);
	}
	check_false(gopclntab_find(&read_table, F - 1, &function));
	check_false(gopclntab_find(&read_table, END, &function));
	check_false(gopclntab_find(&read_table, UINT64_MAX, &function));
	check_false(gopclntab_find(&read_table, 0, &function));
	check_int(depth_at(F), 0);
	check_int(depth_at(F + 4 * UNIT - 1), 0);
	check_int(depth_at(F + 4 * UNIT), 24);
	check_int(depth_at(F + 12 * UNIT - 1), 24);
	check_int(depth_at(F + 12 * UNIT), 0);
	check_int(depth_at(F + 16 * UNIT), -1); // behind the last instruction that has one
	check_int(depth_at(I), 1 << 20);
	check_int(kind_at(F), GOPCLNTAB_PLAIN);
	check_int(kind_at(G), GOPCLNTAB_FIRST);
	check_int(kind_at(H), GOPCLNTAB_SWITCHES);
	check_int(kind_at(I), form >= GOPCLNTAB_1_18 ? GOPCLNTAB_FIRST : GOPCLNTAB_PLAIN);
}

Test(gopclntab, form_of_go_1_2)
{
	check_form(GOPCLNTAB_1_2);
}

Test(gopclntab, form_of_go_1_16)
{
	check_form(GOPCLNTAB_1_16);
	check_false(read_table.flagged);
	put(RECORDS + RECORD_LEN * 3 + 41, 1, 1); // as 1.17 has it
	check_true(read_made(SIZE));
	check_true(read_table.flagged);
	check_int(kind_at(I), GOPCLNTAB_FIRST);
	check_int(kind_at(H), GOPCLNTAB_PLAIN); // the one that only adapts calls
}

Test(gopclntab, form_of_go_1_18)
{
	check_form(GOPCLNTAB_1_18);
}

Test(gopclntab, form_of_go_1_20)
{
	check_form(GOPCLNTAB_1_20);
}

Test(gopclntab, cut_anywhere)
{
	static const enum gopclntab_form forms[] = {
		GOPCLNTAB_1_2, GOPCLNTAB_1_16, GOPCLNTAB_1_18, GOPCLNTAB_1_20};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		make(forms[i]);
		for (size_t len = 0; len < SIZE; len++) {
			// At the end of a mapping of its own: what reads on is caught by the
			// sanitizer.
			unsigned char *copy = malloc(len);
			memcpy(copy, table, len);
			if (gopclntab_read(&read_table, &code.module, copy, len, TABLE_VADDR)) {
				check_true(len >= (forms[i] == GOPCLNTAB_1_2 ? 16 : LIST));
				for (uint64_t vaddr = F; vaddr < END; vaddr++)
					check_true(depth_at(vaddr) <= 1 << 20);
			}
			free(copy);
		}
	}
	module_fini(&code.module);
	check_no_leak();
}

Test(gopclntab, a_header_that_is_none)
{
	static const struct {
		size_t at, size;
		uint64_t value;
	} wrong[] = {
		{0, 4, 0xfffffff2},
		{0, 4, 0xf0ffffff}, // another magic, and that of the other endianness
		{4, 1, 1}, {5, 1, 1}, {6, 1, 3 - UNIT / 4}, {7, 1, 4}, {8, 8, 0},
		{8, 8, UINT64_MAX}, {8, 8, UINT64_MAX / 8 + 2}, {8, 8, SIZE},
		{8 + 8 * 2, 8, F + 0x100000}, {8 + 8 * 2, 8, 0}, // the text is no code
		{8 + 8 * 3, 8, SIZE}, {8 + 8 * 3, 8, UINT64_MAX}, {8 + 8 * 6, 8, SIZE},
		{8 + 8 * 7, 8, SIZE - 4}, {8 + 8 * 7, 8, UINT64_MAX - 8}, {LIST, 4, 0xfffffff0},
		{LIST + 8, 4, 0}, {LIST + 16, 4, 1},   // out of order
		{LIST + 8 * FUNCTIONS, 4, 0x7fffffff}, // the end is no code
	};

	make(GOPCLNTAB_1_18);
	check_true(read_made(SIZE));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make(GOPCLNTAB_1_18);
		put(wrong[i].at, wrong[i].value, wrong[i].size);
		cr_assert(!read_made(SIZE), "wrong value %zu is taken", i);
	}
}

Test(gopclntab, a_record_that_is_none)
{
	struct gopclntab_function function;
	static const struct {
		size_t at;
		uint32_t value;
	} wrong[] = {
		{LIST + 4, SIZE},
		{LIST + 4, UINT32_MAX},                  // where the record is
		{LIST + 4, RECORDS + RECORD_LEN - LIST}, // another function's
		{RECORDS, 1},
		{RECORDS + 4, SIZE},
		{RECORDS + 4, UINT32_MAX},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make(GOPCLNTAB_1_18);
		put(wrong[i].at, wrong[i].value, 4);
		check_true(read_made(SIZE));
		cr_assert(
			!gopclntab_find(&read_table, F, &function), "wrong value %zu is taken", i);
		check_true(gopclntab_find(&read_table, G, &function));
	}
	// A name that does not end.
	make(GOPCLNTAB_1_18);
	put(RECORDS + 4, SIZE - 1 - NAMES, 4);
	table[SIZE - 1] = 'x';
	check_true(read_made(SIZE));
	check_false(gopclntab_find(&read_table, F, &function));
}

Test(gopclntab, depths_that_are_none)
{
	static const struct {
		const char *what;
		unsigned char bytes[8];
	} wrong[] = {
		{"nothing", {0, 0}},
		{"a step that leads nowhere", {2, 0, 0x30, 0}},
		{"a number that does not end", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1}},
		{"an end before the instruction", {2, 4, 0, 4}},
		{"beyond the function", {2, 0xff, 0xff, 0x7f, 0}},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make(GOPCLNTAB_1_18);
		memcpy(table + DEPTHS + 1, wrong[i].bytes, sizeof(wrong[i].bytes));
		check_true(read_made(SIZE));
		cr_assert(depth_at(F + 5 * UNIT) == -1, "%s", wrong[i].what);
	}
	make(GOPCLNTAB_1_18);
	put(RECORDS + 16, 0, 4); // it has none
	check_true(read_made(SIZE));
	check_int(depth_at(F), -1);
	put(RECORDS + 16, UINT32_MAX, 4);
	check_int(depth_at(F), -1);
	put(RECORDS + 16, SIZE - 1 - DEPTHS, 4); // the last byte
	check_int(depth_at(F), -1);
}

// Bytes of every part, again and again.
Test(gopclntab, damaged)
{
	static const enum gopclntab_form forms[] = {
		GOPCLNTAB_1_2, GOPCLNTAB_1_16, GOPCLNTAB_1_18, GOPCLNTAB_1_20};
	unsigned taken = 0;

	srandom(7);
	for (int round = 0; round < 20000; round++) {
		make(forms[round % 4]);
		for (int i = 0; i < 1 + round % 5; i++)
			table[8 + (size_t)random() % (SIZE - 8)] =
				(unsigned char)(random() % 2 ? random() : 0xff);
		if (!read_made(SIZE))
			continue;
		taken++;
		for (uint64_t vaddr = F - 8; vaddr < END + 8; vaddr += 4)
			depth_at(vaddr);
	}
	check_true(taken > 1000);
}

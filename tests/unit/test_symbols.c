// SPDX-License-Identifier: GPL-2.0-or-later
// Names, looked up in this very program.
#include "self_snapshot.h"
#include "space.h"
#include "symbols.h"

// A label without a size, another right behind it, and a function with aliases, in assembly.
__asm__(".text\n"
	"open_label:\n"
	".skip 4, 0xcc\n"
	".L_no_name_bounds_nothing:\n"
	".skip 12, 0xcc\n"
	"sized_start:\n"
	".skip 8, 0xcc\n"
	".globl sized_global\n"
	".weak sized_weak\n"
	".type sized_local, @function\n"
	".type sized_global, @function\n"
	".type _sized_global, @function\n"
	".type sized_weak, @function\n"
	"sized_local:\n"
	".globl _sized_global\n"
	"_sized_global:\n"
	"sized_global:\n"
	"sized_weak:\n"
	".skip 32, 0xcc\n"
	".size sized_local, 32\n"
	".size sized_global, 32\n"
	".size _sized_global, 32\n"
	".size sized_weak, 32\n"
	"after_sized:\n"
	".skip 64, 0xcc\n");

extern const char open_label[], sized_start[], sized_global[], after_sized[];

static struct snapshot snapshot;
static struct space space;

static void open_self(void)
{
	self_maps(&snapshot);
	check_int(space_init(&space, &snapshot), 0);
}

static void close_self(void)
{
	space_fini(&space);
	snapshot_fini(&snapshot);
}

// Asserts that the byte at ADDR + OFFSET is NAME + WANTED.
static void check_name(const char *addr, size_t offset, const char *name, uint64_t wanted)
{
	struct location at = space_locate(&space, (uint64_t)(uintptr_t)addr + offset);
	struct symbol_query query = {.vaddr = at.vaddr};

	check_true(at.module != SNAPSHOT_NO_MODULE);
	symbols_resolve(space_module(&space, at.module), &query, 1);
	check_str(query.name ? query.name : "(none)", name);
	if (query.name)
		check_u64(query.vaddr - query.start, wanted);
}

Test(symbols, a_size_bounds_a_name, .init = open_self)
{
	check_name(sized_global, 0, "sized_global", 0);
	check_name(sized_global, 31, "sized_global", 31);
	check_name(after_sized, 0, "after_sized", 0);
	close_self();
	check_no_leak();
}

Test(symbols, without_a_size_the_next_symbol_bounds_it, .init = open_self)
{
	check_name(open_label, 0, "open_label", 0);
	check_name(open_label, 15, "open_label", 15);
	check_name(sized_start, 0, "sized_start", 0);
	check_name(sized_start, 7, "sized_start", 7);
	close_self();
}

Test(symbols, many_addresses_at_once_are_named_as_alone, .init = open_self)
{
	struct location at = space_locate(&space, (uint64_t)(uintptr_t)open_label);
	struct symbol_query queries[60], some[20];

	memset(queries, 0, sizeof(queries));
	for (size_t i = 0; i < 60; i++)
		queries[i].vaddr = at.vaddr + i;
	symbols_resolve(space_module(&space, at.module), queries, 60);
	for (size_t i = 0; i < 60; i++) {
		struct symbol_query alone = {.vaddr = at.vaddr + i};
		symbols_resolve(space_module(&space, at.module), &alone, 1);
		check_str(queries[i].name, alone.name);
		check_u64(queries[i].start, alone.start);
		// Few at once are looked for in another way than many.
		size_t few = i % 20 + 1;
		for (size_t j = 0; j < few; j++)
			some[j].vaddr = at.vaddr + i + j * 7;
		symbols_resolve(space_module(&space, at.module), some, few);
		for (size_t j = 0; j < few && i + j * 7 < 60; j++) {
			check_str(some[j].name, queries[i + j * 7].name);
			check_u64(some[j].start, queries[i + j * 7].start);
		}
	}
	check_str(queries[20].name, "sized_start");
	close_self();
}

Test(symbols, an_address_before_all_symbols_has_no_name, .init = open_self)
{
	struct location at = space_locate(&space, (uint64_t)(uintptr_t)open_label);
	struct symbol_query query = {.vaddr = 1};

	symbols_resolve(space_module(&space, at.module), &query, 1);
	check_true(query.name == NULL);
	close_self();
}

static void check_shown(const char *name, bool raw, const char *expected)
{
	char *shown = symbol_display_name(name, raw);

	check_str(shown, expected);
	free(shown);
}

Test(symbols, names_for_people)
{
	check_shown("main", false, "main");
	check_shown("memcpy@@GLIBC_2.14", false, "memcpy");
	check_shown("memcpy@GLIBC_2.2.5", true, "memcpy");
	check_shown("@", false, "@");
	check_shown("_ZN3foo3barEi", false, "foo::bar(int)");
	check_shown("_ZN3foo3barEi", true, "_ZN3foo3barEi");
	check_shown("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", false,
		"core::fmt::Write::write_fmt");
	check_shown("_RNvCs1234_7mycrate3foo", false, "mycrate::foo");
	check_shown("_D3std5stdio7writelnFZv", false, "std.stdio.writeln()");
	check_shown("_Znot_a_name", false, "_Znot_a_name");
}

Test(symbols, a_long_name_is_cut)
{
	char *name = malloc(100000);

	memset(name, 'x', 99999);
	name[99999] = '\0';
	char *shown = symbol_display_name(name, false);
	check_int(strlen(shown), SYMBOL_NAME_MAX);
	check_str(shown + SYMBOL_NAME_MAX - 3, "...");
	free(shown);
	free(name);
}

// Each level of the template names the one before it twice: 300 bytes of text, 2^30 of name.
Test(symbols, a_name_that_grows_without_bounds_is_cut)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[2000] = "_Z1f1A1PIS_S_E";

	for (int level = 1; level < 30; level++) {
		size_t len = strlen(name);
		snprintf(name + len, sizeof(name) - len, "S0_IS%c_S%c_E", digits[level],
			digits[level]);
	}
	char *shown = symbol_display_name(name, false);
	check_int(strlen(shown), SYMBOL_NAME_MAX);
	check_int(strncmp(shown, "f(A, P<A, A>, P<P<A, A>, P<A, A> >", 34), 0);
	check_str(shown + SYMBOL_NAME_MAX - 3, "...");
	free(shown);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// What is made of single instructions.
#include "insn.h"
#include "unit.h"

enum { RAX = 0, RBX = 3, RBP = 6, RSP = 7, R10 = 10, R13 = 13 };

#define CODE(...) (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})

static const struct {
	const unsigned char *bytes;
	size_t len;
	struct insn insn;
} rows[] = {
	{CODE(0x55), {.kind = INSN_PUSH, .reg = RBP}},
	{CODE(0x41, 0x5d), {.kind = INSN_POP, .reg = R13}},
	{CODE(0x6a, 0x38), {.kind = INSN_PUSH, .reg = INSN_NO_REG, .disp = 0x38}},
	{CODE(0xff, 0x35, 1, 0, 0, 0),
		{.kind = INSN_PUSH, .reg = INSN_NO_REG, .base = INSN_BASE_PC}},
	{CODE(0x48, 0x89, 0xe5), {.kind = INSN_ADDRESS, .reg = RBP, .base = RSP}},
	{CODE(0x48, 0x83, 0xec, 0x18),
		{.kind = INSN_ADDRESS, .reg = RSP, .base = RSP, .disp = -0x18}},
	{CODE(0x48, 0x81, 0xc4, 0, 1, 0, 0),
		{.kind = INSN_ADDRESS, .reg = RSP, .base = RSP, .disp = 0x100}},
	{CODE(0x48, 0x8d, 0x65, 0xd8),
		{.kind = INSN_ADDRESS, .reg = RSP, .base = RBP, .disp = -0x28}},
	{CODE(0x4c, 0x8d, 0x54, 0x24, 0x08),
		{.kind = INSN_ADDRESS, .reg = R10, .base = RSP, .disp = 8}},
	{CODE(0x48, 0x83, 0xe4, 0xf0), {.kind = INSN_ALIGN, .reg = RSP, .disp = -16}},
	{CODE(0x48, 0x8b, 0x5d, 0xf8), {.kind = INSN_LOAD, .reg = RBX, .base = RBP, .disp = -8}},
	{CODE(0x48, 0x89, 0x5c, 0x24, 0x10),
		{.kind = INSN_STORE, .reg = RBX, .base = RSP, .disp = 16}},
	{CODE(0x31, 0xc0), {.kind = INSN_CONSTANT, .reg = RAX}},
	{CODE(0xb0, 0x3c), {.kind = INSN_CONSTANT_BYTE, .reg = RAX, .disp = 0x3c}},
	{CODE(0xb8, 0xe7, 0, 0, 0), {.kind = INSN_CONSTANT, .reg = RAX, .disp = 231}},
	{CODE(0xc9), {.kind = INSN_LEAVE}},
	{CODE(0xe8, 0xfb, 0xff, 0xff, 0xff), {.kind = INSN_CALL, .target = 0x1000}},
	{CODE(0xff, 0xd0), {.kind = INSN_CALL}},
	{CODE(0xf2, 0xff, 0x25, 0, 0, 0, 0), {.kind = INSN_JUMP_SLOT}},
	{CODE(0x3e, 0xff, 0xe0), {.kind = INSN_JUMP_INDIRECT}},
	{CODE(0xeb, 0x10), {.kind = INSN_JUMP, .target = 0x1012}},
	{CODE(0x74, 0xfe), {.kind = INSN_BRANCH, .target = 0x1000}},
	{CODE(0xe2, 0x00), {.kind = INSN_BRANCH, .target = 0x1002}},
	{CODE(0xff, 0x24, 0xc5, 0, 0x20, 0, 0), {.kind = INSN_JUMP_TABLE, .disp = 0x2000}},
	{CODE(0x83, 0x7d, 0xfc, 0x05), {.kind = INSN_COMPARE, .disp = 5}},
	{CODE(0x48, 0x8d, 0x15, 0x10, 0, 0, 0), {.kind = INSN_CONSTANT, .reg = 1, .disp = 0x1017}},
	{CODE(0xc3), {.kind = INSN_RETURN}},
	{CODE(0xf3, 0xc3), {.kind = INSN_RETURN}},
	{CODE(0xc2, 8, 0), {.kind = INSN_RETURN, .disp = 8}},
	{CODE(0x0f, 0x05), {.kind = INSN_SYSCALL}},
	{CODE(0xf4), {.kind = INSN_STOP}},
	{CODE(0x0f, 0x0b), {.kind = INSN_STOP}},
	{CODE(0x66, 0x55), {.kind = INSN_STOP}}, // pushes two bytes
	// Not the stack pointer plus a constant: only that it is written may be known.
	{CODE(0x48, 0x29, 0xc4), {.kind = INSN_OTHER, .writes = 1 << RSP}},
	{CODE(0x48, 0x94), {.kind = INSN_OTHER, .writes = 1 << RSP | 1 << RAX}},
	{CODE(0x83, 0xec, 0x10), {.kind = INSN_OTHER, .writes = 1 << RSP}}, // half of it
	{CODE(0x48, 0x8d, 0x64, 0x04, 0x08), {.kind = INSN_OTHER, .writes = 1 << RSP}},
	{CODE(0xb3, 0x01), {.kind = INSN_CONSTANT_BYTE, .reg = RBX, .disp = 1}},
	{CODE(0x48, 0x0f, 0x44, 0xd8), {.kind = INSN_OTHER, .writes = 1 << RBX}},
};

Test(insn, every_kind)
{
	struct insn_decoder *decoder = insn_decoder_open();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct insn *expected = &rows[i].insn;
		struct insn insn;
		check_int(insn_decode(decoder, 0x1000, rows[i].bytes, rows[i].len, &insn),
			rows[i].len);
		check_int(insn.kind, expected->kind);
		check_u64(insn.target, expected->target);
		check_int(insn.disp, expected->disp);
		if (insn.kind == INSN_OTHER) {
			check_int(insn.writes & expected->writes, expected->writes);
			continue;
		}
		if (insn.kind <= INSN_POP && insn.kind != INSN_OTHER)
			check_int(insn.reg, expected->reg);
		if (expected->base)
			check_int(insn.base, expected->base);
	}
	insn_decoder_close(decoder);
	check_no_leak();
}

Test(insn, what_is_cut_off_is_none)
{
	struct insn_decoder *decoder = insn_decoder_open();
	struct insn insn;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t len = 0; len < rows[i].len; len++) {
			// A copy of its own size, so that a read past its end is seen.
			unsigned char *part = malloc(len + !len);
			memcpy(part, rows[i].bytes, len);
			size_t found = insn_decode(decoder, 0x1000, part, len, &insn);
			check_true(found <= len);
			free(part);
		}
	insn_decoder_close(decoder);
}

Test(insn, random_bytes)
{
	struct insn_decoder *decoder = insn_decoder_open();
	unsigned char bytes[INSN_BYTES_MAX];
	struct insn insn;

	srandom(1);
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)random() % (sizeof(bytes) + 1);
		for (size_t b = 0; b < len; b++)
			bytes[b] = (unsigned char)random();
		size_t found = insn_decode(decoder, (uint64_t)random(), bytes, len, &insn);
		check_true(found <= len);
		if (found > 0)
			check_true(insn.len == found && insn.kind <= INSN_STOP && insn.reg < 16 &&
				   insn.base < 16);
	}
	insn_decoder_close(decoder);
}

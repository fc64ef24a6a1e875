// SPDX-License-Identifier: GPL-2.0-or-later
// Signal frames in copied stacks.
#include "leftstack.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

enum {
	FLAGS_MAX = 7,
	ALTERNATE_MIN = 2048,
	ALIGNMENT = 16, // of a context: both kernels align their signal frames so
};

// The part of the kernel's struct ucontext that is looked at begins as the library's does.
#if defined(__x86_64__)
enum {
	SP_AT = offsetof(ucontext_t, uc_mcontext.gregs) + REG_RSP * sizeof(uint64_t),
	SEGMENTS_AT = offsetof(ucontext_t, uc_mcontext.gregs) + REG_CSGSFS * sizeof(uint64_t),
	LOOKED_AT = SEGMENTS_AT + sizeof(uint64_t),
	USER_CODE = 0x33,
};
#elif defined(__aarch64__)
enum {
	SP_AT = offsetof(ucontext_t, uc_mcontext.sp),
	LOOKED_AT = SP_AT + sizeof(uint64_t),
};
#endif

static uint64_t word_at(const unsigned char *bytes, size_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

// True when the BYTES, copied from ADDR, are the context of a handler on the alternate stack that
// SP is on. Other stacks may lie above it, with what handlers left there that are over.
static bool is_context(const unsigned char *bytes, uint64_t addr, uint64_t sp)
{
	uint64_t base = word_at(bytes, offsetof(ucontext_t, uc_stack.ss_sp));
	uint64_t size = word_at(bytes, offsetof(ucontext_t, uc_stack.ss_size));

	if (word_at(bytes, offsetof(ucontext_t, uc_flags)) > FLAGS_MAX ||
		word_at(bytes, offsetof(ucontext_t, uc_link)) != 0 || size < ALTERNATE_MIN ||
		addr - base >= size || sp - base >= size || word_at(bytes, SP_AT) - base < size)
		return false;
#if defined(__x86_64__)
	return (word_at(bytes, SEGMENTS_AT) & 0xffff) == USER_CODE;
#else
	return true;
#endif
}

uint64_t leftstack_find(const unsigned char *bytes, size_t len, uint64_t addr)
{
	for (size_t at = -addr % ALIGNMENT; at + LOOKED_AT <= len; at += ALIGNMENT)
		if (is_context(bytes + at, addr + at, addr))
			return word_at(bytes, at + SP_AT);
	return 0;
}

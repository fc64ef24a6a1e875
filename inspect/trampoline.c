// SPDX-License-Identifier: GPL-2.0-or-later
// Signal frames of the kernel.
#include "trampoline.h"

#include "cleanup.h"

#include <string.h>

#if defined(__x86_64__)
// Offsets from the stack pointer in the trampoline: struct ucontext begins there.
enum { REGISTERS_AT = 40, SEGMENTS_AT = REGISTERS_AT + 18 * 8, USER_CODE = 0x33 };
// The DWARF numbers in the order of struct sigcontext.
static const uint8_t order[] = {8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16};
#elif defined(__aarch64__)
// struct siginfo, then struct ucontext, in it struct sigcontext with the fault address before.
enum { REGISTERS_AT = 128 + 176 + 8 };
static const uint8_t order[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
#endif

bool trampoline_is_sigreturn(struct space *space, const struct snapshot_thread *thread, uint64_t pc)
{
	uint64_t code, rest;

	if (space_read_word(space, thread, pc, &code) < 0 ||
		space_read_word(space, thread, pc + 8, &rest) < 0)
		return false;
#if defined(__x86_64__)
	// mov $15, %rax (or %eax); syscall
	return (code == 0x0f0000000fc0c748 && (rest & 0xff) == 0x05) ||
	       (code & 0x00ffffffffffffff) == 0x00050f0000000fb8;
#elif defined(__aarch64__)
	(void)rest;
	return code == 0xd4000001d2801168; // mov x8, #139; svc #0
#endif
}

bool trampoline_is_goexit(struct space *space, const struct snapshot_thread *thread, uint64_t pc)
{
#if defined(__x86_64__)
	uint64_t code;

	return space_read_word(space, thread, pc - 1, &code) == 0 && (code & 0xffff) == 0xe890 &&
	       (code >> 48 & 0xff) == 0x90;
#else
	(void)space;
	(void)thread;
	(void)pc;
	return false;
#endif
}

int trampoline_interrupted(struct space *space, const struct snapshot_thread *thread,
	const struct frame_regs *frame, struct frame_regs *ret, struct row_trouble *trouble)
{
	uint64_t sp = frame->values[ARCH_REG_SP];
	struct frame_regs interrupted = {0};

	*trouble = (struct row_trouble){.memory = true};
	for (size_t i = 0; i < sizeof(order); i++) {
		trouble->at = sp + REGISTERS_AT + 8 * i;
		if (space_read_word(space, thread, trouble->at, &interrupted.values[order[i]]) < 0)
			return -EFAULT;
		interrupted.known |= UINT64_C(1) << order[i];
	}
#if defined(__x86_64__)
	uint64_t segments;
	if (space_read_word(space, thread, sp + SEGMENTS_AT, &segments) < 0)
		return -EFAULT;
	if ((segments & 0xffff) != USER_CODE) {
		*trouble = (struct row_trouble){0};
		return -EINVAL;
	}
#endif
	*ret = interrupted;
	return 0;
}

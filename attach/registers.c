// SPDX-License-Identifier: GPL-2.0-or-later
// Registers, one part for each machine.
#include "registers.h"

#include <errno.h>

#if defined(__x86_64__)
void registers_take(struct snapshot_thread *thread, const struct user_regs_struct *r)
{
	const unsigned long long dwarf[ARCH_REG_COUNT] = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi,
		r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
		r->r15, r->rip};
	const unsigned long long args[6] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};

	for (int i = 0; i < ARCH_REG_COUNT; i++)
		thread->regs[i] = dwarf[i];
	thread->in_syscall = (long long)r->orig_rax >= 0;
	thread->syscall_nr = r->orig_rax;
	for (int i = 0; i < 6; i++)
		thread->syscall_args[i] = args[i];
	thread->regs_known = SNAPSHOT_ALL_REGS;
}

uint64_t registers_thread_pointer(const struct user_regs_struct *r)
{
	return r->fs_base;
}

bool registers_say_eintr(const struct user_regs_struct *r)
{
	return (long long)r->orig_rax >= 0 && (long long)r->rax == -EINTR;
}

bool registers_are_32_bit(const struct user_regs_struct *r)
{
	return (r->cs & 0xffff) == 0x23; // __USER32_CS
}

bool registers_are_none(const struct user_regs_struct *r)
{
	return r->rip == 0 && r->rsp == 0;
}
#elif defined(__aarch64__)
void registers_take(struct snapshot_thread *thread, const struct user_regs_struct *r)
{
	for (int i = 0; i < 31; i++)
		thread->regs[i] = r->regs[i];
	thread->regs[ARCH_REG_SP] = r->sp;
	thread->regs[ARCH_REG_PC] = r->pc;
	thread->regs_known = SNAPSHOT_ALL_REGS;
}

uint64_t registers_thread_pointer(const struct user_regs_struct *r)
{
	(void)r; // tpidr_el0 is none of them; and glibc keeps most below it
	return 0;
}

bool registers_say_eintr(const struct user_regs_struct *r)
{
	return (long long)r->regs[0] == -EINTR; // whether it is in a system call is not told
}

bool registers_are_32_bit(const struct user_regs_struct *r)
{
	return (r->pstate & 0x10) != 0; // PSR_MODE32_BIT
}

bool registers_are_none(const struct user_regs_struct *r)
{
	return r->pc == 0 && r->sp == 0;
}
#endif

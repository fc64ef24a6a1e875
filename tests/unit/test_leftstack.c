// SPDX-License-Identifier: GPL-2.0-or-later
// The stack that a handler on an alternate one has left: a real signal frame, and such that are
// none.
#include "leftstack.h"

#include "unit.h"

#include <signal.h>
#include <ucontext.h>

enum { SIZE = 1 << 16 };

static unsigned char alternate[SIZE] __attribute__((aligned(16)));
static unsigned char copy[SIZE];
static uint64_t true_sp;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;

	(void)sig;
	(void)info;
#if defined(__x86_64__)
	true_sp = (uint64_t)interrupted->uc_mcontext.gregs[REG_RSP];
#else
	true_sp = interrupted->uc_mcontext.sp;
#endif
	for (size_t i = 0; i < SIZE; i++) // not by memcpy(3): of a stack, under a sanitizer
		copy[i] = ((volatile unsigned char *)alternate)[i];
}

static void raise_on(int flags)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};
	stack_t stack = {.ss_sp = alternate, .ss_size = SIZE};

	check_int(sigaltstack(&stack, NULL), 0);
	check_int(sigaction(SIGUSR1, &action, NULL), 0);
	check_int(raise(SIGUSR1), 0);
}

Test(leftstack, of_a_handler)
{
	uint64_t addr = (uint64_t)(uintptr_t)alternate;

	raise_on(SA_ONSTACK);
	check_true(true_sp - addr >= SIZE);
	check_u64(leftstack_find(copy, SIZE, addr), true_sp);
	// However the copy begins.
	check_u64(leftstack_find(copy + 8, SIZE - 8, addr + 8), true_sp);
	// The same bytes from another place are not on the alternate stack.
	check_u64(leftstack_find(copy, SIZE, addr + SIZE), 0);
	check_u64(leftstack_find(copy, SIZE, addr - SIZE), 0);
	// They are on the stack behind another, on which the thread is.
	static unsigned char both[2 * SIZE];
	memcpy(both + SIZE, copy, SIZE);
	check_u64(leftstack_find(both, sizeof(both), addr - SIZE), 0);
}

Test(leftstack, none)
{
	uint64_t addr = (uint64_t)(uintptr_t)alternate;

	raise_on(0); // a handler on the stack that it interrupts
	check_u64(leftstack_find(copy, SIZE, addr), 0);
	check_u64(leftstack_find(NULL, 0, 0), 0);
	memset(copy, 0xff, SIZE);
	check_u64(leftstack_find(copy, SIZE, addr), 0);
	memset(copy, 0, SIZE);
	check_u64(leftstack_find(copy, SIZE, addr), 0);
}

Test(leftstack, cut_anywhere)
{
	uint64_t addr = (uint64_t)(uintptr_t)alternate;

	raise_on(SA_ONSTACK);
	for (size_t len = 0; len < 4096; len += 3) {
		unsigned char *part = malloc(len + !len);
		memcpy(part, copy + SIZE - len, len);
		uint64_t found = leftstack_find(part, len, addr + SIZE - len);
		check_true(found == 0 || found == true_sp);
		free(part);
	}
}

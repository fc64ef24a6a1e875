// SPDX-License-Identifier: GPL-2.0-or-later
// Sets of signals as the kernel has them: bit N - 1 is signal N, of 64. The sets of a C library
// lack the signals that the library keeps for itself, glibc's two others than musl's three, and
// those are signals to a program that is linked with another library.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIGBITS_LAST = 64 };

#define SIGBITS_ALL UINT64_MAX
#define SIGBIT(sig) (UINT64_C(1) << ((sig)-1))

// Blocks the signals of MASK and no others, rt_sigprocmask(2). Returns those that were blocked.
static inline uint64_t sigbits_block(uint64_t mask)
{
	uint64_t before = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof(mask));
	return before;
}

// The signals that are blocked.
static inline uint64_t sigbits_blocked(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

// A signalfd(2) for SET, that is closed on execve(2) and does not block; or -1 and errno.
static inline int sigbits_open(uint64_t set)
{
	return (int)syscall(SYS_signalfd4, -1, &set, sizeof(set), SFD_CLOEXEC | SFD_NONBLOCK);
}

// True when SIG is ignored, rt_sigaction(2).
static inline bool sigbits_is_ignored(int sig)
{
	struct {
		uint64_t handler, flags, restorer, mask; // some machines have no restorer
	} action = {0};

	return syscall(SYS_rt_sigaction, sig, NULL, &action, sizeof(action.mask)) == 0 &&
	       action.handler == (uint64_t)(uintptr_t)SIG_IGN;
}

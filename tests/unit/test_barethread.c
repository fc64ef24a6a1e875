// SPDX-License-Identifier: GPL-2.0-or-later
#include "barethread.h"
#include "unit.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(void *arg)
{
	uint64_t *seen = arg;

	seen[0] = (uint64_t)bare_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
	seen[1] = (uint64_t)bare_call(SYS_close, -1, 0, 0, 0, 0, 0);
	bare_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&seen[2], sizeof(seen[2]), 0, 0);
}

Test(barethread, runs_and_ends_and_takes_no_signal)
{
	static _Alignas(16) unsigned char stack[64 << 10];
	uint64_t seen[3] = {0};
	int tid = 1;
	sigset_t before, after;

	sigprocmask(SIG_BLOCK, NULL, &before);
	errno = ENOTTY;
	check_int(bare_thread(note, seen, stack + sizeof(stack), &tid), 0);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) != 0)
		usleep(100);
	check_true(seen[0] > 1 && seen[0] != (uint64_t)getpid());
	check_int((int)seen[1], -EBADF);
	check_int(errno, ENOTTY); // its failed call is none of ours
	for (int sig = 1; sig < 32; sig++)
		check_int(seen[2] >> (sig - 1) & 1, sig != SIGKILL && sig != SIGSTOP);
	sigprocmask(SIG_BLOCK, NULL, &after);
	check_int(memcmp(&before, &after, 8), 0);
}

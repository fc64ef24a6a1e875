// SPDX-License-Identifier: GPL-2.0-or-later
// Stopping and dying as the command did.
#include "job.h"

#include "sigbits.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

bool job_stop(int sig, bool whole_group)
{
	struct sigaction plain = {.sa_handler = SIG_DFL}, before;
	sigset_t pending;

	sigaction(sig, &plain, &before);
	kill(whole_group ? 0 : getpid(), sig);
	sigbits_block(SIGBITS_ALL & ~SIGBIT(sig)); // here we stop, until SIGCONT
	sigbits_block(SIGBITS_ALL);
	sigaction(sig, &before, NULL);
	sigpending(&pending);
	return sigismember(&pending, SIGCONT) == 1;
}

void job_die(int sig, bool whole_group)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};

	prctl(PR_SET_DUMPABLE, 0); // no core file of ours
	sigaction(sig, &plain, NULL);
	kill(whole_group ? 0 : getpid(), sig);
	sigbits_block(SIGBITS_ALL & ~SIGBIT(sig));
}

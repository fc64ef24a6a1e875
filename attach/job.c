// SPDX-License-Identifier: GPL-2.0-or-later
// Stopping and dying as the command did.
#include "job.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

bool job_stop(int sig, bool whole_group)
{
	struct sigaction plain = {.sa_handler = SIG_DFL}, before;
	sigset_t only, pending;

	sigaction(sig, &plain, &before);
	sigemptyset(&only);
	sigaddset(&only, sig);
	kill(whole_group ? 0 : getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &only, NULL); // here we stop, until SIGCONT
	sigprocmask(SIG_BLOCK, &only, NULL);
	sigaction(sig, &before, NULL);
	sigpending(&pending);
	return sigismember(&pending, SIGCONT) == 1;
}

void job_die(int sig, bool whole_group)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t only;

	prctl(PR_SET_DUMPABLE, 0); // no core file of ours
	sigaction(sig, &plain, NULL);
	sigemptyset(&only);
	sigaddset(&only, sig);
	kill(whole_group ? 0 : getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

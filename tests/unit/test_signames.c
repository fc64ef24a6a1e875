// SPDX-License-Identifier: GPL-2.0-or-later
#include "signames.h"
#include "unit.h"

#include <signal.h>

static uint64_t bit(int sig)
{
	return UINT64_C(1) << (sig - 1);
}

Test(signames, sets)
{
	char text[64];

	check_str(signames_of(0, text, sizeof(text)), "none");
	check_str(signames_of(UINT64_MAX, text, sizeof(text)), "all");
	check_str(signames_of(bit(SIGINT) | bit(SIGTERM) | bit(40), text, sizeof(text)),
		"SIGINT SIGTERM 40");
	check_str(signames_of(~(bit(SIGKILL) | bit(SIGSTOP)), text, sizeof(text)),
		"all but SIGKILL SIGSTOP");
	check_str(signames_of(UINT32_MAX, text, 20), "SIGHUP SIGINT...");
	for (size_t size = 8; size < sizeof(text); size++)
		check_true(strlen(signames_of(UINT32_MAX, text, size)) < size);
}

// The names are those of the C library, but for SIGIO, which it calls SIGPOLL.
Test(signames, names)
{
	for (int sig = 1; sig < 32; sig++) {
		char text[64], wanted[64];
		if (sig == SIGIO)
			continue;
		snprintf(wanted, sizeof(wanted), "SIG%s", sigabbrev_np(sig));
		check_str(signames_of(bit(sig), text, sizeof(text)), wanted);
	}
}

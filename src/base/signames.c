// SPDX-License-Identifier: GPL-2.0-or-later
// Names of signals, which have the same numbers on every machine that nspeek is built for.
#include "signames.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE",
	"KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP",
	"TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
	"SYS"};
enum { NAMED = sizeof(names) / sizeof(names[0]), SIGNALS = 64 };

char *signames_of(uint64_t mask, char *buffer, size_t size)
{
	static const char cut[] = "...";
	bool inverted = __builtin_popcountll(mask) > SIGNALS / 2;
	size_t len = 0;

	if (inverted)
		mask = ~mask;
	buffer[0] = '\0';
	if (inverted)
		len = (size_t)snprintf(buffer, size, mask ? "all but" : "all");
	for (int sig = 1; sig <= SIGNALS; sig++) {
		char word[16];
		if (!(mask >> (sig - 1) & 1))
			continue;
		int word_len = sig < NAMED ? snprintf(word, sizeof(word), "SIG%s", names[sig])
					   : snprintf(word, sizeof(word), "%d", sig);
		if (len + (size_t)word_len + sizeof(cut) + 1 > size) {
			snprintf(buffer + len, size - len, "%s", cut);
			return buffer;
		}
		len += (size_t)snprintf(buffer + len, size - len, "%s%s", len > 0 ? " " : "", word);
	}
	if (len == 0)
		snprintf(buffer, size, "none");
	return buffer;
}

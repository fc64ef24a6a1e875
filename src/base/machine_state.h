// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of the files of systemd-machined, /run/systemd/machines/NAME: lines KEY=VALUE.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { MACHINE_UNIT_SIZE = 512 };

struct machine_state {
	pid_t leader;                 // its first process; 0: it does not say
	bool is_vm;                   // a virtual machine, no container
	char unit[MACHINE_UNIT_SIZE]; // that it is in; empty: it does not say
};

// Parses TEXT, LEN bytes. Keys that are not known are passed over; a value that makes no sense
// counts as missing. Fails with -EINVAL when there is a NUL in it, or no leader.
int machine_state_parse(const char *text, size_t len, struct machine_state *ret);

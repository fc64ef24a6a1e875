// SPDX-License-Identifier: GPL-2.0-or-later
// What a state file of a runtime says of a container: flat, of fixed size, since it comes from a
// process that has read what others wrote.
#pragma once

#include "runtime.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	STATE_ID_SIZE = 256,
	STATE_NAME_SIZE =
		704, // of a pod: 63 for its namespace, 253 for its name, 63 for a container
	STATE_FILE_MAX = 4 << 20, // bytes of a file
};

// What was wrong with a file.
enum state_trouble {
	STATE_FINE,
	STATE_NO_JSON,  // it is cut off, or no JSON at all
	STATE_NO_SENSE, // a value that is needed is missing, of another type, or too long
	STATE_TROUBLES,
};

struct state_record {
	uint32_t file;    // its index
	uint32_t trouble; // enum state_trouble: nothing else is filled then
	int32_t pid;      // of the leader; 0: it does not say
	uint64_t start;   // of that, in clock ticks since the host was booted; 0: it does not say
	bool is_pod;      // it is of a pod: the name is NAMESPACE/POD/CONTAINER,
	bool is_sandbox;  // or NAMESPACE/POD for what holds its namespaces
	char id[STATE_ID_SIZE];     // empty: it does not say
	char name[STATE_NAME_SIZE]; // empty: it has none
};

// True when RECORD can be used: its strings end, its numbers are what they can be.
bool state_record_is_valid(const struct state_record *record);

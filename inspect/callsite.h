// SPDX-License-Identifier: GPL-2.0-or-later
// What a return address looks like: the code before it, and behind.
#pragma once

#include "codewalk.h"

// A return address, as the code before it shows it.
struct callsite {
	bool direct, indirect; // what the bytes before it can be
	int module;            // where it is: index, or SNAPSHOT_NO_MODULE
	int target_module;     // where the function is that is called directly
	uint64_t target;       // and which: ELF virtual address
};

// Looks at RA of SPACE, with the decoder and cache of WALK.
struct callsite callsite_look(struct codewalk *walk, struct space *space, uint64_t ra);

// True when RA is where an interpreter goes on that was returned to: HotSpot's puts such addresses
// on the stack without a call. It is code in no file, which begins with taking the stack pointer
// out of the frame that the frame pointer points to.
bool callsite_is_return_entry(struct codewalk *walk, struct space *space, uint64_t ra);

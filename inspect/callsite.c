// SPDX-License-Identifier: GPL-2.0-or-later
// The code around return addresses.
#include "callsite.h"

#include "space.h"
#include "symbolic.h"

enum {
	CALL_LEN = 5,          // of a direct call
	INDIRECT_CALL_MAX = 8, // of the longest indirect one
	RETURN_ENTRY_MAX = 3,  // instructions in which the stack pointer is taken
};

// The function that SITE calls at TARGET, if there is one: code that is in no file calls what is in
// files, too.
static void find_target(
	struct space *space, struct callsite *site, const struct module *module, uint64_t target)
{
	struct location at = {site->module, target, 0};

	if (module->made)
		at = space_locate(space, target);
	if (at.module == SNAPSHOT_NO_MODULE ||
		!module_is_code(space_module(space, at.module), at.vaddr))
		return;
	site->direct = true;
	site->target_module = at.module;
	site->target = at.vaddr;
}

struct callsite callsite_look(struct codewalk *walk, struct space *space, uint64_t ra)
{
	struct location at = space_locate(space, ra - 1);
	struct callsite site = {.module = at.module, .target_module = SNAPSHOT_NO_MODULE};
	struct insn insn;

	if (at.module == SNAPSHOT_NO_MODULE)
		return site;
	const struct module *module = space_module(space, at.module);
	uint64_t behind = at.vaddr + 1;
	if (codewalk_decode(walk, module, behind - CALL_LEN, &insn) == CALL_LEN &&
		insn.kind == INSN_CALL && insn.target != 0)
		find_target(space, &site, module, insn.target);
	for (unsigned len = 2; len <= INDIRECT_CALL_MAX; len++)
		if (codewalk_decode(walk, module, behind - len, &insn) == len &&
			insn.kind == INSN_CALL && insn.target == 0)
			site.indirect = true;
	return site;
}

bool callsite_is_return_entry(struct codewalk *walk, struct space *space, uint64_t ra)
{
	struct location at = space_locate(space, ra);
	bool loads = false;
	struct insn insn;

	if (at.module != space_made(space))
		return false;
	const struct module *module = space_module(space, at.module);
	for (int i = 0; i < RETURN_ENTRY_MAX; i++, at.vaddr += insn.len) {
		if (codewalk_decode(walk, module, at.vaddr, &insn) == 0)
			return false;
		loads |= insn.kind == INSN_LOAD && insn.base == RBP && insn.disp < 0;
		// Directly, or by an index that lies there.
		if (loads && insn.kind != INSN_PUSH && insn.kind != INSN_POP &&
			insn.writes >> RSP & 1)
			return true;
		if (insn.writes >> RBP & 1)
			return false;
	}
	return false;
}

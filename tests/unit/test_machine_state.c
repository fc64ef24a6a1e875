// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine_state.h"
#include "unit.h"

static struct machine_state state;

static int parse(const char *text)
{
	memset(&state, 0, sizeof(state));
	return machine_state_parse(text, strlen(text), &state);
}

Test(machine_state, as_machined_writes_it)
{
	check_int(parse("# This is private data. Do not parse.\nNAME=web\nSCOPE=machine-web.scope\n"
			"SERVICE=nspawn\nROOT=/srv/web\nID=1\nLEADER=4711\nCLASS=container\n"),
		0);
	check_int(state.leader, 4711);
	check_str(state.unit, "machine-web.scope");
	check_false(state.is_vm);
	check_int(parse("UNIT=\"a b.service\"\nLEADER=1\nCLASS=vm"), 0);
	check_str(state.unit, "a b.service");
	check_true(state.is_vm);
}

Test(machine_state, malformed)
{
	static const char *const texts[] = {"", "\n\n", "LEADER", "LEADER=", "LEADER=x\n",
		"LEADER=-1\n", "LEADER=0\n", "XLEADER=1\n", "LEADER=99999999999999999999999999\n"};
	char text[2048];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(parse(texts[i]) < 0, "%s", texts[i]);
	check_true(machine_state_parse("LEADER=1\n\0", 10, &state) < 0);
	// A value that is too long counts as missing.
	snprintf(text, sizeof(text), "SCOPE=%01000d\nLEADER=7\n", 1);
	check_int(parse(text), 0);
	check_str(state.unit, "");
	check_int(state.leader, 7);
}

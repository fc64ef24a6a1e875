// SPDX-License-Identifier: GPL-2.0-or-later
// The program that src/handover.c becomes: a worker, who reads state files, or all of a
// command that writes JSON.
#include "cmd_list.h"
#include "cmd_ns.h"
#include "cmd_ps.h"
#include "cmd_stack.h"
#include "statefile.h"
#include "this_program.h"

#include <string.h>
#include <sys/auxv.h>

enum { EXIT_UNKNOWN = 125 };

// The commands that call this_program.become().
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"list", cmd_list},
	{"stack", cmd_stack},
	{"ns", cmd_ns},
	{"ps", cmd_ps},
};

int main(int argc, char **argv)
{
	const struct work *work = (const struct work *)getauxval(PROGRAM_WORK);

	if (work)
		return worker_live(work);
	struct state_work *state = (struct state_work *)getauxval(PROGRAM_STATE_WORK);
	if (state)
		return statefile_live(state);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 0 && strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	return EXIT_UNKNOWN;
}

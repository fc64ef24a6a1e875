// SPDX-License-Identifier: GPL-2.0-or-later
// The program that src/handover.c executes.
#include "cmd_stack.h"

#include <sys/prctl.h>

int main(int argc, char **argv)
{
	// It would be the name of the file in memory.
	prctl(PR_SET_NAME, "nspeek");
	return cmd_stack(argc, argv);
}

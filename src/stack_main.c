// SPDX-License-Identifier: GPL-2.0-or-later
// The program that src/handover.c becomes: a worker, or all of `nspeek stack`.
#include "cmd_stack.h"
#include "stack_program.h"

#include <sys/auxv.h>

int main(int argc, char **argv)
{
	const struct work *work = (const struct work *)getauxval(STACK_PROGRAM_WORK);

	return work ? worker_live(work) : cmd_stack(argc, argv);
}

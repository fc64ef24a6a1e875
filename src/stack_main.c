// SPDX-License-Identifier: GPL-2.0-or-later
// The program that src/handover.c becomes.
#include "cmd_stack.h"

int main(int argc, char **argv)
{
	return cmd_stack(argc, argv);
}

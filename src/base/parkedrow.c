// SPDX-License-Identifier: GPL-2.0-or-later
// Copied goroutines: release.
#include "parkedrow.h"

#include <stdlib.h>

void parked_fini(struct parked *parked)
{
	free(parked->rows);
	free(parked->stacks);
	free(parked->others);
	*parked = (struct parked){0};
}

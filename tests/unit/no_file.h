// SPDX-License-Identifier: GPL-2.0-or-later
// For inspect_options: whatever a worker asks for, there is no such file.
#pragma once

#include "inspect.h"

#include <errno.h>

static inline int no_file(void *arg, const struct inspect_request *request, unsigned *ret_place)
{
	(void)arg;
	(void)request;
	(void)ret_place;
	return -ENOENT;
}

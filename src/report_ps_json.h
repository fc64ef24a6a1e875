// SPDX-License-Identifier: GPL-2.0-or-later
// The document of `nspeek ps --json`, schema nspeek.ps/1.
#pragma once

#include "ps.h"

#include <stdbool.h>
#include <stdio.h>

// Writes it to OUT: begin once, each container, end once. Fails with -ENOMEM.
void report_ps_json_begin(FILE *out);
int report_ps_json(FILE *out, const struct ps_container *container, bool first);
void report_ps_json_end(FILE *out);

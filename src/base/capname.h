// SPDX-License-Identifier: GPL-2.0-or-later
// THE table of the names of capabilities.
#pragma once

// The name of capability CAP ("cap_chown"), or NULL when it has none that we know.
const char *capname_of(int cap);

// The capability that NAME is, in any case and with or without "cap_", or -EINVAL.
int capname_find(const char *name);

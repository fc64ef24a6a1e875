// SPDX-License-Identifier: GPL-2.0-or-later
// What stands between the processes of a kept snapshot.
#pragma once

enum {
	KEPT_TAG_PROCESS = 0x434f5250, // "PROC"
	KEPT_TAG_END = 0x21444e45,     // "END!"
};

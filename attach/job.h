// SPDX-License-Identifier: GPL-2.0-or-later
// Stopping and dying as the command did, so that our caller's job control sees one job. The caller
// has all signals blocked. Source: credentials(7), and the kernel's do_signal_stop().
#pragma once

#include <stdbool.h>

// Stops the calling process by SIG, and with it, by a key of a terminal that the command had in our
// place (WHOLE_GROUP), those whom the key would have stopped. Returns, after it has been continued,
// whether it was stopped: the kernel ignores the terminal's stop signals for a process group that
// has nobody to continue it. SIGCONT is pending then.
bool job_stop(int sig, bool whole_group);

// Ends the calling process by SIG, and its group if WHOLE_GROUP: a script ends only when it gets
// the signal and sees that its command died of it. Returns only when SIG does not end processes.
void job_die(int sig, bool whole_group);
